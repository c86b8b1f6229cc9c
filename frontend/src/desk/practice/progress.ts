// Which practice items are done: remembered in this browser only, an account and a protocol apart.

import { isRecord } from "../api";

export interface Done {
  /** By the item's id: whether it was judged as expected. */
  readonly [id: string]: boolean;
}

type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const nameOf = (account: number, protocol: string): string => `labelapp-practice ${account} ${protocol}`;

/** What was done so far; nothing where the browser keeps nothing or keeps something else under this name. */
export function readDone(shelf: Shelf, account: number, protocol: string): Done {
  try {
    const kept: unknown = JSON.parse(shelf.getItem(nameOf(account, protocol)) ?? "{}");
    return isRecord(kept) ? Object.fromEntries(Object.entries(kept).filter((pair): pair is [string, boolean] => typeof pair[1] === "boolean")) : {};
  } catch {
    return {};
  }
}

export function keepDone(shelf: Shelf, account: number, protocol: string, done: Done): void {
  try {
    shelf.setItem(nameOf(account, protocol), JSON.stringify(done));
  } catch {
    // A browser that keeps nothing: practice goes on, and starts anew next time.
  }
}
