// The desk's entry: reads its configuration from the page and takes over #desk.
import "katex/dist/katex.min.css";
import "./desk.css";
import "./text.css";
import "./parts.css";
import "./narrow.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { Desk, type Config } from "./desk.svelte";
import { messagesIn } from "./messages";

const target = document.getElementById("desk");
const written = document.getElementById("desk-config");
if (target && written) {
  const config = JSON.parse(written.textContent ?? "{}") as Config;
  const { lang } = document.documentElement;
  const [words, practice] = await Promise.all([messagesIn(lang), config.practice ? import("./practice/start").then(({ start }) => start(config, lang)) : null]);
  const desk = new Desk(config, words, practice);
  target.replaceChildren();
  mount(App, { target, props: { desk } });
  void desk.start();
}
