// What each action of the table of keys does, whether it was pressed as a key or as its button.

import { keepZoom } from "./browser";
import type { Desk, Dialog } from "./desk.svelte";
import type { ActionName } from "./keys";
import { CHANGES } from "./state";

/** A press this soon after the picture changed was meant for what was there before. */
const JUST_MS = 350;

export const isJust = (moment: number): boolean => performance.now() - moment < JUST_MS;

/** With a dialog open only what closes it does anything. */
export function perform(desk: Desk, action: ActionName): void {
  if (desk.dialog) return action === desk.dialog || action === "close" ? void (desk.dialog = null) : undefined;
  if (desk.current?.talk && desk.talking.perform(action)) return;
  const change = CHANGES[action];
  if (change) desk.act(change);
  else if (action.startsWith("kind_")) kind(desk, action.slice("kind_".length));
  else if (action === "submit") desk.submit();
  else if (action === "close") desk.putAway();
  else if (action === "raw") desk.raw = !desk.raw;
  else if (action.startsWith("zoom_")) zoom(desk, action);
  else if (opens(desk, action)) desk.dialog = action;
}

function opens(desk: Desk, action: ActionName): action is ActionName & Dialog {
  if (action === "give_up" || action === "bad_problem") return desk.current !== null;
  if (action === "skip") return desk.skippable;
  return action === "keys" || action === "menu" || action === "instructions" || action === "history";
}

function kind(desk: Desk, kind: string): void {
  if (!isJust(desk.badAt)) desk.act({ do: "kind", kind });
}

function zoom(desk: Desk, action: ActionName): void {
  const step = action === "zoom_in" ? 0.1 : -0.1;
  desk.zoom = keepZoom(action === "zoom_reset" ? 1 : desk.zoom + step);
}
