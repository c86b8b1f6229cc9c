// The one table of shortcuts: the key handler, every button's title and the overlay read it, so they cannot disagree.

import { ERROR_KINDS, type ErrorKind } from "./state";

export type ActionName =
  | "great"
  | "okay"
  | "bad"
  | "first_error"
  | "flag"
  | "undo"
  | "up"
  | "down"
  | "alternatives"
  | "submit"
  | "give_up"
  | "bad_problem"
  | "skip"
  | "history"
  | "raw"
  | "instructions"
  | "zoom_in"
  | "zoom_out"
  | "zoom_reset"
  | "keys"
  | "menu"
  | "close"
  | `kind_${ErrorKind}`;

export type Group = "rate" | "move" | "finish" | "look" | "wrong";

export const GROUPS: readonly Group[] = ["rate", "move", "finish", "look", "wrong"];

export interface Shortcut {
  readonly action: ActionName;
  readonly keys: readonly string[];
  readonly group: Group;
  /** `end`: only where a Bad step was found and the hands are at the end; there it goes before the others. */
  readonly when?: "end";
  /** Whether holding the key down goes on doing it. */
  readonly repeats?: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { action: "great", keys: ["1", "g", "ArrowRight"], group: "rate" },
  { action: "okay", keys: ["2", "o"], group: "rate" },
  { action: "bad", keys: ["3", "b"], group: "rate" },
  { action: "first_error", keys: ["e"], group: "rate" },
  { action: "flag", keys: ["f"], group: "rate" },
  { action: "undo", keys: ["z", "Backspace"], group: "rate" },
  { action: "up", keys: ["ArrowUp", "k"], group: "move", repeats: true },
  { action: "down", keys: ["ArrowDown", "j"], group: "move", repeats: true },
  { action: "alternatives", keys: ["a"], group: "move" },
  { action: "history", keys: ["h"], group: "move" },
  { action: "submit", keys: ["Enter"], group: "finish" },
  { action: "give_up", keys: ["Shift+G"], group: "finish" },
  { action: "bad_problem", keys: ["Shift+B"], group: "finish" },
  { action: "skip", keys: ["s"], group: "finish" },
  { action: "instructions", keys: ["i"], group: "look" },
  { action: "raw", keys: ["t"], group: "look" },
  { action: "zoom_in", keys: ["+", "="], group: "look", repeats: true },
  { action: "zoom_out", keys: ["-"], group: "look", repeats: true },
  { action: "zoom_reset", keys: ["0"], group: "look" },
  { action: "keys", keys: ["?"], group: "look" },
  { action: "menu", keys: ["m"], group: "look" },
  { action: "close", keys: ["Escape"], group: "look" },
  ...ERROR_KINDS.map(
    (kind, index): Shortcut => ({ action: `kind_${kind}`, keys: [String(index + 1)], group: "wrong", when: "end" }),
  ),
];

/** The part of a KeyboardEvent that matters here. */
export interface Press {
  readonly key: string;
  readonly code?: string;
  readonly shiftKey?: boolean;
  readonly ctrlKey?: boolean;
  readonly metaKey?: boolean;
  readonly altKey?: boolean;
  readonly repeat?: boolean;
  readonly isComposing?: boolean;
}

/** A press in the table's spelling, or "" where it is not ours: `g`, `Shift+G`, `1`, `?`, `Enter`. */
export function spell(press: Press): string {
  if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing) return "";
  const letter = letterOf(press);
  if (letter) return press.shiftKey ? `Shift+${letter.toUpperCase()}` : letter;
  return press.key;
}

/** A Latin letter, also with caps lock on, and by its place on a keyboard that types another alphabet. */
function letterOf(press: Press): string {
  if (/^[a-z]$/i.test(press.key)) return press.key.toLowerCase();
  const typesOtherLetters = press.key.length === 1 && press.key.charCodeAt(0) > 127;
  const place = /^Key([A-Z])$/.exec(press.code ?? "");
  return typesOtherLetters && place?.[1] ? place[1].toLowerCase() : "";
}

/** What a press asks for, or null. `atEnd`: a Bad step was found and the hands are at the end. */
export function actionFor(press: Press, atEnd: boolean, table: readonly Shortcut[]): ActionName | null {
  const spelled = spell(press);
  if (!spelled) return null;
  const candidates = table.filter((shortcut) => shortcut.keys.includes(spelled) && (shortcut.when !== "end" || atEnd));
  const found = candidates.find((shortcut) => shortcut.when === "end") ?? candidates[0];
  if (!found || (press.repeat && !found.repeats)) return null;
  return found.action;
}

const isRating = ({ action }: Shortcut): boolean => action === "great" || action === "okay" || action === "bad";

/** Whether two actions can be meant at the same moment. What is wrong with a step may be said by the digits that rate elsewhere. */
export function meet(one: Shortcut, other: Shortcut): boolean {
  return one.when === other.when || !(isRating(one) || isRating(other));
}

/** Keys given to two actions that can be meant at the same time. */
export function clashes(table: readonly Shortcut[]): readonly string[] {
  const doubled = table.flatMap((one, at) => one.keys.filter((key) => table.slice(at + 1).some((other) => other.keys.includes(key) && meet(one, other))));
  return [...new Set(doubled)];
}

export function keysOf(action: ActionName, table: readonly Shortcut[]): readonly string[] {
  return table.find((shortcut) => shortcut.action === action)?.keys ?? [];
}

const SHOWN: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  "-": "−",
};

/** A key as print on a keycap: `↑`, `Esc`, `Shift G`. */
export function shownKey(key: string): string {
  return key
    .split(/(?<=Shift)\+/)
    .map((part) => SHOWN[part] ?? part)
    .join(" ");
}

/** For aria-keyshortcuts: the table's spelling is the attribute's, apart from the plus key. */
export function ariaKeys(keys: readonly string[]): string {
  return keys.map((key) => (key === "+" ? "Plus" : key)).join(" ");
}
