// Practice as the desk takes it: its content in the page's language, its progress from this browser. Loaded on the practice page only.

import "./practice.css";
import { cookie } from "../api";
import type { Config } from "../config";
import { contentIn } from "./content";
import Feedback from "./Feedback.svelte";
import { Practice } from "./practice.svelte";

export async function start(config: Config, language: string): Promise<Practice> {
  const practice = new Practice(await contentIn(language), {
    account: config.account,
    protocol: config.protocol,
    shelf: localStorage,
    onAllDone: () => void rememberPractised(config),
    View: Feedback,
  });
  // It may not have reached the server last time.
  if (practice.allDone && !config.preferences.practised) void rememberPractised(config);
  return practice;
}

/** That somebody has practised is the one thing that leaves this page; without a connection it is told at the next visit. */
async function rememberPractised({ api, account, csrf_cookie }: Config): Promise<void> {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": cookie(csrf_cookie), "X-Account": String(account) };
  const body = JSON.stringify({ practised: true });
  await fetch(`${api}me/preferences/`, { method: "PUT", headers, body, credentials: "same-origin", keepalive: true }).catch(() => null);
}
