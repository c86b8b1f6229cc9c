// What every page carries: the sheets, the theme toggle, copy buttons, and signing out without losing what was not sent.
import "./tokens.css";
import "./site.css";
import "./forms.css";
import "./data.css";
import "./state.css";
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
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select the text and copy it";
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

// A desk that was signed out in another tab goes on when somebody has signed in anywhere in this browser.
if (document.querySelector("form[data-account]") && typeof BroadcastChannel !== "undefined") {
  new BroadcastChannel("labelapp-desk").postMessage({ signed_in: true });
}
