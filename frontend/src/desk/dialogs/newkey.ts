// Giving an action another key: which press may become one, and what the person's table is then. Pure.

import { keysOf, meet, SHORTCUTS, spell, type ActionName, type Press, type Shortcut } from "../keys";
import { mayBe, tableOf, type Chosen } from "../remapping";

export type Refusal = { readonly why: "modified" | "reserved" } | { readonly why: "held"; readonly by: ActionName; readonly key: string };

const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Fn", "Dead", "Process", "Unidentified"]);

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
