// A practised label beside what was expected of it. Pure.

import type { Label } from "../api";
import type { Mark, Rating } from "../state";
import type { Expected, PracticeItem } from "./content";

/** `same`: one of the reasonable ratings. `open`: not rated, or only Unsure. `unasked`: nobody is asked about it. */
export type Verdict = "same" | "other" | "open" | "unasked";

export interface Judged {
  readonly expected: Expected;
  readonly mark: Mark;
  readonly verdict: Verdict;
}

/** How the item as a whole was taken. The first thing a person wants to know. */
export type Outcome =
  | { readonly kind: "found"; readonly step: number; readonly also: readonly number[] }
  | { readonly kind: "none_to_find" }
  | { readonly kind: "missed"; readonly places: readonly number[] }
  | { readonly kind: "elsewhere"; readonly step: number; readonly places: readonly number[] }
  | { readonly kind: "none_there"; readonly step: number }
  | { readonly kind: "bad_problem" | "not_bad_problem" | "overlooked_bad_problem" | "gave_up" };

export interface Grade {
  readonly outcome: Outcome;
  readonly right: boolean;
  readonly steps: readonly Judged[];
  readonly alternatives: readonly Judged[];
  /** Steps and alternatives with a rating of one's own, and how many of these are as expected. */
  readonly asked: number;
  readonly same: number;
}

const UNMARKED: Mark = { rating: null, flagged: false };

export function grade(item: PracticeItem, label: Label): Grade {
  const marks = label.steps.map((step) => step.completions?.[0] ?? UNMARKED);
  const first = marks.findIndex(({ rating }) => rating === -1);
  const steps = judged(item.steps, marks);
  const others = (label.steps[first]?.completions ?? []).slice(1);
  const alternatives = others.length > 0 && first === errorPlaces(item).places[0] ? judged(item.alternatives ?? [], others) : [];
  const rated = [...steps, ...alternatives].filter(({ verdict }) => verdict === "same" || verdict === "other");
  const outcome = outcomeOf(item, label, first);
  return {
    outcome,
    right: outcome.kind === "found" || outcome.kind === "none_to_find" || outcome.kind === "bad_problem",
    steps,
    alternatives,
    asked: rated.length,
    same: rated.filter(({ verdict }) => verdict === "same").length,
  };
}

/** The steps that may reasonably be called the first Bad one, and whether calling none so is reasonable too. */
export function errorPlaces(item: Pick<PracticeItem, "steps">): { readonly places: readonly number[]; readonly none: boolean } {
  const places: number[] = [];
  for (const [index, { ratings }] of item.steps.entries()) {
    if (ratings.includes(-1)) places.push(index);
    if (ratings.every((rating) => rating === -1)) return { places, none: false };
  }
  return { places, none: true };
}

function judged(expected: readonly Expected[], marks: readonly Mark[]): readonly Judged[] {
  return expected.map((one, index) => {
    const mark = marks[index] ?? UNMARKED;
    return { expected: one, mark, verdict: verdict(one.ratings, mark.rating) };
  });
}

function verdict(reasonable: readonly Rating[], rating: Rating | null): Verdict {
  if (reasonable.length === 0) return "unasked";
  if (rating === null) return "open";
  return reasonable.includes(rating) ? "same" : "other";
}

function outcomeOf(item: PracticeItem, label: Label, first: number): Outcome {
  const { places, none } = errorPlaces(item);
  if (label.finish_reason === "give_up") return { kind: "gave_up" };
  if (label.finish_reason === "bad_problem") return { kind: item.badProblem ? "bad_problem" : "not_bad_problem" };
  if (item.badProblem) return { kind: "overlooked_bad_problem" };
  if (places.includes(first)) return { kind: "found", step: first, also: places.filter((place) => place !== first) };
  if (first < 0) return none ? { kind: "none_to_find" } : { kind: "missed", places };
  return places.length === 0 ? { kind: "none_there", step: first } : { kind: "elsewhere", step: first, places };
}
