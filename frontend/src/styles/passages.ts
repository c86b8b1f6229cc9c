// Text from people and models on a server-rendered page, its maths drawn as the desk draws it. Fetched by pages that have such text.

import "virtual:katex.css";
import "../desk/text.css";
import { show } from "../desk/passages";
import { answerText } from "../desk/text";

export { passage } from "../desk/passages";

/** Draws every `[data-passage]` in `holder`, whose `data-cannot-render` says what stands beside a formula that is left as its source. */
export function showPassages(holder: HTMLElement): void {
  const words = { cannotRender: holder.dataset["cannotRender"] ?? "" };
  for (const node of holder.querySelectorAll<HTMLElement>("[data-passage]")) {
    const text = node.textContent ?? "";
    show(node, node.dataset["passage"] === "answer" ? answerText(text) : text, words);
  }
  holder.dataset["drawn"] = "";
}
