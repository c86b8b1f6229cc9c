// Instructions on the project's pages in the form that the desk gives them. Without KaTeX, which weighs more than the page: formulas stay as written.

import { prose } from "../desk/prose";
import { pieces, split } from "../desk/text";

/** Replaces each element's plain text, and follows the text field that it names while somebody writes. */
export function showInstructions(shown: Iterable<HTMLElement>): void {
  for (const element of shown) {
    const field = document.getElementById(element.dataset["instructions"] ?? "");
    show(element, element.textContent ?? "");
    if (field instanceof HTMLTextAreaElement) field.addEventListener("input", () => show(element, field.value));
  }
}

function show(element: HTMLElement, source: string): void {
  const note = element.dataset["formulas"] ?? "";
  element.replaceChildren(prose(source.trim(), written));
  element.classList.add("prose");
  if (note && element.querySelector("code")) {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.textContent = note;
    element.append(hint);
  }
}

function written(text: string): Node {
  const fragment = document.createDocumentFragment();
  for (const segment of split(text)) {
    if (segment.kind === "text") {
      fragment.append(visible(segment.text));
    } else {
      const code = document.createElement("code");
      code.append(visible(segment.raw));
      fragment.append(code);
    }
  }
  return fragment;
}

/** Characters that would not be seen are named. */
function visible(text: string): string {
  return pieces(text)
    .map((piece) => ("seen" in piece ? piece.seen : `[${piece.unseen}]`))
    .join("");
}
