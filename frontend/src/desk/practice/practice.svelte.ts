// Practice: the desk's work comes from here and goes nowhere. Each submission is answered by what was expected, then the next item follows.

import type { Component } from "svelte";
import type { Answer, Api, Claim, Submitted, Turn, Work } from "../api";
import type { Desk } from "../desk.svelte";
import { memoryStore, type Store } from "../store";
import type { PracticeContent, PracticeItem, PracticeWords } from "./content";
import { grade, type Grade } from "./grade";
import { keepDone, readDone, type Done } from "./progress";
import { answeredTurns, firstTurns } from "./talk";

export interface Feedback {
  readonly item: PracticeItem;
  readonly grade: Grade;
}

export interface PracticeOptions {
  readonly account: number;
  readonly protocol: string;
  readonly shelf: Storage;
  /** Called once when everything has been done. */
  readonly onAllDone: () => void;
  /** What shows the feedback. */
  readonly View: Component<{ desk: Desk; practice: Practice }>;
}

/** A press this soon after the feedback came was meant for the item before it. */
const JUST_MS = 350;

const answered = <T>(body: T): Promise<Answer<T>> => Promise.resolve({ ok: true, status: 200, body });
const nothing = <T>(): Promise<Answer<T>> =>
  Promise.resolve({ ok: false, kind: "refused", status: 404, code: "not_found", message: "", retryAfter: null, data: {} });

export class Practice {
  feedback = $state.raw<Feedback | null>(null);
  done = $state.raw<Done>({});
  readonly items: readonly PracticeItem[];
  readonly words: PracticeWords;
  readonly View: PracticeOptions["View"];
  readonly #options: PracticeOptions;
  #feedbackAt = -Infinity;

  constructor(content: PracticeContent, options: PracticeOptions) {
    this.items = options.protocol === "step-by-step" ? content.talks : content.solutions;
    [this.words, this.View, this.#options] = [content.words, options.View, options];
    this.done = readDone(options.shelf, options.account, options.protocol);
  }

  /** Drafts and submissions stay in this tab's memory; a practised item is nothing that could get lost. */
  readonly store: Store = { ...memoryStore(), durable: true };

  readonly api: Api = {
    claims: () => answered<Work>({ claims: this.feedback ? [] : this.#claims(), progress: { today: this.doneCount, active_ms_today: 0 } }),
    saveDraft: (_claim, version) => answered({ version: version + 1, expires_at: "" }),
    submit: (claim, body) => {
      const item = this.#itemOf(claim);
      if (!item) return nothing<Submitted>();
      this.#give({ item, grade: grade(item, body.label) });
      return answered<Submitted>({ receipt: { annotation: claim, sha256: "" } });
    },
    amend: () => nothing(),
    mine: () => answered({ results: [] }),
    talk: {
      answer: (claim, body) => {
        const item = this.#itemOf(claim);
        if (!item || !("turns" in item)) return nothing();
        const turns = answeredTurns(item, this.#turns.get(claim) ?? firstTurns(item), body);
        this.#turns.set(claim, turns);
        return answered({ turns });
      },
      prepare: () => answered(null),
      claim: (claim) => {
        const item = this.#itemOf(claim);
        return item ? answered(claimOf(item, claim, this.#turns.get(claim))) : nothing();
      },
    },
  };
  readonly #turns = new Map<number, readonly Turn[]>();

  get doneCount(): number {
    return this.items.filter(({ id }) => id in this.done).length;
  }

  get foundCount(): number {
    return this.items.filter(({ id }) => this.done[id]).length;
  }

  get allDone(): boolean {
    return this.doneCount === this.items.length;
  }

  /** Whether there is something to show in the place of an item. */
  get shows(): boolean {
    return this.feedback !== null || this.allDone;
  }

  /** The feedback has been read: the next item, or the end. Returns whether anything changed. */
  next(now = performance.now()): boolean {
    if (!this.feedback || now - this.#feedbackAt < JUST_MS) return false;
    this.feedback = null;
    return true;
  }

  /** Everything once more, from the first item on. */
  again(): void {
    this.#round += 1;
    this.#keep({});
  }

  // A claim that was submitted never comes back to the desk: each time round the items have new numbers.
  #round = 0;

  #claims(): readonly Claim[] {
    const index = this.items.findIndex(({ id }) => !(id in this.done));
    const item = this.items[index];
    const claim = this.#round * this.items.length + index;
    return item ? [claimOf(item, claim, this.#turns.get(claim))] : [];
  }

  #itemOf(claim: number): PracticeItem | undefined {
    return this.items[claim % this.items.length];
  }

  #give(feedback: Feedback): void {
    this.feedback = feedback;
    this.#feedbackAt = performance.now();
    const before = this.allDone;
    this.#keep({ ...this.done, [feedback.item.id]: feedback.grade.right });
    if (this.allDone && !before) this.#options.onAllDone();
  }

  #keep(done: Done): void {
    this.done = done;
    keepDone(this.#options.shelf, this.#options.account, this.#options.protocol, done);
  }
}

/** An item as the server would hand it out; `turns` where its conversation has begun. */
function claimOf(item: PracticeItem, id: number, turns?: readonly Turn[]): Claim {
  const common = { id, problem: { text: item.problem, answer: item.reference }, draft: null, draft_version: 0, expires_at: "" };
  if ("turns" in item) return { ...common, steps: [], answer: null, alternatives: {}, turns: turns ?? firstTurns(item) };
  const first = item.steps.findIndex(({ ratings }) => ratings.includes(-1));
  const alternatives = item.alternatives ? { [String(first)]: item.alternatives.map(({ text }) => text) } : {};
  return { ...common, steps: item.steps.map(({ text }) => text), answer: item.answer, alternatives };
}
