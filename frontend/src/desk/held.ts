// What lies on the desk: the item on screen and the next one, and how the server's list of claims joins what is here. Pure.

import type { Claim, FinishReason, Mine, Subject } from "./api";
import { NOT_STARTED, type ActiveTime } from "./active";
import { chooseDraft, fromDraft, readDraft, type Draft } from "./drafts";
import { answerText } from "./text";
import { fromLabel, isTouched, newItem, toLabel, type Item } from "./state";
import type { Entry, StoredDraft } from "./store";

export interface Held {
  /** Names it among the others on the desk. */
  readonly key: string;
  /** What it is submitted under: a claim, or an annotation of mine that is being corrected. */
  readonly target: { readonly kind: "submission" | "amendment"; readonly id: number };
  readonly item: Item;
  readonly time: ActiveTime;
  readonly reason: string;
  /** When it was first submitted, for a correction. */
  readonly submittedAt: string;
  readonly leaseLost: boolean;
  /** Work on the same item from another tab or machine, to choose from. */
  readonly other: { readonly draft: Draft; readonly version: number } | null;
}

/** A claim with the draft that counts, from the server or from this browser. */
export function fromClaim(claim: Claim, stored: StoredDraft | null): Held {
  const subject = subjectOf(claim);
  const local = stored ? readDraft(stored.draft, subject) : null;
  const { draft, other } = chooseDraft(readDraft(claim.draft, subject), claim.draft_version, local, stored);
  return {
    key: `claim ${claim.id}`,
    target: { kind: "submission", id: claim.id },
    item: draft ? fromDraft(draft, subject) : newItem(subject),
    time: { ...NOT_STARTED, total: draft?.active_ms ?? 0 },
    reason: "",
    submittedAt: "",
    leaseLost: false,
    other: other ? { draft: other, version: claim.draft_version } : null,
  };
}

export function fromMine(mine: Mine): Held {
  return {
    key: `annotation ${mine.id}`,
    target: { kind: "amendment", id: mine.id },
    item: fromLabel(subjectOf(mine), mine.label, mine.error_kind, mine.error_note),
    time: { ...NOT_STARTED, total: mine.label.total_time },
    reason: mine.reason,
    submittedAt: mine.submitted_at,
    leaseLost: false,
    other: null,
  };
}

export interface Ending {
  readonly finish: FinishReason;
  readonly reason: string;
  readonly key: string;
  readonly activeMs: number;
  readonly at: number;
}

/** What goes into the outbox when an item is finished. Kind and note of an error are said only where there is one. */
export function toEntry(held: Held, ending: Ending, owner: { readonly account: number; readonly project: string }): Entry {
  const { item, target } = held;
  const error = ending.finish === "found_error";
  const body = {
    client_key: ending.key,
    label: toLabel(item, ending.finish, ending.activeMs),
    ...(ending.reason ? { reason: ending.reason } : {}),
    ...(error && item.errorKind ? { error_kind: item.errorKind } : {}),
    ...(error && item.errorNote ? { error_note: item.errorNote } : {}),
  };
  const { account, project } = owner;
  const common = { client_key: ending.key, account, project, kind: target.kind, target: target.id, body, subject: item.subject };
  return { ...common, added: ending.at, state: "waiting", problem: null };
}

/** A refused submission, open again with everything that was said. */
export function fromEntry(entry: Entry): Held {
  return {
    key: `again ${entry.client_key}`,
    target: { kind: entry.kind, id: entry.target },
    item: fromLabel(entry.subject, entry.body.label, entry.body.error_kind ?? "", entry.body.error_note ?? ""),
    time: { ...NOT_STARTED, total: entry.body.label.total_time },
    reason: entry.body.reason ?? "",
    submittedAt: "",
    leaseLost: false,
    other: null,
  };
}

/** The desk after the server listed my claims: what is on screen stays as it is, new ones join behind, untouched lost ones go. */
export function joined(held: readonly Held[], arrived: readonly Held[]): readonly Held[] {
  const there = new Set(arrived.map((one) => one.key));
  const kept = held
    .filter((one) => there.has(one.key) || isTouched(one.item))
    .map((one) => (there.has(one.key) || one.target.kind !== "submission" ? one : { ...one, leaseLost: true }));
  const here = new Set(kept.map((one) => one.key));
  return [...kept, ...arrived.filter((one) => !here.has(one.key))];
}

function subjectOf({ problem, steps, answer, alternatives }: Subject): Subject {
  return { problem, steps, answer, alternatives };
}

/** Every text of an item, in reading order. */
export function textsOf(subject: Subject): readonly string[] {
  const answers = [subject.problem.answer, subject.answer].filter((text) => text !== null).map(answerText);
  return [subject.problem.text, ...subject.steps, ...answers, ...Object.values(subject.alternatives).flat()];
}
