// What lies on the desk: the item on screen and the next one, and how the server's list of claims joins what is here. Pure.

import type { Claim, Completion, FinishReason, Mine, Subject, SubmissionBody } from "./api";
import { NOT_STARTED, type ActiveTime } from "./active";
import { conversation, fromTalkClaim, isTalkTouched, talkLabel, toTalkDraft, type Conversation } from "./conversation";
import { chooseDraft, fromDraft, readDraft, toDraft, type AnyDraft, type Draft } from "./drafts";
import { answerText } from "./text";
import { fromLabel, isTouched, newItem, toLabel, type Item, type Mark } from "./state";
import type { Entry, StoredDraft } from "./store";

export interface Held {
  /** Names it among the others on the desk. */
  readonly key: string;
  /** What it is submitted under: a claim, or an annotation of mine that is being corrected. */
  readonly target: { readonly kind: "submission" | "amendment"; readonly id: number };
  readonly item: Item;
  /** The conversation where the solution is built step by step; `item` is empty then. */
  readonly talk: Conversation | null;
  readonly time: ActiveTime;
  readonly reason: string;
  /** When it was first submitted, for a correction. */
  readonly submittedAt: string;
  /** What this corrects, where that waits for its receipt: it goes before this one. */
  readonly first: Entry | null;
  readonly leaseLost: boolean;
  /** Work on the same item from another tab or machine, to choose from. */
  readonly other: { readonly draft: Draft; readonly version: number } | null;
}

/** A claim with the draft that counts, from the server or from this browser. */
export function fromClaim(claim: Claim, stored: StoredDraft | null): Held {
  const subject = subjectOf(claim);
  if (claim.turns) {
    const { talk, activeMs } = fromTalkClaim(claim, stored);
    return { ...fresh(`claim ${claim.id}`, { kind: "submission", id: claim.id }, subject, activeMs), talk };
  }
  const local = stored ? readDraft(stored.draft, subject) : null;
  const { draft, other } = chooseDraft(readDraft(claim.draft, subject), claim.draft_version, local, stored);
  return {
    ...fresh(`claim ${claim.id}`, { kind: "submission", id: claim.id }, subject, draft?.active_ms ?? 0),
    item: draft ? fromDraft(draft, subject) : newItem(subject),
    other: other ? { draft: other, version: claim.draft_version } : null,
  };
}

function fresh(key: string, target: Held["target"], subject: Subject, activeMs: number): Held {
  const time = { ...NOT_STARTED, total: activeMs };
  return { key, target, item: newItem(subject), talk: null, time, reason: "", submittedAt: "", first: null, leaseLost: false, other: null };
}

export function fromMine(mine: Mine): Held {
  const subject = subjectOf(mine);
  return {
    ...fresh(`annotation ${mine.id}`, { kind: "amendment", id: mine.id }, subject, mine.label.total_time),
    item: mine.turns ? newItem(subject) : fromLabel(subject, mine.label, mine.error_kind, mine.error_note),
    talk: mine.turns ? conversation(mine.turns, true) : null,
    reason: mine.reason,
    submittedAt: mine.submitted_at,
  };
}

export interface Ending {
  readonly finish: FinishReason;
  readonly reason: string;
  readonly key: string;
  readonly activeMs: number;
  readonly at: number;
}

/** An item as its draft, of either protocol; `tab` and `at` only tell two copies apart. */
export function toAnyDraft({ item, talk }: Held, { activeMs, tab, at }: { readonly activeMs: number; readonly tab: string; readonly at: number }): AnyDraft {
  return talk ? toTalkDraft(talk, activeMs, tab, at) : toDraft(item, activeMs, tab, at);
}

/** What goes into the outbox when an item is finished. Kind and note of an error are said only where there is one. */
export function toEntry(held: Held, ending: Ending, owner: { readonly account: number; readonly project: string }): Entry {
  const { item, target } = held;
  const error = ending.finish === "found_error";
  const body = {
    client_key: ending.key,
    label: held.talk ? talkLabel(held.talk, ending.finish, ending.activeMs) : toLabel(item, ending.finish, ending.activeMs),
    ...(ending.reason ? { reason: ending.reason } : {}),
    ...(error && item.errorKind ? { error_kind: item.errorKind } : {}),
    ...(error && item.errorNote ? { error_note: item.errorNote } : {}),
  };
  const { account, project } = owner;
  const after = held.first?.client_key ?? null;
  const common = { client_key: ending.key, account, project, kind: target.kind, target: target.id, body, subject: item.subject, turns: held.talk?.turns ?? null, after };
  return { ...common, added: ending.at, state: "waiting", problem: null };
}

/** A refused submission, open again with everything that was said. */
export function fromEntry(entry: Entry): Held {
  const { label, error_kind, error_note, reason } = entry.body;
  return {
    ...fresh(`again ${entry.client_key}`, { kind: entry.kind, id: entry.target }, entry.subject, label.total_time),
    item: entry.turns ? newItem(entry.subject) : fromLabel(entry.subject, label, error_kind ?? "", error_note ?? ""),
    talk: entry.turns ? conversation(entry.turns, entry.kind === "amendment") : null,
    reason: reason ?? "",
  };
}

/** What waits for its receipt, opened to be corrected. */
export function fromWaiting(entry: Entry): Held {
  const held = fromEntry({ ...entry, kind: "amendment" });
  return { ...held, key: `after ${entry.client_key}`, target: { kind: "amendment", id: 0 }, submittedAt: new Date(entry.added).toISOString(), first: entry };
}

/** The same when that receipt has come: it is an annotation to be corrected like any other. */
export function delivered(held: Held, clientKey: string, annotation: number): Held {
  return held.first?.client_key === clientKey ? { ...held, target: { kind: "amendment", id: annotation }, first: null } : held;
}

/** Whether anything was said of it that the server may not have. */
export function isHeldTouched(held: Held): boolean {
  return held.talk ? isTalkTouched(held.talk) : isTouched(held.item);
}

/** Whether what was submitted says all that this copy says: then a tab that still shows the item has nothing of its own to lose. */
export function isSaidIn({ item, talk }: Held, body: SubmissionBody): boolean {
  if (talk) return !isTalkTouched(talk);
  const within = (marks: readonly Mark[], at: (index: number) => Completion | undefined) =>
    marks.every((mark, index) => (mark.rating === null && !mark.flagged) || (at(index)?.rating === mark.rating && at(index)?.flagged === mark.flagged));
  const { steps } = body.label;
  return (
    within(item.marks, (index) => steps[index]?.completions?.[0]) &&
    Object.entries(item.alternatives).every(([step, marks]) => within(marks, (index) => steps[Number(step)]?.completions?.[index + 1])) &&
    ["", body.error_kind].includes(item.errorKind) &&
    ["", body.error_note].includes(item.errorNote)
  );
}

/** The desk after the server listed my claims: what is on screen stays as it is, new ones join behind, untouched lost ones go. */
export function joined(held: readonly Held[], arrived: readonly Held[]): readonly Held[] {
  const there = new Set(arrived.map((one) => one.key));
  const kept = held
    .filter((one) => there.has(one.key) || isHeldTouched(one))
    .map((one) => (there.has(one.key) || one.target.kind !== "submission" ? one : { ...one, leaseLost: true }));
  const here = new Set(kept.map((one) => one.key));
  return [...kept, ...arrived.filter((one) => !here.has(one.key))];
}

function subjectOf({ problem, steps, answer, alternatives }: Subject): Subject {
  return { problem, steps, answer, alternatives };
}

/** Every text of an item, in reading order. */
export function textsOf({ item: { subject }, talk }: Pick<Held, "item" | "talk">): readonly string[] {
  const answers = [subject.problem.answer, subject.answer].filter((text) => text !== null).map(answerText);
  const built = talk?.turns.flatMap((turn) => turn.alternatives) ?? [];
  return [subject.problem.text, ...subject.steps, ...answers, ...Object.values(subject.alternatives).flat(), ...built];
}
