// Work in progress: how an item becomes a draft and comes back, which copy counts, and how it reaches the server at most every five seconds.

import { isRecord, type Answer, type Subject } from "./api";
import type { TalkDraft } from "./conversation";
import { FIRST_WAIT, LONGEST_WAIT } from "./outbox";
import { firstBad, newItem, NOTE_MAX, type Item, type Mark, type Place } from "./state";
import type { Store, StoredDraft } from "./store";

export interface Draft {
  readonly v: 1;
  /** One pair a step: rating and flag. */
  readonly marks: readonly (readonly [number | null, boolean])[];
  readonly alternatives: Readonly<Record<string, readonly (readonly [number | null, boolean])[]>>;
  /** The step in hand, or -1 for the end. */
  readonly step: number;
  readonly active_ms: number;
  readonly error_kind: string;
  readonly error_note: string;
  /** The tab that wrote it, and its wall clock then: only to choose between two copies, never for leases. */
  readonly from: string;
  readonly at: number;
}

export function toDraft(item: Item, activeMs: number, from: string, at: number): Draft {
  const pairs = (marks: readonly Mark[]) => marks.map((mark): readonly [number | null, boolean] => [mark.rating, mark.flagged]);
  return {
    v: 1,
    marks: pairs(item.marks),
    alternatives: Object.fromEntries(Object.entries(item.alternatives).map(([step, marks]) => [step, pairs(marks)])),
    step: item.place.at === "step" ? item.place.index : -1,
    active_ms: Math.round(activeMs),
    error_kind: item.errorKind,
    error_note: item.errorNote,
    from,
    at,
  };
}

/** A draft read as a stranger's data: null where it is not ours or does not fit the solution. */
export function readDraft(value: unknown, subject: Subject): Draft | null {
  if (!isRecord(value) || value["v"] !== 1 || !Array.isArray(value["marks"])) return null;
  if (value["marks"].length !== subject.steps.length || !value["marks"].every(isPair)) return null;
  const alternatives = isRecord(value["alternatives"]) ? value["alternatives"] : {};
  const kept = Object.entries(alternatives).filter(([, marks]) => Array.isArray(marks) && marks.every(isPair));
  return {
    v: 1,
    marks: value["marks"] as Draft["marks"],
    alternatives: Object.fromEntries(kept) as Draft["alternatives"],
    step: number(value["step"], -1),
    active_ms: Math.max(number(value["active_ms"], 0), 0),
    error_kind: text(value["error_kind"]),
    error_note: text(value["error_note"]),
    from: text(value["from"]),
    at: number(value["at"], 0),
  };
}

/** The item that a draft speaks of; what does not fit the solution is left out. */
export function fromDraft(draft: Draft, subject: Subject): Item {
  const marks = draft.marks.map(toMark);
  const alternatives = Object.fromEntries(
    Object.entries(draft.alternatives)
      .filter(([step, given]) => subject.alternatives[step]?.length === given.length)
      .map(([step, given]) => [Number(step), given.map(toMark)]),
  );
  const item: Item = { ...newItem(subject), marks, alternatives, errorKind: draft.error_kind, errorNote: draft.error_note };
  return { ...item, place: placeOf(draft.step, item) };
}

function placeOf(step: number, item: Item): Place {
  const bad = firstBad(item);
  const last = bad < 0 ? item.marks.length - 1 : bad;
  return step >= 0 && step <= last ? { at: "step", index: step } : { at: "end" };
}

/** Whether two drafts say the same of the solution (time and place apart). */
export function sameWork(one: Draft, other: Draft): boolean {
  const said = (draft: Draft) => JSON.stringify([draft.marks, Object.entries(draft.alternatives).sort(), draft.error_kind, draft.error_note]);
  return said(one) === said(other);
}

export interface Choice {
  readonly draft: Draft | null;
  /** The other copy, where both changed apart from each other: to be offered, not dropped. */
  readonly other: Draft | null;
}

/** Which copy counts after a reload: by version where that decides, else the newer, with the other on offer. */
export function chooseDraft(server: Draft | null, serverVersion: number, local: Draft | null, stored: StoredDraft | null): Choice {
  if (!local || !stored) return { draft: server, other: null };
  if (!server || stored.version === serverVersion) return { draft: local, other: null };
  if (!stored.dirty) return { draft: server, other: null };
  // The answer to our own last save was lost: the server's copy is an earlier one of this tab.
  if (sameWork(server, local) || server.from === local.from) return { draft: local, other: null };
  return server.at > local.at ? { draft: server, other: local } : { draft: local, other: server };
}

function toMark(pair: readonly [number | null, boolean]): Mark {
  return { rating: pair[0] === -1 || pair[0] === 0 || pair[0] === 1 ? pair[0] : null, flagged: pair[1] };
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && [null, -1, 0, 1].includes(value[0] as number | null) && typeof value[1] === "boolean";
}

function number(value: unknown, fallback: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : fallback;
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, NOTE_MAX) : "";
}

export type DraftState = "saved" | "saving" | "offline" | "busy" | "signed_out";

/** What is kept and sent: of a whole solution, or of a conversation. */
export type AnyDraft = Draft | TalkDraft;

export interface DraftSyncOptions {
  /** Called off by its signal where the claim is submitted meanwhile. */
  readonly save: (claim: number, version: number, draft: AnyDraft, stop: AbortSignal) => Promise<Answer<{ version: number; expires_at: string }>>;
  readonly store: Pick<Store, "putDraft">;
  readonly account: number;
  readonly setTimer: (run: () => void, ms: number) => unknown;
  readonly now: () => number;
  readonly random: () => number;
  readonly onState: (state: DraftState) => void;
  readonly onConflict: (claim: number, version: number, theirs: unknown) => void;
  readonly onLeaseLost: (claim: number) => void;
  /** Whether this browser kept the last copy. */
  readonly onKept: (kept: boolean) => void;
  /** What is stored beside the draft: the item itself and its project. */
  readonly beside?: (claim: number) => Pick<StoredDraft, "project" | "work">;
}

export interface DraftSync {
  /** Keep the draft here at once and on the server soon. */
  readonly save: (claim: number, draft: AnyDraft) => void;
  /** What the server holds of a claim, as it told us. */
  readonly seen: (claim: number, version: number) => void;
  /** Send the last draft again, to renew the lease. */
  readonly renew: (claim: number, draft: AnyDraft) => void;
  /** The claim is submitted: nothing more is sent for it. Its copy here stays until the submission is kept. */
  readonly forget: (claim: number) => void;
  /** Send nothing of it, and call off what is on its way, until `release`: the server's copy is not to be written over, or the item is given back. */
  readonly hold: (claim: number) => void;
  /** Go on, on top of this version where it is another one. */
  readonly release: (claim: number, version?: number) => void;
  /** Try again now (signed in again), or spread over a while where everybody's network comes back at the same moment. */
  readonly wake: (spread?: boolean) => void;
  /** The page goes to the back or away: what the server does not have yet goes at once, not in five seconds. */
  readonly flush: () => void;
}

interface Pending {
  version: number;
  draft: AnyDraft | null;
  dirty: boolean;
  held: boolean;
  lost: boolean;
}

export const DRAFT_INTERVAL = 5_000;

export function createDraftSync(options: DraftSyncOptions): DraftSync {
  const claims = new Map<number, Pending>();
  let lastSent = -Infinity;
  let scheduled = false;
  let sending: { readonly claim: number; readonly stop: AbortController } | null = null;
  let urgent = false;
  let failures = 0;
  let state: DraftState = "saved";

  /** "Saved" is never said while the server lacks something, be it for seconds. */
  const say = (next: DraftState): void => options.onState((state = next));
  const of = (claim: number): Pending => {
    const found = claims.get(claim) ?? { version: 0, draft: null, dirty: false, held: false, lost: false };
    claims.set(claim, found);
    return found;
  };
  const due = () => [...claims].find(([, pending]) => pending.dirty && !pending.held && !pending.lost && pending.draft);
  const keep = (claim: number, pending: Pending): void => {
    if (!pending.draft) return;
    const { version, dirty, draft } = pending;
    const kept = options.store.putDraft({ account: options.account, claim, version, dirty, draft, ...options.beside?.(claim) });
    kept.then(() => options.onKept(true), () => options.onKept(false));
  };

  function schedule(wait = 0): void {
    if (scheduled || sending || !due()) return;
    scheduled = true;
    const pause = Math.max(wait, urgent ? 0 : lastSent + DRAFT_INTERVAL - options.now(), 0);
    options.setTimer(() => {
      scheduled = false;
      void send();
    }, pause);
  }

  async function send(): Promise<void> {
    const next = due();
    if (!next || sending) return;
    const [claim, pending] = next;
    const draft = pending.draft;
    if (!draft) return;
    const stop = new AbortController();
    sending = { claim, stop };
    urgent = false;
    lastSent = options.now();
    say("saving");
    const answer = await options.save(claim, pending.version, draft, stop.signal);
    sending = null;
    if (claims.get(claim) === pending) settle(claim, pending, draft, answer);
    if (answer.ok) failures = 0;
    // Submitted meanwhile, or refused: nothing is left to save, whatever the answer was.
    if (!due()) return say("saved");
    if (answer.ok || stop.signal.aborted || answer.kind === "refused") return schedule();
    say(answer.kind === "later" ? "busy" : answer.kind);
    if (answer.kind !== "signed_out") backOff(answer.retryAfter);
  }

  function settle(claim: number, pending: Pending, sent: AnyDraft, answer: Answer<{ version: number }>): void {
    if (answer.ok) {
      pending.version = answer.body.version;
      pending.dirty = pending.draft !== sent;
      keep(claim, pending);
    } else if (answer.code === "stale_draft") {
      pending.held = true;
      const version = answer.data["version"];
      options.onConflict(claim, typeof version === "number" ? version : pending.version, answer.data["draft"]);
    } else if (answer.kind === "refused") {
      // The lease is over (or the claim is gone): the copy here stays, and submitting is still accepted.
      pending.lost = true;
      options.onLeaseLost(claim);
    }
  }

  function callOff(claim: number): void {
    if (sending?.claim === claim) sending.stop.abort();
  }

  const span = (): number => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);

  /** Spread over time, also behind a Retry-After that everybody was given at the same moment. */
  function backOff(retryAfter: number | null): void {
    failures += 1;
    const after = retryAfter ?? 0;
    schedule(after + Math.max(span(), after) * (0.25 + 0.75 * options.random()));
  }

  return {
    save(claim, draft) {
      const pending = of(claim);
      Object.assign(pending, { draft, dirty: true });
      if (state === "saved" && due()) say("saving");
      keep(claim, pending);
      schedule();
    },
    seen(claim, version) {
      of(claim).version = version;
    },
    renew(claim, draft) {
      Object.assign(of(claim), { draft, dirty: true });
      schedule();
    },
    forget(claim) {
      claims.delete(claim);
      // On its way still, it would only be refused behind the submission.
      callOff(claim);
      if (!sending && !due()) say("saved");
    },
    hold(claim) {
      of(claim).held = true;
      callOff(claim);
    },
    release(claim, version = of(claim).version) {
      Object.assign(of(claim), { version, held: false });
      schedule();
    },
    wake(spread = false) {
      scheduled = false;
      urgent = !spread && due() !== undefined;
      schedule(spread ? span() * options.random() : 0);
    },
    flush() {
      // What is on its way now may be older: then the rest follows right behind.
      urgent = due() !== undefined;
      void send();
    },
  };
}
