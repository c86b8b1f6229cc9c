// What a person chose for themselves: used at once, kept in this browser until the server has it, and there on every other machine.

import { isRecord, type Answer } from "./api";
import type { Preferences as Preferred } from "./config";
import { ariaKeys, keysOf, shownKey, type ActionName, type Shortcut } from "./keys";
import type { Messages } from "./messages";
import { tableOf } from "./remapping";

export interface Around {
  readonly account: number;
  /** As the page brought them. */
  readonly given: Preferred | undefined;
  readonly words: Messages;
  readonly put: (changed: Partial<Preferred>) => Promise<Answer<Preferred>>;
  readonly shelf: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

const UNSENT = "labelapp-preferences";
const NOTHING: Preferred = { keys: {}, language: "", time_zone: "", practised: false };

export class Preferences {
  chosen = $state.raw<Preferred>(NOTHING);
  /** What the server does not have yet. */
  unsent = $state.raw<Partial<Preferred>>({});
  readonly table: readonly Shortcut[] = $derived(tableOf(this.chosen.keys));

  constructor(readonly around: Around) {
    this.unsent = this.#shelved();
    this.chosen = { ...NOTHING, ...around.given, ...this.unsent };
  }

  /** At the start of the page: what an earlier visit could not send, and the zone in which this person's days begin. */
  start(zone: string = Intl.DateTimeFormat().resolvedOptions().timeZone): void {
    if (zone && zone !== this.chosen.time_zone) void this.change({ time_zone: zone });
    else void this.send();
  }

  /** Use these from now on. Resolves to whether the server has them; where not, they are sent later. */
  change(changed: Partial<Preferred>): Promise<boolean> {
    this.chosen = { ...this.chosen, ...changed };
    this.#keep({ ...this.unsent, ...changed });
    return this.send();
  }

  async send(): Promise<boolean> {
    const sending = this.unsent;
    if (Object.keys(sending).length === 0) return true;
    const answer = await this.around.put(sending);
    // What the server will never take is not tried at every visit.
    const settled = answer.ok || answer.kind === "refused";
    if (settled) this.#keep(Object.fromEntries(Object.entries(this.unsent).filter(([name, value]) => sending[name as keyof Preferred] !== value)));
    return answer.ok;
  }

  #keep(unsent: Partial<Preferred>): void {
    const { account, shelf } = this.around;
    this.unsent = unsent;
    try {
      if (Object.keys(unsent).length > 0) shelf.setItem(UNSENT, JSON.stringify({ account, unsent }));
      else shelf.removeItem(UNSENT);
    } catch {
      // A browser that keeps nothing: it holds for as long as this page does.
    }
  }

  #shelved(): Partial<Preferred> {
    try {
      const kept: unknown = JSON.parse(this.around.shelf.getItem(UNSENT) ?? "null");
      return isRecord(kept) && kept["account"] === this.around.account && isRecord(kept["unsent"]) ? kept["unsent"] : {};
    } catch {
      return {};
    }
  }

  // --- an action's keys, as a button shows them ---------------------------------------------------------------------------------------

  /** The one on the button itself. */
  keycap(action: ActionName): string {
    return shownKey(keysOf(action, this.table)[0] ?? "");
  }

  /** `Undo the last rating (z, Backspace)`. */
  title(action: ActionName, what: string = this.around.words.actions[action]): string {
    const keys = keysOf(action, this.table).map(shownKey);
    return keys.length > 0 ? `${what} (${keys.join(", ")})` : what;
  }

  aria(action: ActionName): string | undefined {
    return ariaKeys(keysOf(action, this.table)) || undefined;
  }
}
