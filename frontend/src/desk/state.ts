// One solution being graded, as a value; a pure reducer over what a person does to it; and the label it becomes.

import type { Completion, FinishReason, Label, LabelStep, Subject } from "./api";

export type Rating = -1 | 0 | 1;

/** What was said of one step. `flagged` is Unsure: it may stand with a rating or in its place. */
export interface Mark {
  readonly rating: Rating | null;
  readonly flagged: boolean;
}

/** Where the hands are: on a step, on one alternative of the first Bad step, or at the end (what is wrong, submit). */
export type Place = { readonly at: "step" | "alternative"; readonly index: number } | { readonly at: "end" };

interface Moment {
  readonly marks: readonly Mark[];
  readonly alternatives: Readonly<Record<number, readonly Mark[]>>;
  readonly place: Place;
}

export interface Item extends Moment {
  readonly subject: Subject;
  readonly errorKind: string;
  readonly errorNote: string;
  /** What undo goes back to, newest last. */
  readonly past: readonly Moment[];
}

export type Action =
  | { readonly do: "rate"; readonly rating: Rating; readonly place?: Place }
  | { readonly do: "flag"; readonly place?: Place }
  | { readonly do: "firstError" }
  | { readonly do: "undo" }
  | { readonly do: "move"; readonly by: 1 | -1 }
  | { readonly do: "go"; readonly place: Place }
  | { readonly do: "kind"; readonly kind: string }
  | { readonly do: "note"; readonly text: string };

export type Readiness =
  | { readonly ready: true; readonly finish: "solution" | "found_error" }
  | { readonly ready: false; readonly because: "unfinished" }
  | { readonly ready: false; readonly because: "gap"; readonly step: number }
  | { readonly ready: false; readonly because: "alternatives"; readonly left: number };

/** The actions that change an item by themselves, by the name in the table of keys. */
export const CHANGES: Readonly<Partial<Record<string, Action>>> = {
  great: { do: "rate", rating: 1 },
  okay: { do: "rate", rating: 0 },
  bad: { do: "rate", rating: -1 },
  first_error: { do: "firstError" },
  flag: { do: "flag" },
  undo: { do: "undo" },
  up: { do: "move", by: -1 },
  down: { do: "move", by: 1 },
  alternatives: { do: "go", place: { at: "alternative", index: 0 } },
};

/** What one person may say of why a step is Bad; the keys 1 to 6 in this order. */
export const ERROR_KINDS = ["calculation", "logic", "misread", "unexplained", "off_topic", "other"] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

export const NOTE_MAX = 2000;
const PAST_MAX = 500;
const LONGEST_TIME = 86_400_000;
const UNMARKED: Mark = { rating: null, flagged: false };

export function newItem(subject: Subject): Item {
  return {
    subject,
    marks: subject.steps.map(() => UNMARKED),
    alternatives: {},
    place: subject.steps.length > 0 ? { at: "step", index: 0 } : { at: "end" },
    errorKind: "",
    errorNote: "",
    past: [],
  };
}

export function isSettled(mark: Mark): boolean {
  return mark.rating !== null || mark.flagged;
}

/** The first step rated Bad, or -1. Steps after it are asked of nobody. */
export function firstBad(item: Pick<Item, "marks">): number {
  return item.marks.findIndex((mark) => mark.rating === -1);
}

/** The texts offered in place of the first Bad step. */
export function offered(item: Pick<Item, "marks" | "subject">): readonly string[] {
  const bad = firstBad(item);
  return bad < 0 ? [] : (item.subject.alternatives[String(bad)] ?? []);
}

/** Marks of the alternatives on offer, one each. */
export function offeredMarks(item: Pick<Item, "marks" | "subject" | "alternatives">): readonly Mark[] {
  const given = item.alternatives[firstBad(item)] ?? [];
  return offered(item).map((_, index) => given[index] ?? UNMARKED);
}

/** Whether anything was said of it. */
export function isTouched(item: Item): boolean {
  return item.past.length > 0 || item.marks.some(isSettled);
}

/** Whether this may be submitted, and if not, why. */
export function readiness(item: Item): Readiness {
  const bad = firstBad(item);
  const asked = bad < 0 ? item.marks : item.marks.slice(0, bad);
  const gap = asked.findIndex((mark) => !isSettled(mark));
  if (bad < 0) return gap < 0 && item.marks.length > 0 ? { ready: true, finish: "solution" } : { ready: false, because: "unfinished" };
  if (gap >= 0) return { ready: false, because: "gap", step: gap };
  const marks = offeredMarks(item);
  const unrated = marks.filter((mark) => mark.rating === null).length;
  if (unrated > 0 && marks.some(isSettled)) return { ready: false, because: "alternatives", left: unrated };
  return { ready: true, finish: "found_error" };
}

/** The item after an action; the same object where nothing changes. */
export function reduce(item: Item, action: Action): Item {
  switch (action.do) {
    case "rate":
      return rate(item, action.place ?? item.place, action.rating);
    case "flag":
      return flag(item, action.place ?? item.place);
    case "firstError":
      return firstError(item);
    case "undo":
      return undo(item);
    case "move":
      return move(item, action.by);
    case "go":
      return samePlace(item.place, action.place) ? item : { ...item, place: action.place };
    case "kind":
      return { ...item, errorKind: item.errorKind === action.kind ? "" : action.kind };
    case "note":
      return { ...item, errorNote: action.text.slice(0, NOTE_MAX) };
  }
}

function rate(item: Item, place: Place, rating: Rating): Item {
  const target = ratable(item, place);
  if (target === null) return item;
  const marked = remember(setMark(item, target, { ...markAt(item, target), rating }), item, target);
  return { ...marked, place: next(marked, target) };
}

function flag(item: Item, place: Place): Item {
  const target = ratable(item, place);
  if (target === null) return item;
  const mark = markAt(item, target);
  return { ...remember(setMark(item, target, { ...mark, flagged: !mark.flagged }), item, target), place: target };
}

/** At the end a letter key still speaks of the first Bad step: corrected in place. */
function ratable(item: Item, place: Place): Exclude<Place, { at: "end" }> | null {
  if (place.at === "step") return place.index < item.marks.length ? place : null;
  if (place.at === "alternative") return place.index < offered(item).length ? place : null;
  const bad = firstBad(item);
  return bad < 0 ? null : { at: "step", index: bad };
}

/** All above Great where nothing else was said of them, the step in hand Bad. */
function firstError(item: Item): Item {
  const target = ratable(item, item.place);
  if (target?.at !== "step") return item;
  const marks = item.marks.map((mark, index): Mark => {
    if (index === target.index) return { ...mark, rating: -1 };
    return index < target.index && (mark.rating === null || mark.rating === -1) ? { ...mark, rating: 1 } : mark;
  });
  return { ...remember({ ...item, marks }, item, target), place: { at: "end" } };
}

function undo(item: Item): Item {
  const last = item.past.at(-1);
  return last ? { ...item, ...last, past: item.past.slice(0, -1) } : item;
}

/** Steps down to the first Bad one, then its alternatives, then the end. */
export function places(item: Item): readonly Place[] {
  const bad = firstBad(item);
  const asked = bad < 0 ? item.marks.length : bad + 1;
  return [
    ...Array.from({ length: asked }, (_, index): Place => ({ at: "step", index })),
    ...offered(item).map((_, index): Place => ({ at: "alternative", index })),
    { at: "end" },
  ];
}

function move(item: Item, by: 1 | -1): Item {
  const all = places(item);
  const here = all.findIndex((place) => samePlace(place, item.place));
  const there = all[Math.min(Math.max((here < 0 ? 0 : here) + by, 0), all.length - 1)];
  return there && !samePlace(there, item.place) ? { ...item, place: there } : item;
}

/** After a rating: the next step not spoken of yet, below first, then above; else the end. */
function next(item: Item, from: Exclude<Place, { at: "end" }>): Place {
  if (from.at === "alternative") {
    return from.index + 1 < offered(item).length ? { at: "alternative", index: from.index + 1 } : { at: "end" };
  }
  const bad = firstBad(item);
  const asked = bad < 0 ? item.marks : item.marks.slice(0, bad);
  const open = asked.flatMap((mark, index) => (isSettled(mark) ? [] : [index]));
  // Right after a Bad the end comes, where submit says which step above is missing, if any.
  if (from.index === bad) return { at: "end" };
  const index = open.find((candidate) => candidate > from.index) ?? open[0];
  return index === undefined ? { at: "end" } : { at: "step", index };
}

export function samePlace(one: Place, other: Place): boolean {
  if (one.at === "end" || other.at === "end") return one.at === other.at;
  return one.at === other.at && one.index === other.index;
}

export function markAt(item: Item, place: Exclude<Place, { at: "end" }>): Mark {
  const marks = place.at === "step" ? item.marks : offeredMarks(item);
  return marks[place.index] ?? UNMARKED;
}

function setMark(item: Item, place: Exclude<Place, { at: "end" }>, mark: Mark): Item {
  const replaced = (marks: readonly Mark[]): Mark[] => marks.map((old, index) => (index === place.index ? mark : old));
  if (place.at === "step") return { ...item, marks: replaced(item.marks) };
  return { ...item, alternatives: { ...item.alternatives, [firstBad(item)]: replaced(offeredMarks(item)) } };
}

function remember(changed: Item, before: Item, place: Place): Item {
  const moment: Moment = { marks: before.marks, alternatives: before.alternatives, place };
  return { ...changed, past: [...before.past.slice(-PAST_MAX), moment] };
}

/** The label in PRM800K's shape; texts are the subject's own, byte for byte. `activeMs` is clamped to what a label may say. */
export function toLabel(item: Item, finish: FinishReason, activeMs: number): Label {
  const bad = firstBad(item);
  const steps = finish === "solution" ? item.marks.map((_, i) => step(item, i)) : prefix(item, bad);
  const cut = finish === "give_up" || finish === "bad_problem";
  const reachedBad = bad >= 0 && steps.length === bad + 1;
  const unfinished: LabelStep = { completions: null, human_completion: null, chosen_completion: null };
  return {
    steps: cut && !reachedBad && steps.length < item.marks.length ? [...steps, unfinished] : steps,
    total_time: Math.min(Math.max(Math.round(activeMs), 0), LONGEST_TIME),
    finish_reason: finish,
  };
}

/** Steps from the first on, as far as each was spoken of and up to the first Bad one. */
function prefix(item: Item, bad: number): LabelStep[] {
  const gap = item.marks.findIndex((mark) => !isSettled(mark));
  const end = Math.min(gap < 0 ? item.marks.length : gap, bad < 0 ? item.marks.length : bad + 1);
  return item.marks.slice(0, end).map((_, index) => step(item, index));
}

function step(item: Item, index: number): LabelStep {
  const own = completion(item.subject.steps[index] ?? "", item.marks[index] ?? UNMARKED);
  if (own.rating !== -1) return { completions: [own], human_completion: null, chosen_completion: 0 };
  const marks = offeredMarks(item);
  const rated = marks.length > 0 && marks.every((mark) => mark.rating !== null);
  const others = rated ? offered(item).map((text, i) => completion(text, marks[i] ?? UNMARKED)) : [];
  return { completions: [own, ...others], human_completion: null, chosen_completion: null };
}

function completion(text: string, mark: Mark): Completion {
  return { text, rating: mark.rating, flagged: mark.flagged };
}

/** A submitted label opened again, to be amended. */
export function fromLabel(subject: Subject, label: Label, errorKind: string, errorNote: string): Item {
  const marks = subject.steps.map((_, index) => markOf(label.steps[index]?.completions?.[0]));
  const bad = firstBad({ marks });
  const others = (label.steps[bad]?.completions ?? []).slice(1).map(markOf);
  const item = { ...newItem(subject), marks, alternatives: others.length > 0 ? { [bad]: others } : {}, errorKind, errorNote };
  const open = marks.findIndex((mark) => !isSettled(mark));
  return { ...item, place: bad >= 0 || open < 0 ? { at: "end" } : { at: "step", index: open } };
}

function markOf(given: Completion | undefined): Mark {
  return given ? { rating: given.rating, flagged: given.flagged } : UNMARKED;
}
