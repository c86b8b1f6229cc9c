// The desk's entry: reads its configuration from the page and takes over #desk.
import "virtual:katex.css";
import "./desk.css";
import "./text.css";
import "./parts.css";
import "./narrow.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { Desk, type Config } from "./desk.svelte";
import { messagesIn } from "./messages";

/** Not awaited at the top of the module: what is loaded on demand may import from the chunk that this stands in, and would wait for itself. */
async function begin(target: HTMLElement, config: Config): Promise<void> {
  const { lang } = document.documentElement;
  const practice = config.practice ? import("./practice/start").then(({ start }) => start(config, lang)) : null;
  const desk = new Desk(config, await messagesIn(lang), await practice);
  target.replaceChildren();
  mount(App, { target, props: { desk } });
  void desk.start();
}

const target = document.getElementById("desk");
const config = document.getElementById("desk-config");
if (target && config) void begin(target, JSON.parse(config.textContent ?? "{}") as Config);
