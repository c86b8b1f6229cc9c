// A practised label beside what was expected of it. Pure.

import type { Label } from "../api";
import type { Mark, Rating } from "../state";
import type { Expected, PracticeItem, PracticeSolution, PracticeTalk } from "./content";

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
  | { readonly kind: "good_way" }
  | { readonly kind: "bad_way"; readonly turn: number }
  | { readonly kind: "bad_problem" | "not_bad_problem" | "overlooked_bad_problem" | "gave_up" };

/** Steps judged together: those of a solution, the alternatives to one, what was offered in a turn. */
export interface Group {
  readonly of: "steps" | "alternatives" | "turn";
  readonly judged: readonly Judged[];
  /** The step written in this turn, and ours. */
  readonly written?: { readonly yours: string; readonly ours: string };
}

export interface Grade {
  readonly outcome: Outcome;
  readonly right: boolean;
  readonly groups: readonly Group[];
  /** Steps with a rating of one's own, and how many of these are as expected. */
  readonly asked: number;
  readonly same: number;
}

const UNMARKED: Mark = { rating: null, flagged: false };
const RIGHT: readonly Outcome["kind"][] = ["found", "none_to_find", "bad_problem", "good_way"];

export function grade(item: PracticeItem, label: Label): Grade {
  const [outcome, groups] = "turns" in item ? talkJudged(item, label) : solutionJudged(item, label);
  const rated = groups.flatMap(({ judged }) => judged).filter(({ verdict }) => verdict === "same" || verdict === "other");
  const same = rated.filter(({ verdict }) => verdict === "same").length;
  return { outcome, right: RIGHT.includes(outcome.kind), groups, asked: rated.length, same };
}

function solutionJudged(item: PracticeSolution, label: Label): readonly [Outcome, readonly Group[]] {
  const marks = label.steps.map((step) => step.completions?.[0] ?? UNMARKED);
  const first = marks.findIndex(({ rating }) => rating === -1);
  const others = (label.steps[first]?.completions ?? []).slice(1);
  const compared = others.length > 0 && first === errorPlaces(item).places[0];
  const steps: Group = { of: "steps", judged: judged(item.steps, marks) };
  const alternatives: Group = { of: "alternatives", judged: judged(item.alternatives ?? [], others) };
  return [outcomeOf(item, label, first), item.badProblem ? [] : compared ? [steps, alternatives] : [steps]];
}

function talkJudged(item: PracticeTalk, label: Label): readonly [Outcome, readonly Group[]] {
  const reached = label.steps.filter(({ completions }) => completions !== null);
  const groups = reached.map((step, index): Group => {
    const { offered, own } = item.turns[index] ?? { offered: [] };
    const yours = step.human_completion?.text;
    return { of: "turn", judged: judged(offered, step.completions ?? []), ...(yours === undefined ? {} : { written: { yours, ours: own ?? "" } }) };
  });
  if (label.finish_reason === "give_up") return [{ kind: "gave_up" }, groups];
  if (label.finish_reason === "bad_problem") return [{ kind: "not_bad_problem" }, groups];
  const astray = reached.findIndex(({ chosen_completion }, turn) => chosen_completion !== null && isBad(item.turns[turn]?.offered[chosen_completion]));
  return [astray < 0 ? { kind: "good_way" } : { kind: "bad_way", turn: astray }, groups];
}

const isBad = (expected: Expected | undefined): boolean => expected?.ratings.every((rating) => rating === -1) ?? false;

/** The steps that may reasonably be called the first Bad one, and whether calling none so is reasonable too. */
export function errorPlaces(item: Pick<PracticeSolution, "steps">): { readonly places: readonly number[]; readonly none: boolean } {
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

function outcomeOf(item: PracticeSolution, label: Label, first: number): Outcome {
  const { places, none } = errorPlaces(item);
  if (label.finish_reason === "give_up") return { kind: "gave_up" };
  if (label.finish_reason === "bad_problem") return { kind: item.badProblem ? "bad_problem" : "not_bad_problem" };
  if (item.badProblem) return { kind: "overlooked_bad_problem" };
  if (places.includes(first)) return { kind: "found", step: first, also: places.filter((place) => place !== first) };
  if (first < 0) return none ? { kind: "none_to_find" } : { kind: "missed", places };
  return places.length === 0 ? { kind: "none_there", step: first } : { kind: "elsewhere", step: first, places };
}
