// A person's own keys: the table with what they changed. Pure.

import { meet, SHORTCUTS, type ActionName, type Shortcut } from "./keys";

/** The actions with other keys than the table's: kept with the person, for every machine. */
export type Chosen = Readonly<Record<string, readonly string[]>>;

/** Letters, digits and signs, the arrows, and the two keys that delete. All others scroll, move the focus or belong to the browser or the
 * screen reader: Tab, Space, Page Up, Insert, the F keys; `/` and `'` begin a search in Firefox. */
const OURS = /^(Shift\+[A-Z]|Arrow(Up|Down|Left|Right)|Backspace|Delete|[^\s/'\p{C}])$/u;

/** Esc closes what is open in every dialog of every browser; it is nobody's to change. */
export const isFixed = (action: ActionName): boolean => action === "close";

/** Enter presses the button in focus, so it is for submitting alone. */
export const mayBe = (key: string, action: string): boolean => OURS.test(key) || (key === "Enter" && action === "submit");

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
