// The desk's entry: reads its configuration from the page and takes over #desk.
import "katex/dist/katex.min.css";
import "./desk.css";
import "./parts.css";
import "./narrow.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { Desk, type Config } from "./desk.svelte";
import { messagesIn } from "./messages";

const target = document.getElementById("desk");
const config = document.getElementById("desk-config");
if (target && config) {
  const desk = new Desk(JSON.parse(config.textContent ?? "{}") as Config, await messagesIn(document.documentElement.lang));
  target.replaceChildren();
  mount(App, { target, props: { desk } });
  void desk.start();
}
