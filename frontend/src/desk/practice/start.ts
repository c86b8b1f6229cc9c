// Practice as the desk takes it: its content in the page's language, its progress from this browser. Loaded on the practice page only.

import "./practice.css";
import type { Config } from "../config";
import { contentIn } from "./content";
import Feedback from "./Feedback.svelte";
import { Practice } from "./practice.svelte";

export async function start(config: Config, language: string): Promise<Practice> {
  return new Practice(await contentIn(language), {
    account: config.account,
    protocol: config.protocol,
    shelf: localStorage,
    onAllDone: () => undefined,
    View: Feedback,
  });
}
