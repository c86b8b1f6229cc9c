// Blocks as elements. Who shows them says how a stretch of text with its maths is written; nothing here ever parses HTML.

import { blocks, type Line } from "./blocks";

/** `source` as headings (the highest of them an `h3`, or what `highest` says), lists and paragraphs, each stretch of text as `write` gives it. */
export function prose(source: string, write: (text: string) => Node, highest: 3 | 4 = 3): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const block of blocks(source)) {
    if (block.kind === "heading") fragment.append(filled(`h${Math.min(block.depth - 1 + highest, 6)}`, block.line, write));
    else if (block.kind === "paragraph") fragment.append(filled("p", block.line, write));
    else {
      const list = document.createElement(block.ordered ? "ol" : "ul");
      list.append(...block.items.map((item) => filled("li", item, write)));
      fragment.append(list);
    }
  }
  return fragment;
}

function filled(name: string, line: Line, write: (text: string) => Node): HTMLElement {
  const element = document.createElement(name);
  for (const { text, bold } of line) {
    const strong = bold ? document.createElement("strong") : element;
    strong.append(write(text));
    if (bold) element.append(strong);
  }
  // Its own reading direction, and a breach of it stays inside. Set last, for Chromium looks for it again at each node that is put in.
  element.dir = "auto";
  return element;
}
