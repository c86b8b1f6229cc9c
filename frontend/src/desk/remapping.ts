// A person's own keys: the table with what they changed, and which new key may be given to what. Pure.

import { keysOf, meet, SHORTCUTS, spell, type ActionName, type Press, type Shortcut } from "./keys";

/** The actions with other keys than the table's: kept with the person, for every machine. */
export type Chosen = Readonly<Record<string, readonly string[]>>;

export type Refusal = { readonly why: "modified" | "reserved" } | { readonly why: "held"; readonly by: ActionName; readonly key: string };

/** Letters, digits and signs, the arrows, and the two keys that delete. All others scroll, move the focus or belong to the browser or the
 * screen reader: Tab, Space, Page Up, Insert, the F keys; `/` and `'` begin a search in Firefox. */
const OURS = /^(Shift\+[A-Z]|Arrow(Up|Down|Left|Right)|Backspace|Delete|[^\s/'\p{C}])$/u;
const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Fn", "Dead", "Process", "Unidentified"]);

/** Esc closes what is open in every dialog of every browser; it is nobody's to change. */
export const isFixed = (action: ActionName): boolean => action === "close";

/** Enter presses the button in focus, so it is for submitting alone. */
const mayBe = (key: string, action: string): boolean => OURS.test(key) || (key === "Enter" && action === "submit");

/** The table as this person has it. What they gave to one action is no other's: a default gives way to it. */
export function tableOf(chosen: Chosen): readonly Shortcut[] {
  const own = new Set<Shortcut>();
  const table = SHORTCUTS.map((shortcut): Shortcut => {
    const keys = chosen[shortcut.action]?.filter((key) => mayBe(key, shortcut.action)) ?? [];
    if (keys.length === 0 || isFixed(shortcut.action)) return shortcut;
    const changed = { ...shortcut, keys };
    own.add(changed);
    return changed;
  });
  const taken = (key: string, from: Shortcut) => [...own].some((other) => other.keys.includes(key) && meet(from, other));
  return table.map((shortcut) => (own.has(shortcut) ? shortcut : { ...shortcut, keys: shortcut.keys.filter((key) => !taken(key, shortcut)) }));
}

/** Whether a press is only the beginning of one: a modifier held down, an accent that waits for its letter. */
export function isUnfinished(press: Press): boolean {
  return MODIFIERS.has(press.key) || press.isComposing === true;
}

/** Why this press cannot become a key of `action`; null where it can. */
export function refusal(press: Press, action: ActionName, table: readonly Shortcut[]): Refusal | null {
  const key = spell(press);
  if (!key) return { why: "modified" };
  if (!mayBe(key, action)) return { why: "reserved" };
  return heldBy([key], action, table);
}

/** Why an action cannot have its own keys back: another was given one of them. */
export function resetRefusal(action: ActionName, table: readonly Shortcut[]): Refusal | null {
  return heldBy(keysOf(action, SHORTCUTS), action, table);
}

function heldBy(keys: readonly string[], action: ActionName, table: readonly Shortcut[]): Refusal | null {
  const self = table.find((shortcut) => shortcut.action === action);
  for (const key of keys) {
    const holder = table.find((other) => other.action !== action && other.keys.includes(key) && self && meet(self, other));
    if (holder) return { why: "held", by: holder.action, key };
  }
  return null;
}

/** With `key` in the place of the action's key at `index`. */
export function withKey(chosen: Chosen, action: ActionName, index: number, key: string): Chosen {
  const before = keysOf(action, tableOf(chosen));
  const keys = before.length === 0 ? [key] : before.map((old, at) => (at === index ? key : old));
  return isSame(keys, keysOf(action, SHORTCUTS)) ? without(chosen, action) : { ...chosen, [action]: [...new Set(keys)] };
}

/** With the table's own keys for this action. */
export function without(chosen: Chosen, action: ActionName): Chosen {
  return Object.fromEntries(Object.entries(chosen).filter(([name]) => name !== action));
}

const isSame = (one: readonly string[], other: readonly string[]): boolean => one.length === other.length && one.every((key, at) => key === other[at]);
