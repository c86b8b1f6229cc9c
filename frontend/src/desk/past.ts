// What was submitted and may be opened again: the last ten items, as the server has them and as they wait in this browser.

import type { Answer, Label, Mine, SubmissionBody, Subject, Turn } from "./api";
import { fromEntry, fromMine, fromWaiting, type Held } from "./held";
import type { Outbox } from "./outbox";
import type { Entry } from "./store";

export const LAST = 10;

/** One line of the history. */
export interface Row {
  readonly key: string;
  readonly at: number;
  readonly problem: string;
  readonly label: Label;
  readonly reason: string;
  /** Not with the server yet. */
  readonly waiting: boolean;
  /** A correction of what was submitted first. */
  readonly corrected: boolean;
  readonly from: { readonly mine: Mine } | { readonly entry: Entry };
}

/** The newest first, each item once, as it was said last. `mine` is what the server has, `entries` what waits for it. */
export function rows(mine: readonly Mine[], entries: readonly Entry[]): readonly Row[] {
  const waiting = entries.filter(({ state }) => state === "waiting");
  const outdated = new Set(waiting.map(({ after }) => after));
  const amended = new Set(waiting.filter(({ kind, after }) => kind === "amendment" && !after).map(({ target }) => target));
  const here = waiting.filter(({ client_key }) => !outdated.has(client_key)).map(rowOfEntry);
  const there = mine.filter(({ id }) => !amended.has(id)).map(rowOfMine);
  return [...here, ...there].sort((one, other) => other.at - one.at).slice(0, LAST);
}

function rowOfEntry(entry: Entry): Row {
  const { client_key: key, added: at, subject, body, kind } = entry;
  return { key, at, problem: subject.problem.text, label: body.label, reason: body.reason ?? "", waiting: true, corrected: kind === "amendment", from: { entry } };
}

function rowOfMine(mine: Mine): Row {
  const { id, submitted_at, problem, label, reason, revision } = mine;
  return { key: String(id), at: Date.parse(submitted_at), problem: problem.text, label, reason, waiting: false, corrected: revision > 0, from: { mine } };
}

export interface Around {
  readonly project: string;
  readonly mine: () => Promise<Answer<{ results: readonly Mine[] }>>;
  readonly entries: () => Promise<readonly Entry[]>;
  readonly outbox: () => Outbox | null;
  /** Puts an item on top of what lies on the desk. */
  readonly lay: (held: Held) => void;
}

export interface Listed {
  readonly rows: readonly Row[];
  /** Whether the server was asked in vain: then only what waits here is listed. */
  readonly partly: boolean;
}

export class Past {
  constructor(readonly around: Around) {}

  async list(again = true): Promise<Listed> {
    const entries = await this.#entries();
    const answer = await this.around.mine();
    const left = new Set((await this.#entries()).map(({ client_key }) => client_key));
    // Sent while the server was asked: perhaps after it had looked.
    if (answer.ok && again && entries.some(({ client_key }) => !left.has(client_key))) return this.list(false);
    return { rows: rows(answer.ok ? answer.body.results : [], entries.filter(({ client_key }) => left.has(client_key))), partly: !answer.ok };
  }

  open({ from }: Row): void {
    this.around.lay("mine" in from ? fromMine(from.mine) : fromWaiting(from.entry));
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
