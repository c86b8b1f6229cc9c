// Text from people and models cut into plain text, maths, drawings' source and characters that would not be seen. Pure; no DOM.

export type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "math"; readonly tex: string; readonly raw: string; readonly display: boolean }
  | { readonly kind: "source"; readonly raw: string };

/** Environments that stand for display maths without dollars around them, as solutions in the MATH data write them. */
const ENVIRONMENT = /^\\begin\{((?:align|alignat|equation|gather|multline|eqnarray|flalign|displaymath|math)\*?)\}/;
const PLAIN_FOR: Readonly<Record<string, string>> = { multline: "gather*", eqnarray: "align*", flalign: "align*", displaymath: "gather*", math: "gather*" };

interface Found {
  readonly segment: Segment;
  readonly end: number;
}

/** Text in segments whose raw forms, put together, are the text again: nothing is swallowed, whatever is unbalanced stays text. */
export function split(text: string): readonly Segment[] {
  const segments: Segment[] = [];
  const missing = new Set<string>();
  let plain = 0;
  let at = 0;
  while (at < text.length) {
    const found = startsAt(text, at, missing);
    if (found) {
      if (at > plain) segments.push({ kind: "text", text: text.slice(plain, at) });
      segments.push(found.segment);
      at = plain = found.end;
    } else {
      at += skip(text, at);
    }
  }
  if (plain < text.length) segments.push({ kind: "text", text: text.slice(plain) });
  return segments;
}

/** Escaped characters are passed over whole, and a run of dollars that opens nothing stays a run. */
function skip(text: string, at: number): number {
  const char = text[at];
  if (char === "\\") return 2;
  if (char === "$" && text[at + 1] === "$") return 2;
  const next = text.slice(at + 1).search(/[\\$[]/);
  return next < 0 ? text.length - at : next + 1;
}

/** `missing`: closers known not to come any more, so that a flood of openers costs one look each. */
function startsAt(text: string, at: number, missing: Set<string>): Found | null {
  const char = text[at];
  if (char === "$") return text[at + 1] === "$" ? between(text, at, "$$", "$$", true, missing) : inlineDollar(text, at);
  if (char === "[") return source(text, at, "[asy]", "[/asy]", missing);
  if (char !== "\\") return null;
  if (text[at + 1] === "(") return between(text, at, "\\(", "\\)", false, missing);
  if (text[at + 1] === "[") return between(text, at, "\\[", "\\]", true, missing);
  if (text[at + 1] !== "b") return null;
  return environment(text, at, missing) ?? boxed(text, at) ?? source(text, at, "\\begin{tabular}", "\\end{tabular}", missing);
}

function between(text: string, at: number, open: string, close: string, display: boolean, missing: Set<string>): Found | null {
  if (missing.has(close)) return null;
  const end = unescaped(text, close, at + open.length, open === close ? "" : open);
  if (end < 0) {
    if (end === NOWHERE) missing.add(close);
    return null;
  }
  const tex = text.slice(at + open.length, end);
  if (!tex.trim()) return null;
  const stop = end + close.length;
  return { segment: { kind: "math", tex, raw: text.slice(at, stop), display }, end: stop };
}

const NOWHERE = -1;
const OPENED_AGAIN = -2;

/** Where `close` stands from `from` on, not counting one whose backslash is itself escaped; or that `again` comes first. */
function unescaped(text: string, close: string, from: number, again = ""): number {
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith(close, at)) return at;
    if (again && text.startsWith(again, at)) return OPENED_AGAIN;
    if (text[at] === "\\") at += 1;
  }
  return NOWHERE;
}

/** `$…$` that is maths and no price: pandoc's rule, widened to padded TeX and narrowed where it reads like prose. */
function inlineDollar(text: string, at: number): Found | null {
  const end = unescaped(text, "$", at + 1);
  if (end < 0) return null;
  const tex = text.slice(at + 1, end);
  if (!tex.trim() || /\n\s*\n/.test(tex) || !readsAsMaths(tex, text.slice(end + 1, end + 8))) return null;
  return { segment: { kind: "math", tex, raw: text.slice(at, end + 1), display: false }, end: end + 1 };
}

function readsAsMaths(tex: string, after: string): boolean {
  if (/^\s*\\\$/.test(tex)) return true;
  const prose = proseWords(tex);
  const amount = /^\s*[\d.,]/.test(tex);
  const [before, behind] = [/^\s/.test(tex), /\s$/.test(tex)];
  if (/^\d/.test(after) || ((before || behind) && /^\s*\d/.test(after))) return false;
  const cutShort = /[-+*/=(]\s*$/.test(tex);
  // `$12 x 5 =$60` is two prices, `$<<12*5=60>>60` GSM8K's own arithmetic marks.
  if ((amount && cutShort) || /^<<|<<[^<>]*>>|^\s*(?:\/|\*\s*[\d.])/.test(tex)) return false;
  if (!before && !behind) return !(amount && prose > 0) && prose < 4;
  if (prose > 0 || (/,\s*$/.test(tex) && (amount || /^\S/.test(after)))) return false;
  return !amount || /[\\^_{}=<>]/.test(tex) || (before && behind);
}

/** Words of three letters and more that are no command, no argument of \text and the like, no name of a function. */
function proseWords(tex: string): number {
  const bare = tex
    .replace(/\\(?:text\w*|mbox|emph|mathrm|mathbf|mathit|mathsf|operatorname\*?|textbf|begin|end|label|tag)\s*\{[^{}]*\}/g, " ")
    .replace(/\\[a-zA-Z]+/g, " ");
  const words = bare.match(/(?<![a-zA-Z])[a-z]{3,}(?![a-zA-Z])/g) ?? [];
  // Products of variables (`pqr`) have no vowel, names of functions are few.
  return words.filter((word) => /[aeiouy]/.test(word) && !/^(?:sin|cos|tan|log|exp|mod|max|min|lim|deg|det|abc|abcd|abcde|xyz)$/.test(word)).length;
}

function environment(text: string, at: number, missing: Set<string>): Found | null {
  const opened = ENVIRONMENT.exec(text.slice(at, at + 32));
  if (!opened?.[1]) return null;
  const name = opened[1];
  const closing = `\\end{${name}}`;
  const end = missing.has(closing) ? NOWHERE : text.indexOf(closing, at + opened[0].length);
  if (end < 0) missing.add(closing);
  if (end < 0) return null;
  const raw = text.slice(at, end + closing.length);
  const plain = PLAIN_FOR[name.replace("*", "")];
  const tex = plain ? raw.replace(`{${name}}`, `{${plain}}`).replace(closing, `\\end{${plain}}`) : raw;
  return { segment: { kind: "math", tex, raw, display: true }, end: end + closing.length };
}

const LONGEST_BOX = 1_000;

/** A bare `\\boxed{…}` around the answer, as models leave it. */
function boxed(text: string, at: number): Found | null {
  if (!text.startsWith("\\boxed{", at)) return null;
  let depth = 0;
  for (let end = at + 6; end < Math.min(text.length, at + LONGEST_BOX); end += 1) {
    if (text[end] === "\\") end += 1;
    else if (text[end] === "{") depth += 1;
    else if (text[end] === "}" && --depth === 0) {
      const raw = text.slice(at, end + 1);
      return { segment: { kind: "math", tex: raw, raw, display: false }, end: end + 1 };
    }
  }
  return null;
}

/** An answer is often TeX without dollars (`\\frac{14}{3}`): put between them where it reads as such and has none of its own. */
export function answerText(answer: string): string {
  const isTex = /[\\^_]/.test(answer) && !/\$|\\\(|\\\[|\\boxed|\n/.test(answer) && proseWords(answer) === 0;
  return isTex ? `\\(\\displaystyle ${answer}\\)` : answer;
}

/** Asymptote drawings and text tables: shown as their source, so that the dollars in them open nothing. */
function source(text: string, at: number, open: string, close: string, missing: Set<string>): Found | null {
  if (!text.startsWith(open, at) || missing.has(close)) return null;
  const end = text.indexOf(close, at);
  if (end < 0) {
    missing.add(close);
    return null;
  }
  const stop = end + close.length;
  return { segment: { kind: "source", raw: text.slice(at, stop) }, end: stop };
}

/** Characters that would not be seen, or that turn the reading order: controls, bidi controls, zero-width, fillers, tags, line separators. */
const UNSEEN =
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800" +
  "\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]";
/** Marks on one letter beyond the fourth: no writing has so many, and they climb over the lines above and below. */
const STACK = "(?<=\\p{M}{4})\\p{M}+";
/** Digits of other alphabets, of which some look like ours and mean another number. */
const DIGIT = "(?![0-9])\\p{Nd}";
const TOLD = new RegExp(`(?<unseen>${UNSEEN})|(?<stack>${STACK})|(?<digit>${DIGIT})`, "gu");
const HIDDEN = new RegExp(`${UNSEEN}|${STACK}`, "gu");
const REFUSED = new RegExp(`${UNSEEN}|${STACK}|${DIGIT}`, "u");

/** `seen` as it is, an odd digit with its code point; `unseen` by its code point (`U+202E`) or by how many marks were left out (`◌×12`). */
export type Piece = { readonly seen: string; readonly code?: string } | { readonly unseen: string };

/** Text in pieces, so that what it says is what is seen. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(TOLD)) {
    if (match.index > from) found.push({ seen: text.slice(from, match.index) });
    const { unseen, stack, digit } = match.groups ?? {};
    if (unseen) found.push({ unseen: codePoint(unseen) });
    else if (stack) found.push({ unseen: `◌×${[...stack].length}` });
    else if (digit) found.push({ seen: digit, code: codePoint(digit) });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ seen: text.slice(from) });
  return found;
}

/** The text with one and the same sign for all that would not be seen. */
export function flat(text: string): string {
  return text.replace(HIDDEN, "\ufffd");
}

/** Whether something in it would not be seen, be seen outside its line, or be taken for another number. */
export function hasUnseen(text: string): boolean {
  return REFUSED.test(text);
}

function codePoint(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
