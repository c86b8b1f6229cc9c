// Segments of text as DOM nodes: maths by KaTeX within caps, everything else as text nodes. Nothing here ever parses HTML.

import { __renderToDomTree as treeOf } from "katex";
import { flat, hasUnseen, pieces, split, type Segment } from "./text";
import { allow } from "./spending";

/** What a formula may cost. Measured: without them 1,000 nested fractions overflow the stack and a 300 × 300 matrix blocks for seconds. */
export const CAPS = { length: 4_000, depth: 100, cells: 1_000, expansions: 500, size: 12, levels: 900 } as const;

/** Nodes that a text may have; what comes then stays source. A whole solution of the MATH data has at most 7,813; this many take a tenth of a second to lay out. */
const TEXT_NODES = 10_000;
/** What a mark and a source with its note count for. */
const MARK_NODES = 10;
const SOURCE_NODES = 5;

/** LaTeX that the MATH data uses and KaTeX lacks, by what is nearest to it. */
const MACROS = { "\\mbox": "\\text{#1}", "\\emph": "\\textit{#1}", "\\centerline": "#1", "\\cancelto": "{\\cancel{#2}}^{#1}", "\\arraystretch": "1" } as const;
const NEAREST: readonly (readonly [find: RegExp, put: string])[] = [
  [/\\root\s*(\{[^{}]*\}|[^\\{}]{1,8}?)\s*\\of(?![a-zA-Z])/g, "\\sqrt[$1]"],
  [/\\cline\s*\{[\d\s-]*\}/g, "\\hline "],
  // What a table's head puts between two columns.
  [/(?<=\\begin\{array\}\s*\{(?:[^{}]|\{[^{}]*\}){0,60})@\{[^{}]{0,20}\}/g, ""],
];

/** Longer texts are cut into source and not into formulas: nobody reads 100,000 characters of maths. */
const LONGEST_TEXT = 60_000;

/** Long texts stand in parts of about this many characters, or half as many nodes: what Chromium takes to lay out Hebrew or Thai grows with the square of a paragraph's length. */
const PART = 4_000;

/** Links, pictures, attributes, the terminal: KaTeX refuses them too, some of them in red; as their source they are told from the rest. */
const NOT_MATHS = /\\(?:href|url|includegraphics|html(?:Class|Id|Style|Data)|message|errmessage|show)(?![a-zA-Z])/i;

/** No formula defines anything, save how far a matrix is spaced: definitions are how a short text becomes a long one. */
const DEFINES = /\\(?:[gex]?def|let|futurelet|global|long|(?:re)?newcommand|providecommand)(?![a-zA-Z])/;
const SPACING = /\\renewcommand\s*\{?\s*\\arraystretch\s*\}?\s*\{\s*[\d.]{1,5}\s*\}/g;

export type Refusal = "not_maths" | "defines" | "too_long" | "too_deep" | "too_many_cells" | "unseen_characters" | null;

/** Why a formula is not given to KaTeX at all, or null. */
export function refusal(tex: string): Refusal {
  if (tex.length > CAPS.length) return "too_long";
  if (NOT_MATHS.test(tex)) return "not_maths";
  if (DEFINES.test(tex.replace(SPACING, " "))) return "defines";
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

// --- the second part of KaTeX -----------------------------------------------------------------------------------------------------------

let rest: "absent" | "asked" | "here" = "absent";
const awaiting = new Set<() => void>();

/** Fetch what the first part of KaTeX leaves out; whoever waits in `awaiting` is told. Not to be had (no network): asked for again with the next formula. */
export async function fetchRest(): Promise<void> {
  if (rest !== "absent") return;
  rest = "asked";
  try {
    await import("virtual:katex-rest");
    rest = "here";
    for (const [text, { provisional }] of cache) if (provisional) forget(text);
    const told = [...awaiting];
    awaiting.clear();
    for (const tell of told) tell();
  } catch {
    rest = "absent";
  }
}

/** Characters of other alphabets may be symbols of the second part, and sizes need its sheet: without it they come out wrong, and no error says so. */
// eslint-disable-next-line no-control-regex
const NEEDS_REST = /[^\x00-\x7f]|\\(?:tiny|[a-z]+size|small|[lL]arge|LARGE|[hH]uge)(?![a-zA-Z])/;

// --- texts as nodes, cached ----------------------------------------------------------------------------------------------------------------

interface Made {
  readonly fragment: DocumentFragment;
  /** The fragment, or the part of it that is being filled. */
  into: ParentNode;
  nodes: number;
  /** Some formula waits for the second part of KaTeX and shows its source until then. */
  provisional: boolean;
}

/** Two items of sixty steps have about 60,000. */
const CACHE_NODES = 400_000;
const cache = new Map<string, Readonly<Made>>();
let cachedNodes = 0;

/** How many nodes a text has that is ready, so that showing it costs a copy; undefined for one that is not. */
export function nodesOf(text: string): number | undefined {
  return cache.get(text)?.nodes;
}

/** The text as nodes. `raw`: the source throughout, for the raw-text key. Never throws. */
export function renderText(text: string, words: Words, raw = false): DocumentFragment {
  if (raw) return rawFragment(text);
  const work = begin(text, words);
  while (!work.advance());
  return work.copy();
}

/** `again` is called once when a better rendering than the present one can be had. Returns how to call it off. */
export function whenBetter(text: string, again: () => void): () => void {
  if (!cache.get(text)?.provisional) return () => undefined;
  awaiting.add(again);
  return () => awaiting.delete(again);
}

/** The rendering of one text, done formula by formula so that others get their turn between. */
export interface Work {
  /** One formula more; true when all is done. */
  readonly advance: () => boolean;
  /** A copy of what was made. */
  readonly copy: () => DocumentFragment;
}

export function begin(text: string, words: Words): Work {
  const known = cache.get(text);
  const segments: Segment[] = known ? [] : text.length > LONGEST_TEXT ? [{ kind: "text", text }] : [...split(text)];
  const made: Made = known ? { ...known } : empty();
  let room = text.length > 2 * PART ? 0 : Infinity;
  let at = 0;
  let afterDisplay = false;
  let lineBegins = true;
  const advance = (): boolean => {
    if (room <= 0) cutAfterLine(segments, at);
    const segment = segments[at];
    // A part ends with a line, but for lines that have no end.
    if (segment && (room <= -PART || (room <= 0 && lineBegins))) {
      made.into = openPart(made.fragment);
      room = PART;
    }
    if (segment && made.nodes >= TEXT_NODES) {
      appendSource(made, segments.slice(at).map(rawOf).join(""), words.cannotRender);
      at = segments.length;
    } else if (segment) {
      at += 1;
      const before = made.nodes;
      // A display formula is a line of its own: the line break written after it would show as an empty one.
      if (segment.kind === "text") appendText(made, made.into, afterDisplay ? segment.text.replace(/^[ \t]*\n/, "") : segment.text);
      else if (segment.kind === "source") appendSource(made, segment.raw, "");
      else appendFormula(made, segment, words, segments[at]);
      afterDisplay = segment.kind === "math" && segment.display;
      lineBegins = afterDisplay || rawOf(segment).endsWith("\n");
      room -= rawOf(segment).length + 2 * (made.nodes - before);
    }
    if (at < segments.length) return false;
    keep(text, made);
    return true;
  };
  return { advance, copy: () => made.fragment.cloneNode(true) as DocumentFragment };
}

/** The text at that place in two: its first line, and what follows. */
function cutAfterLine(segments: Segment[], at: number): void {
  const segment = segments[at];
  const end = segment?.kind === "text" ? segment.text.indexOf("\n") + 1 : 0;
  if (segment?.kind !== "text" || end === 0 || end === segment.text.length) return;
  segments.splice(at, 1, { kind: "text", text: segment.text.slice(0, end) }, { kind: "text", text: segment.text.slice(end) });
}

const rawOf = (segment: Segment): string => (segment.kind === "text" ? segment.text : segment.raw);

function empty(nodes = 0): Made {
  const fragment = document.createDocumentFragment();
  return { fragment, into: fragment, nodes, provisional: false };
}

function openPart(parent: ParentNode): HTMLElement {
  const part = document.createElement("span");
  part.className = "part";
  parent.append(part);
  return part;
}

/** The newest at the end, the oldest out where there are too many. */
function keep(text: string, rendered: Made): void {
  forget(text);
  cache.set(text, rendered);
  cachedNodes += rendered.nodes;
  for (const oldest of cache.keys()) {
    if (cachedNodes <= CACHE_NODES || oldest === text) return;
    forget(oldest);
  }
}

function forget(text: string): void {
  cachedNodes -= cache.get(text)?.nodes ?? 0;
  cache.delete(text);
}

/** A formula, or its source: for good with a note, or until the second part of KaTeX is here. */
function appendFormula(made: Made, segment: Extract<Segment, { kind: "math" }>, words: Words, next: Segment | undefined): void {
  const refused = refusal(segment.tex) !== null;
  const tree = refused || (rest !== "here" && NEEDS_REST.test(segment.tex)) ? null : typeset(segment);
  const nodes = tree ? size(tree) : 0;
  if (tree && made.nodes + nodes < TEXT_NODES) {
    const holder = document.createElement("span");
    holder.className = segment.display ? "formula display" : "formula";
    holder.append(tree.toNode());
    made.nodes += nodes;
    if (!segment.display) keepTogether(made, holder, next);
    made.into.append(holder);
    return;
  }
  const waits = !refused && !tree && rest !== "here";
  if (waits) void fetchRest();
  made.provisional ||= waits;
  appendSource(made, segment.raw, waits ? "" : words.cannotRender);
}

const OPENS = /[([{“‘„«"']{1,3}$/;
/** Characters that are not parted though they stand in brackets: half a line of a telephone. */
const SHORT_BRACKETS = 20;
const FOLLOWS = /^[!-~’”»…]/;

/** Browsers end a line on either side of a formula, be it behind an opening bracket or before a full stop; KaTeX lets them in brackets. */
function keepTogether(made: Made, holder: HTMLElement, next: Segment | undefined): void {
  const before = made.into.lastChild;
  const opening = before instanceof Text ? OPENS.exec(before.data)?.[0] : undefined;
  if (before instanceof Text && opening) {
    before.data = before.data.slice(0, -opening.length);
    made.into.append(glued(opening));
    made.nodes += 1;
  }
  // The boxes between which KaTeX lets a line end.
  const boxes = [...holder.querySelectorAll(":scope > .katex > .katex-html > .katex-base")];
  const last = next?.kind === "text" && FOLLOWS.test(next.text) ? boxes.at(-1) : undefined;
  for (const group of [...bracketed(boxes), ...(last ? [[last]] : [])]) {
    const glue = glued();
    group[0]?.before(glue);
    glue.append(...group);
    made.nodes += 1;
  }
}

/** The boxes of brackets that are short enough to keep on one line: `2(x +` and `2)`. */
function bracketed(boxes: readonly Element[]): readonly Element[][] {
  const groups: Element[][] = [];
  let group: Element[] = [];
  let open = 0;
  let length = 0;
  for (const box of boxes) {
    const text = box.textContent ?? "";
    group.push(box);
    length += text.length;
    open += (text.match(/[([{⟨]/g)?.length ?? 0) - (text.match(/[)\]}⟩]/g)?.length ?? 0);
    if (open > 0) continue;
    if (group.length > 1 && length <= SHORT_BRACKETS) groups.push(group);
    [group, open, length] = [[], 0, 0];
  }
  return groups;
}

function glued(...text: string[]): HTMLElement {
  const glue = document.createElement("span");
  glue.className = "glue";
  glue.append(...text);
  return glue;
}

/** What KaTeX builds before it makes nodes of it. */
export interface Tree {
  readonly children?: readonly Tree[];
  readonly toNode: () => Node;
}

/** The formula by KaTeX, or null where it cannot. */
export function typeset({ tex, display }: { readonly tex: string; readonly display: boolean }): Tree | null {
  allow();
  try {
    const known = NEAREST.reduce((text, [find, put]) => text.replace(find, put), tex);
    return treeOf(known, {
      displayMode: display,
      // An error is caught below and shown as the source; KaTeX's own error display would show red text without a note.
      throwOnError: true,
      trust: false,
      strict: "ignore",
      maxExpand: CAPS.expansions,
      maxSize: CAPS.size,
      // A fresh object each time: a \gdef in one step must not change the next.
      macros: { ...MACROS },
    });
  } catch {
    return null;
  }
}

/** How many nodes a formula has; the most that a text may have where it has more, or nests deeper than the browser lays out safely. */
export function size(tree: Tree): number {
  let nodes = 0;
  let row: readonly Tree[] = [tree];
  for (let level = 0; row.length > 0; level += 1) {
    nodes += row.length;
    if (nodes >= TEXT_NODES || level > CAPS.levels) return TEXT_NODES;
    row = row.flatMap((one) => one.children ?? []);
  }
  return nodes;
}

function appendSource(made: Made, raw: string, note: string): void {
  const code = document.createElement("code");
  code.className = note ? "unrendered" : "drawing";
  appendText(made, code, raw);
  made.into.append(code);
  made.nodes += SOURCE_NODES;
  if (!note) return;
  const remark = document.createElement("small");
  remark.className = "unrendered-note";
  remark.textContent = note;
  made.into.append(" ", remark);
}

/** Plain text, in parts where it is long. */
function appendText(made: Made, parent: ParentNode, text: string): void {
  if (text.length <= PART) appendRun(made, parent, text);
  else for (const [part] of text.matchAll(PARTS)) appendRun(made, openPart(parent), part);
}

/** Each character that would not be seen becomes a mark that names it, or a mere sign where the text has too many. */
function appendRun(made: Made, parent: ParentNode, text: string): void {
  if (made.nodes >= TEXT_NODES) return void parent.append(flat(text));
  let plain = "";
  for (const piece of pieces(text)) {
    const seen = "seen" in piece;
    if (seen && !piece.code) {
      plain += piece.seen;
      continue;
    }
    const mark = document.createElement("span");
    mark.className = seen ? "odd-digit" : "unseen";
    mark.textContent = seen ? piece.seen : piece.unseen;
    if (seen) mark.title = piece.code ?? "";
    parent.append(plain, mark);
    plain = "";
    made.nodes += MARK_NODES;
  }
  if (plain) parent.append(plain);
}

/** Cut after a line where there is one in the second half, else after a word, else anywhere but inside a character. */
const PARTS = new RegExp(`[^]{${PART / 2},${PART}}\\n|[^]{${PART / 2},${PART}}\\s|[^]{1,${PART}}`, "gu");

function rawFragment(text: string): DocumentFragment {
  const made = empty();
  const code = document.createElement("code");
  code.className = "raw";
  appendText(made, code, text);
  made.fragment.append(code);
  return made.fragment;
}

/** The text as it stands while its rendering is awaited: its formulas as they were written, a sign for each character that would not be seen. */
export function plainText(text: string): DocumentFragment {
  const made = empty(TEXT_NODES);
  appendText(made, made.fragment, text);
  return made.fragment;
}
