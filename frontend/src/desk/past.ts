// What was submitted and may be opened again: what the server has, what waits in this browser, what was refused.

import type { Answer, Mine } from "./api";
import { fromEntry, fromMine, fromWaiting, type Held } from "./held";
import type { Outbox } from "./outbox";
import type { Entry } from "./store";

export interface Around {
  readonly project: string;
  readonly mine: () => Promise<Answer<{ results: readonly Mine[] }>>;
  readonly entries: () => Promise<readonly Entry[]>;
  readonly outbox: () => Outbox | null;
  /** Puts an item on top of what lies on the desk. */
  readonly lay: (held: Held) => void;
}

export interface Submitted {
  readonly mine: readonly Mine[];
  readonly entries: readonly Entry[];
  /** Whether the server was asked in vain: then only what waits here is listed. */
  readonly partly: boolean;
}

export class Past {
  constructor(readonly around: Around) {}

  async list(again = true): Promise<Submitted> {
    const entries = await this.#entries();
    const answer = await this.around.mine();
    const left = new Set((await this.#entries()).map(({ client_key }) => client_key));
    // Sent while the server was asked: perhaps after it had looked.
    if (answer.ok && again && entries.some(({ client_key }) => !left.has(client_key))) return this.list(false);
    return { mine: answer.ok ? answer.body.results : [], entries: entries.filter(({ client_key }) => left.has(client_key)), partly: !answer.ok };
  }

  /** Lay one of these on the desk, to be corrected. */
  open(one: Mine | Entry): void {
    this.around.lay("client_key" in one ? fromWaiting(one) : fromMine(one));
  }

  /** A refused submission: open it again (under a new key) as it was said last, send it again as it is, or let it go. */
  async reopen(entry: Entry): Promise<void> {
    const said = lastSaid(entry, await this.#entries());
    this.around.lay(fromEntry({ ...entry, body: said.body }));
    await this.letGo(entry);
  }

  sendAgain(entry: Entry): void {
    void this.around.outbox()?.again(entry.client_key);
  }

  async letGo(entry: Entry): Promise<void> {
    await this.around.outbox()?.drop(entry.client_key);
  }

  async #entries(): Promise<readonly Entry[]> {
    const entries = await this.around.entries().catch(() => []);
    return entries.filter(({ project }) => project === this.around.project);
  }
}

/** The newest correction of an entry that waits for it, or the entry itself. */
function lastSaid(entry: Entry, entries: readonly Entry[]): Entry {
  const follower = entries.find(({ after }) => after === entry.client_key);
  return follower ? lastSaid(follower, entries) : entry;
}
