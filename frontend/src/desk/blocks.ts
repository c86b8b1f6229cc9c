// Instructions as people write them: paragraphs, `#` headings, `-` and `1.` lists, **bold**, maths. The one rule for the desk and the pages. Pure.

import { split } from "./text";

/** A stretch of text, with its maths as it was written. */
export interface Run {
  readonly text: string;
  readonly bold: boolean;
}

export type Line = readonly Run[];

export type Block =
  /** `depth` counts from 1 and never jumps over a level on the way down. */
  | { readonly kind: "heading"; readonly depth: number; readonly line: Line }
  | { readonly kind: "paragraph"; readonly line: Line }
  | { readonly kind: "list"; readonly ordered: boolean; readonly items: readonly Line[] };

const HEADING = /^(#{1,4})[ \t]+(?=\S)/;
const BULLET = /^[ \t]*[-*•][ \t]+(?=\S)/;
const NUMBER = /^[ \t]*\d{1,3}[.)][ \t]+(?=\S)/;
/** A line set in under an item goes on with it. */
const SET_IN = /^[ \t]{2,}\S/;
const BOLD = /\*\*(?=[^\s*])(.*?[^\s*])\*\*/gs;
/** Stands for one formula while lines are cut and bold is looked for: what is inside a formula is neither a list nor bold. */
const FORMULA = "\ue000";

/** The source in blocks. Nothing is left out but the marks themselves. */
export function blocks(source: string): readonly Block[] {
  const formulas: string[] = [];
  const keep = (raw: string): string => (formulas.push(raw), FORMULA);
  const flat = split(source)
    .map((segment) => (segment.kind === "text" ? segment.text.replaceAll(FORMULA, keep) : keep(segment.raw)))
    .join("");
  const line = (text: string): Line => runs(text).map((run) => ({ ...run, text: run.text.replaceAll(FORMULA, () => formulas.shift() ?? FORMULA) }));
  let depth = 0;
  return pieces(flat).map((lines): Block => {
    const [first = ""] = lines;
    const heading = HEADING.exec(first);
    if (heading?.[1]) {
      depth = Math.min(heading[1].length, depth + 1);
      return { kind: "heading", depth, line: line(first.replace(HEADING, "").trimEnd()) };
    }
    const mark = listMark(first);
    if (mark) return { kind: "list", ordered: mark === NUMBER, items: lines.map((item) => line(item.replace(mark, ""))) };
    return { kind: "paragraph", line: line(lines.join("\n")) };
  });
}

/** Lines that belong together: a heading alone, the items of a list, what stands between empty lines. */
function pieces(text: string): readonly (readonly string[])[] {
  const found: string[][] = [];
  let open: RegExp | "text" | null = null;
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    const last = found.at(-1);
    const mark = listMark(line);
    if (last && open instanceof RegExp && !mark && SET_IN.test(line)) {
      last.push(`${last.pop() ?? ""}\n${line.trimStart()}`);
      continue;
    }
    const kind: RegExp | "text" | null = !line.trim() || HEADING.test(line) ? null : (mark ?? "text");
    if (last && kind !== null && kind === open) last.push(line);
    else if (line.trim()) found.push([line]);
    open = kind;
  }
  return found;
}

function listMark(line: string): RegExp | null {
  return BULLET.test(line) ? BULLET : NUMBER.test(line) ? NUMBER : null;
}

/** A line cut where it turns bold and back; stars without a partner stay stars. */
function runs(text: string): Line {
  const found: Run[] = [];
  let from = 0;
  for (const match of text.matchAll(BOLD)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), bold: false });
    found.push({ text: match[1] ?? "", bold: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), bold: false });
  return found;
}
