// What the tabs of one browser tell each other.

import type { Entry } from "./store";

/** Something was submitted, the server has it (its client key), somebody signed in, an account signed out. Empty: the outbox changed. */
export type Told = { readonly submitted?: Entry; readonly stored?: string; readonly signed_in?: boolean; readonly signed_out?: number };

export interface OtherTabs {
  readonly tell: (told: Told) => void;
}

/** Null in a browser without the means. */
export function otherTabs(hear: (told: Told) => void): OtherTabs | null {
  if (typeof BroadcastChannel === "undefined") return null;
  const channel = new BroadcastChannel("labelapp-desk");
  channel.addEventListener("message", (event) => hear(event.data as Told));
  return { tell: (told) => channel.postMessage(told) };
}
