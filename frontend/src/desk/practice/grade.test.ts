import { describe, expect, it } from "vitest";
import type { FinishReason, Label, LabelStep } from "../api";
import { newItem, reduce, toLabel, type Rating } from "../state";
import type { PracticeSolution, PracticeTalk } from "./content";
import { en } from "./en";
import { errorPlaces, grade } from "./grade";
import { headline } from "./headline";

const step = (...ratings: Rating[]) => ({ text: "x", ratings, why: "because" });
const item: PracticeSolution = { id: "i", lesson: "", problem: "p", reference: "1", answer: "1", steps: [step(1), step(-1, 0), step(-1), step()] };

function labelled(ratings: readonly (Rating | "unsure")[], finish: FinishReason, of = item): Label {
  const subject = { problem: { text: "p", answer: "1" }, steps: of.steps.map(({ text }) => text), answer: "1", alternatives: {} };
  const rated = ratings.reduce(
    (now, rating, index) => reduce(now, rating === "unsure" ? { do: "flag", place: { at: "step", index } } : { do: "rate", rating, place: { at: "step", index } }),
    newItem(subject),
  );
  return toLabel(rated, finish, 1);
}
const said = (label: Label, of = item) => headline(en.words, grade(of, label).outcome);

describe("a practised label beside what was expected", () => {
  it("may have its error in each step that can reasonably be called Bad, up to the one that must be", () => {
    expect(errorPlaces(item)).toEqual({ places: [1, 2], none: false });
    expect(errorPlaces({ steps: [step(1), step(0, -1)] })).toEqual({ places: [1], none: true });
  });

  it("is right at any of the reasonable places, and names the others", () => {
    for (const ratings of [[1, -1], [1, 0, -1]] as Rating[][]) expect(grade(item, labelled(ratings, "found_error")).right).toBe(true);
    expect(said(labelled([1, -1], "found_error"))).toBe("Step 2 is a reasonable place for the error; so is step 3.");
  });

  it("says first where the error is when it was placed elsewhere or missed", () => {
    expect(said(labelled([-1], "found_error"))).toBe("The error is at step 2 or step 3, not at step 1.");
    expect(said(labelled([1, 1, 1, 1], "solution"))).toBe("There is an error: step 2 or step 3.");
  });

  it("says that there is no error where one was seen in a clean solution", () => {
    const clean = { ...item, steps: [step(1), step(0), step(1)] };
    expect(grade(clean, labelled([1, 0, 1], "solution", clean))).toMatchObject({ right: true, asked: 3, same: 3 });
    expect(said(labelled([1, -1], "found_error", clean), clean)).toBe("There is no error here, not at step 2 either.");
  });

  it("sets each step beside its expectation: same, other, open, unasked", () => {
    const { groups, asked, same } = grade(item, labelled([0, "unsure", -1], "found_error"));
    expect(groups[0]?.judged.map(({ verdict }) => verdict)).toEqual(["other", "open", "same", "unasked"]);
    expect([asked, same]).toEqual([2, 1]);
  });

  it("wants a bad problem reported, and a good one graded", () => {
    const bad = { ...item, badProblem: "no figure" };
    expect(grade(bad, labelled([], "bad_problem", bad)).right).toBe(true);
    expect(grade(bad, labelled([1, -1], "found_error", bad))).toMatchObject({ right: false, outcome: { kind: "overlooked_bad_problem" } });
    expect(grade(item, labelled([], "bad_problem"))).toMatchObject({ right: false, outcome: { kind: "not_bad_problem" } });
    expect(grade(item, labelled([1], "give_up"))).toMatchObject({ right: false, outcome: { kind: "gave_up" } });
  });

  it("grades the alternatives where they were rated, at the step that they stand for", () => {
    const offered = { ...item, steps: [step(1), step(-1)], alternatives: [step(1), step(-1)] };
    const label = labelled([1, -1], "found_error", offered);
    const own = label.steps[1]?.completions?.[0] ?? { text: "", rating: -1 as const, flagged: false };
    const rated: Label = { ...label, steps: [...label.steps.slice(0, 1), { completions: [own, { ...own, rating: 1 }, { ...own, rating: 0 }], human_completion: null, chosen_completion: null }] };
    expect(grade(offered, rated).groups[1]?.judged.map(({ verdict }) => verdict)).toEqual(["same", "other"]);
    expect(grade(offered, label).groups).toHaveLength(1);
  });
});

describe("a practised conversation beside what was expected", () => {
  const talk: PracticeTalk = { id: "t", lesson: "", problem: "p", reference: "1", turns: [{ offered: [step(1), step(-1)] }, { offered: [step(-1)], own: "ours" }] };
  const turn = (...ratings: Rating[]): LabelStep => {
    const chosen = Math.max(ratings.indexOf(1), ratings.indexOf(0));
    const completions = ratings.map((rating) => ({ text: "x", rating, flagged: false }));
    const human_completion = chosen < 0 ? { text: "mine", rating: null, source: "human" as const, flagged: false } : null;
    return { completions, human_completion, chosen_completion: chosen < 0 ? null : chosen };
  };
  const label = (finish_reason: FinishReason, ...steps: LabelStep[]): Label => ({ steps, total_time: 1, finish_reason });

  it("is right when it went on with reasonable steps only, and sets a written one beside ours", () => {
    const { right, groups, asked, same } = grade(talk, label("solution", turn(1, -1), turn(-1)));
    expect([right, asked, same]).toEqual([true, 3, 3]);
    expect(groups.map(({ written }) => written)).toEqual([undefined, { yours: "mine", ours: "ours" }]);
  });

  it("says at which turn it went on with a Bad step", () => {
    expect(grade(talk, label("solution", turn(-1, 1), turn(-1)))).toMatchObject({ right: false, outcome: { kind: "bad_way", turn: 0 }, same: 1 });
    expect(headline(en.words, grade(talk, label("solution", turn(1, -1), turn(0))).outcome)).toBe("The solution went on with a Bad step: step 2.");
  });

  it("judges as far as it came where it was given up", () => {
    const unfinished: LabelStep = { completions: null, human_completion: null, chosen_completion: null };
    expect(grade(talk, label("give_up", turn(1, -1), unfinished))).toMatchObject({ right: false, outcome: { kind: "gave_up" }, asked: 2 });
    expect(grade(talk, label("bad_problem", unfinished)).outcome.kind).toBe("not_bad_problem");
  });
});
