// Segments of text as DOM nodes: maths by KaTeX within caps, everything else as text nodes. Nothing here ever parses HTML.

import katex from "katex";
import { hasUnseen, pieces, split, type Segment } from "./text";

/** What a formula may cost. Measured: without them 1,000 nested fractions overflow the stack and a 300 × 300 matrix blocks for seconds. */
export const CAPS = { length: 4_000, depth: 100, cells: 1_000, expansions: 500, size: 12 } as const;

/** LaTeX that the MATH data uses and KaTeX lacks, by what is nearest to it. */
const MACROS = { "\\mbox": "\\text{#1}", "\\emph": "\\textit{#1}", "\\centerline": "#1" } as const;

/** Longer texts are cut into source and not into formulas: nobody reads 100,000 characters of maths. */
const LONGEST_TEXT = 60_000;

/** Links, pictures and attributes: KaTeX refuses them too, in red; as their source they are told from the rest. */
const NOT_MATHS = /\\(?:href|url|includegraphics|html(?:Class|Id|Style|Data))\b/i;

export type Refusal = "not_maths" | "too_long" | "too_deep" | "too_many_cells" | "unseen_characters" | null;

/** Why a formula is not given to KaTeX at all, or null. */
export function refusal(tex: string): Refusal {
  if (tex.length > CAPS.length) return "too_long";
  if (NOT_MATHS.test(tex)) return "not_maths";
  if (deepest(tex) > CAPS.depth) return "too_deep";
  if ((tex.match(/&|\\\\|\\cr\b|\\newline/g) ?? []).length > CAPS.cells) return "too_many_cells";
  return hasUnseen(tex.replace(/[\r\t\n]/g, " ")) ? "unseen_characters" : null;
}

/** How deep groups nest, counting commands that nest without braces (`\frac\frac…`, `\sqrt\sqrt…`, `^^`) at their worst. */
function deepest(tex: string): number {
  let depth = 0;
  let most = 0;
  for (const [token] of tex.matchAll(/\\(?:[a-zA-Z]+|.)|[{}]/gs)) {
    if (token === "{" || token === "\\left" || token === "\\begin" || token === "\\bgroup") depth += 1;
    else if (token === "}" || token === "\\right" || token === "\\end" || token === "\\egroup") depth -= 1;
    most = Math.max(most, depth);
  }
  const chained = tex.match(/(?:\\(?:[dtc]?frac|sqrt|over\w*|under\w*|hat|bar|vec|math\w+|text\w*)\s*){20,}/g);
  return chained ? Math.max(most, CAPS.depth + 1) : most;
}

export interface Words {
  /** The quiet note on a formula shown as its source. */
  readonly cannotRender: string;
}

/** The text as nodes. `raw`: the source throughout, for the raw-text key. Never throws, never blocks beyond the caps. */
export function renderText(text: string, words: Words, raw = false): DocumentFragment {
  if (raw) return rawFragment(text);
  const key = text;
  const cached = cache.get(key);
  if (cached) {
    cache.delete(key);
    cache.set(key, cached);
    return cached.cloneNode(true) as DocumentFragment;
  }
  const fragment = build(text, words);
  keep(key, fragment);
  return fragment.cloneNode(true) as DocumentFragment;
}

/** Whether a text's nodes are ready, so that showing it costs a copy. */
export function isRendered(text: string): boolean {
  return cache.has(text);
}

const CACHE_TEXTS = 400;
const cache = new Map<string, DocumentFragment>();

function keep(key: string, fragment: DocumentFragment): void {
  cache.set(key, fragment);
  const oldest = cache.keys().next().value;
  if (cache.size > CACHE_TEXTS && oldest !== undefined) cache.delete(oldest);
}

function build(text: string, words: Words): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const segments: readonly Segment[] = text.length > LONGEST_TEXT ? [{ kind: "text", text }] : split(text);
  let afterDisplay = false;
  for (const segment of segments) {
    // A display formula is a line of its own: the line break written after it would show as an empty one.
    if (segment.kind === "text") appendText(fragment, afterDisplay ? segment.text.replace(/^[ \t]*\n/, "") : segment.text);
    else if (segment.kind === "source") fragment.append(sourceNode(segment.raw, ""));
    else fragment.append(formula(segment, words));
    afterDisplay = segment.kind === "math" && segment.display;
  }
  return fragment;
}

function formula(segment: Extract<Segment, { kind: "math" }>, words: Words): Node {
  if (refusal(segment.tex)) return sourceNode(segment.raw, words.cannotRender);
  const holder = document.createElement("span");
  holder.className = segment.display ? "formula display" : "formula";
  try {
    katex.render(segment.tex, holder, {
      displayMode: segment.display,
      // An error is caught below and shown as the source; KaTeX's own error display would show red text without a note.
      throwOnError: true,
      trust: false,
      strict: "ignore",
      maxExpand: CAPS.expansions,
      maxSize: CAPS.size,
      // A fresh object each time: a \gdef in one step must not change the next.
      macros: { ...MACROS },
    });
    return holder;
  } catch {
    return sourceNode(segment.raw, words.cannotRender);
  }
}

function sourceNode(raw: string, note: string): Node {
  const code = document.createElement("code");
  code.className = note ? "unrendered" : "drawing";
  appendText(code, raw);
  if (!note) return code;
  const remark = document.createElement("small");
  remark.className = "unrendered-note";
  remark.textContent = note;
  const both = document.createDocumentFragment();
  both.append(code, " ", remark);
  return both;
}

/** Plain text; each character that would not be seen becomes a mark that names it. */
function appendText(parent: Node & ParentNode, text: string): void {
  for (const piece of pieces(text)) {
    if ("seen" in piece) {
      parent.append(piece.seen);
    } else {
      const mark = document.createElement("span");
      mark.className = "unseen";
      mark.textContent = piece.unseen;
      parent.append(mark);
    }
  }
}

function rawFragment(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const code = document.createElement("code");
  code.className = "raw";
  appendText(code, text);
  fragment.append(code);
  return fragment;
}

// --- rendering ahead, in slices that leave the page free ---------------------------------------------------------------------------------

const SLICE_MS = 8;
let ahead: { readonly text: string; readonly words: Words; readonly done?: () => void }[] = [];
let slicing = false;

/** Render texts in the background, in this order; `done` is called after each. */
export function renderAhead(texts: readonly string[], words: Words, done?: () => void): void {
  ahead.push(...texts.map((text) => (done ? { text, words, done } : { text, words })));
  if (!slicing) {
    slicing = true;
    setTimeout(slice, 0);
  }
}

function slice(): void {
  const until = performance.now() + SLICE_MS;
  while (ahead.length > 0 && performance.now() < until) {
    const [next, ...rest] = ahead;
    ahead = rest;
    if (!next) break;
    if (!cache.has(next.text)) keep(next.text, build(next.text, next.words));
    next.done?.();
  }
  if (ahead.length > 0) setTimeout(slice, 0);
  else slicing = false;
}
