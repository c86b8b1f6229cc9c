// What every page carries: the sheets, the theme toggle, copy buttons, and signing out without losing what was not sent.
import "./tokens.css";
import "./site.css";
import "./forms.css";
import "./data.css";
import "./state.css";
import "./reading.css";
import "./narrow.css";
import { toggleTheme } from "./theme";

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-theme-toggle]")) toggleTheme();
  const copier = target?.closest<HTMLElement>("[data-copy]");
  const source = copier?.dataset["copy"] ? document.querySelector(copier.dataset["copy"]) : null;
  if (copier && source) void copy(copier, source.textContent ?? "");
});

async function copy(button: HTMLElement, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = button.dataset["copied"] ?? null;
  } catch {
    button.textContent = button.dataset["copyFailed"] ?? null;
  }
}

/** Signing out sends or warns of what the desk keeps in this browser, and clears it. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !/\/logout\/?$/.test(new URL(form.action).pathname)) return;
  const worded = form.dataset["account"] ? form : document.querySelector<HTMLFormElement>("form[data-account]");
  if (!worded) return;
  event.preventDefault();
  void import("../desk/signout").then(({ signOut }) => signOut(worded));
});

// The tab of this page is in sight where not all of them are.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

/** What goes on by itself on a server-rendered page is asked for again until its new copy says that it is over. */
async function refresh(): Promise<void> {
  for (let shown; (shown = document.querySelector("[data-refresh]")); ) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const answer = await fetch(location.href).catch(() => null);
    const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const next = page?.getElementById(shown.id);
    // Nobody who has tabbed into it is thrown out of it.
    if (next && !shown.contains(document.activeElement)) shown.replaceWith(next);
  }
}
void refresh();

/** What takes its time is asked for when the page stands, and takes its place; where it does not come, a sentence says so. */
for (const late of document.querySelectorAll<HTMLElement>("[data-late]")) void bring(late);

async function bring(late: HTMLElement): Promise<void> {
  const answer = await fetch(late.dataset["late"] ?? "").catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const found = page?.getElementById(late.id);
  const said = late.querySelector("[role=status]");
  if (found) late.replaceWith(found);
  else if (said) said.textContent = late.dataset["failed"] ?? null;
}

// A desk that was signed out in another tab goes on when somebody has signed in anywhere in this browser.
if (document.querySelector("form[data-account]") && typeof BroadcastChannel !== "undefined") {
  new BroadcastChannel("labelapp-desk").postMessage({ signed_in: true });
}

const changed = document.querySelector<HTMLElement>("[data-changes]");
if (changed) void import("./changes").then(({ showChanges }) => showChanges(changed));

const instructions = document.querySelectorAll<HTMLElement>("[data-instructions]");
if (instructions.length > 0) void import("./instructions").then(({ showInstructions }) => showInstructions(instructions));

// KaTeX weighs more than any page: it comes after the page, and only to pages with text to draw.
for (const holder of document.querySelectorAll<HTMLElement>("[data-passages]")) void import("./passages").then(({ showPassages }) => showPassages(holder));
