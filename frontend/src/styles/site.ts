// What every page carries: the sheets, the theme toggle, copy buttons, and a warning before unsent labels are signed out of.
import "./tokens.css";
import "./site.css";
import "./forms.css";
import "./data.css";
import "./state.css";
import "./narrow.css";
import { clearDesk, waitingSubmissions } from "../desk/store";
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

/** Signing out clears what the desk keeps in this browser; labels not sent yet are told of first. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !/\/logout\/?$/.test(new URL(form.action).pathname)) return;
  if (form.dataset["cleared"]) return;
  event.preventDefault();
  void signOut(form);
});

async function signOut(form: HTMLFormElement): Promise<void> {
  const waiting = await waitingSubmissions();
  const question =
    waiting === 1
      ? "One label has not been sent yet and would be lost. Sign out all the same?"
      : `${waiting} labels have not been sent yet and would be lost. Sign out all the same?`;
  if (waiting > 0 && !window.confirm(question)) return;
  await clearDesk();
  form.dataset["cleared"] = "yes";
  form.requestSubmit();
}
