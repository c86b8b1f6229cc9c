// Instructions on the project's pages in the form that the desk gives them. KaTeX weighs more than the page: formulas stand as written until it is here.

import { prose } from "../desk/prose";
import { pieces, split } from "../desk/text";

let maths: typeof import("./passages") | null = null;

/** Replaces each element's plain text, and follows the text field that it names while somebody writes. */
export function showInstructions(shown: Iterable<HTMLElement>): void {
  for (const element of shown) {
    const given = element.textContent ?? "";
    const field = document.getElementById(element.dataset["instructions"] ?? "");
    const followed = field instanceof HTMLTextAreaElement ? field : null;
    const source = (): string => followed?.value ?? given;
    element.classList.add("prose");
    followed?.addEventListener("input", () => void show(element, source));
    void show(element, source);
  }
}

async function show(element: HTMLElement, source: () => string): Promise<void> {
  const words = { cannotRender: element.dataset["cannotRender"] ?? "" };
  const fill = (): void => element.replaceChildren(prose(source().trim(), (text) => maths?.passage(text, words) ?? written(text)));
  fill();
  if (maths || !element.querySelector("code")) return;
  maths = await import("./passages").catch(() => null);
  if (maths) fill();
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
