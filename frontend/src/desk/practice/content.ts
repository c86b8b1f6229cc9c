// What practice is made of: solutions to grade and conversations to hold, with what may reasonably be said of each step and why. One file a language,
// loaded when asked for.

import type { Rating } from "../state";

/** A step or an alternative with the ratings that are reasonable, most expected first. Without ratings nobody is asked about it. */
export interface Expected {
  readonly text: string;
  readonly ratings: readonly Rating[];
  readonly why: string;
}

interface Shown {
  /** The same in every language: remembers that it was done. */
  readonly id: string;
  /** What the item shows, said after it. */
  readonly lesson: string;
  readonly problem: string;
  readonly reference: string;
}

/** A whole solution to grade. */
export interface PracticeSolution extends Shown {
  readonly steps: readonly Expected[];
  readonly answer: string | null;
  /** Alternatives to the first Bad step, if any. */
  readonly alternatives?: readonly Expected[];
  /** Where the problem itself is bad: why. */
  readonly badProblem?: string;
}

/** One turn of a conversation: what is offered, and where all of it is Bad a step that one might write. */
export interface PracticeTurn {
  readonly offered: readonly Expected[];
  readonly own?: string;
}

/** A solution to build step by step. Its turns are the same whichever of the reasonable steps is chosen. */
export interface PracticeTalk extends Shown {
  readonly turns: readonly PracticeTurn[];
}

export type PracticeItem = PracticeSolution | PracticeTalk;

export interface PracticeWords {
  readonly headline: {
    readonly found: (step: number) => string;
    readonly foundOneOf: (step: number, others: string) => string;
    readonly noneToFind: string;
    readonly missed: (expected: string) => string;
    readonly elsewhere: (yours: number, expected: string) => string;
    readonly noneThere: (yours: number) => string;
    readonly badProblem: string;
    readonly notBadProblem: string;
    readonly overlookedBadProblem: string;
    readonly gaveUp: string;
    readonly goodWay: string;
    readonly badWay: (turn: number) => string;
  };
  readonly step: (n: number) => string;
  readonly or: string;
  readonly stepByStep: string;
  readonly turn: (n: number) => string;
  readonly written: string;
  readonly ours: string;
  readonly ownHint: string;
  readonly alternatives: string;
  readonly yours: string;
  readonly expected: string;
  readonly verdict: { readonly same: string; readonly other: string; readonly open: string; readonly unasked: string };
  readonly matched: (same: number, asked: number) => string;
  readonly lesson: string;
  readonly next: string;
  readonly finishUp: string;
  readonly doneTitle: string;
  readonly doneHint: (found: number, total: number) => string;
  readonly toDesk: string;
  readonly again: string;
}

export interface PracticeContent {
  readonly words: PracticeWords;
  readonly solutions: readonly PracticeSolution[];
  readonly talks: readonly PracticeTalk[];
}

/** The practice in the language of the page; English where there is no other. */
export async function contentIn(language: string): Promise<PracticeContent> {
  return language.startsWith("de") ? (await import("./de")).de : (await import("./en")).en;
}
