// The little that this browser remembers of a person's taste and of a tab's identity. Nothing of the work.

import { newKey } from "./outbox";

const ZOOM = "labelapp-zoom";
const TAB = "labelapp-tab";
const NO_PRACTICE = "labelapp-no-practice";

export function keptZoom(): number {
  return Number(localStorage.getItem(ZOOM) ?? "1") || 1;
}

/** The text size within its bounds, kept for the next visit. */
export function keepZoom(zoom: number): number {
  const kept = Math.round(Math.min(Math.max(zoom, 0.8), 2) * 10) / 10;
  localStorage.setItem(ZOOM, String(kept));
  return kept;
}

/** This tab's name, the same after a reload: tells a draft of its own from one made elsewhere. */
export function tabName(): string {
  const known = sessionStorage.getItem(TAB);
  const name = known ?? newKey();
  if (!known) sessionStorage.setItem(TAB, name);
  return name;
}

/** Whether this person was offered practice here and said "Not now". */
export function hasDeclinedPractice(account: number): boolean {
  return localStorage.getItem(NO_PRACTICE) === String(account);
}

export function declinePractice(account: number): void {
  localStorage.setItem(NO_PRACTICE, String(account));
}
