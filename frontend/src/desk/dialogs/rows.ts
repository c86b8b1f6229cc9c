// The lines of the history: what the server has and what waits in this browser, each item once. Pure.

import type { Label, Mine } from "../api";
import type { Entry } from "../store";

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
  readonly from: Mine | Entry;
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
  return { key, at, problem: subject.problem.text, label: body.label, reason: body.reason ?? "", waiting: true, corrected: kind === "amendment", from: entry };
}

function rowOfMine(mine: Mine): Row {
  const { id, submitted_at, problem, label, reason, revision } = mine;
  return { key: String(id), at: Date.parse(submitted_at), problem: problem.text, label, reason, waiting: false, corrected: revision > 0, from: mine };
}
