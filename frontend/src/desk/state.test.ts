import { describe, expect, it } from "vitest";
import { after, rated, subject } from "./fixtures";
import { firstBad, fromLabel, newItem, readiness, reduce, toLabel, type Action } from "./state";

const rate = (rating: -1 | 0 | 1): Action => ({ do: "rate", rating });
const WITH_ALTERNATIVES = subject(3, { "1": ["other a", "other b"] });

describe("rating", () => {
  it("moves on to the next step with each press", () => {
    const item = after(newItem(subject(3)), rate(1), rate(0));
    expect(item.marks.map((mark) => mark.rating)).toEqual([1, 0, null]);
    expect(item.place).toEqual({ at: "step", index: 2 });
  });

  it("ends at the end after the last step and after the first Bad", () => {
    expect(rated([1, 1, 1]).place).toEqual({ at: "end" });
    expect(after(newItem(subject(5)), rate(1), rate(-1)).place).toEqual({ at: "end" });
  });

  it("comes back to the first step not spoken of after a correction above", () => {
    const item = after(newItem(subject(5)), rate(1), rate(1), rate(1), { do: "go", place: { at: "step", index: 0 } }, rate(0));
    expect(item.place).toEqual({ at: "step", index: 3 });
  });

  it("corrects the Bad step in place from the end", () => {
    const item = after(newItem(subject(3)), rate(1), rate(-1), rate(1));
    expect(firstBad(item)).toBe(-1);
    expect(item.place).toEqual({ at: "step", index: 2 });
  });

  it("does nothing at the end of a solution without a Bad step", () => {
    const item = rated([1, 1]);
    expect(reduce(item, rate(1))).toBe(item);
  });
});

describe("the first-error key", () => {
  it("makes everything above Great and the step in hand Bad, keeping an Okay said by hand", () => {
    const item = after(newItem(subject(4)), rate(0), { do: "move", by: 1 }, { do: "move", by: 1 }, { do: "firstError" });
    expect(item.marks.map((mark) => mark.rating)).toEqual([0, 1, 1, -1]);
    expect(readiness(item)).toEqual({ ready: true, finish: "found_error" });
  });

  it("is undone in one press", () => {
    const before = after(newItem(subject(4)), rate(1), { do: "move", by: 1 });
    const item = after(before, { do: "firstError" }, { do: "undo" });
    expect(item.marks).toEqual(before.marks);
    expect(item.place).toEqual({ at: "step", index: 2 });
  });
});

describe("undo", () => {
  it("takes back ratings and flags one by one, to the untouched item and no further", () => {
    const start = newItem(subject(3));
    const undone = after(start, rate(1), { do: "flag" }, rate(0), { do: "undo" }, { do: "undo" }, { do: "undo" }, { do: "undo" });
    expect(undone).toEqual(start);
  });
});

describe("readiness", () => {
  it("asks for the first Bad step or all steps", () => {
    expect(readiness(after(newItem(subject(3)), rate(1), rate(1)))).toEqual({ ready: false, because: "unfinished" });
    expect(readiness(rated([1, 0, 1]))).toEqual({ ready: true, finish: "solution" });
    expect(readiness(rated([1, -1]))).toEqual({ ready: true, finish: "found_error" });
  });

  it("names the step that is missing above the Bad one", () => {
    const item = after(newItem(subject(4)), rate(1), { do: "move", by: 1 }, rate(-1));
    expect(readiness(item)).toEqual({ ready: false, because: "gap", step: 1 });
  });

  it("takes Unsure in place of a rating", () => {
    const item = after(newItem(subject(2)), { do: "flag" }, { do: "move", by: 1 }, rate(1));
    expect(readiness(item)).toEqual({ ready: true, finish: "solution" });
    expect(toLabel(item, "solution", 0).steps[0]?.completions).toEqual([{ text: subject(2).steps[0], rating: null, flagged: true }]);
  });

  it("wants all alternatives of the Bad step or none", () => {
    const bad = after(newItem(WITH_ALTERNATIVES), rate(1), rate(-1));
    expect(readiness(bad).ready).toBe(true);
    const one = after(bad, { do: "go", place: { at: "alternative", index: 0 } }, rate(1));
    expect(readiness(one)).toEqual({ ready: false, because: "alternatives", left: 1 });
    expect(readiness(after(one, rate(-1)))).toEqual({ ready: true, finish: "found_error" });
  });
});

describe("the label", () => {
  it("lists every step with its exact text for a solution", () => {
    const label = toLabel(rated([1, 0]), "solution", 1234.6);
    expect(label).toEqual({
      steps: [
        { completions: [{ text: " step 0\u00a0\n", rating: 1, flagged: false }], human_completion: null, chosen_completion: 0 },
        { completions: [{ text: " step 1\u00a0\n", rating: 0, flagged: false }], human_completion: null, chosen_completion: 0 },
      ],
      total_time: 1235,
      finish_reason: "solution",
    });
  });

  it("stops at the first Bad step and carries rated alternatives there", () => {
    const item = after(newItem(WITH_ALTERNATIVES), rate(1), rate(-1), { do: "go", place: { at: "alternative", index: 0 } }, rate(1), rate(0));
    const { steps } = toLabel(item, "found_error", 0);
    expect(steps).toHaveLength(2);
    expect(steps[1]?.chosen_completion).toBeNull();
    expect(steps[1]?.completions?.map(({ text, rating }) => [text, rating])).toEqual([[WITH_ALTERNATIVES.steps[1], -1], ["other a", 1], ["other b", 0]]);
  });

  it("leaves out ratings below a step that was corrected to Bad", () => {
    const item = after(rated([1, 1, 1]), { do: "go", place: { at: "step", index: 0 } }, rate(-1));
    expect(toLabel(item, "found_error", 0).steps).toHaveLength(1);
  });

  it("ends a given-up item with an unfinished step after what was rated", () => {
    const item = after(newItem(subject(3)), rate(1));
    expect(toLabel(item, "give_up", 0).steps.at(-1)).toEqual({ completions: null, human_completion: null, chosen_completion: null });
    expect(toLabel(item, "give_up", 0).steps).toHaveLength(2);
    expect(toLabel(rated([1, -1], subject(3)), "bad_problem", 0).steps.every((step) => step.completions)).toBe(true);
    expect(toLabel(newItem(subject(3)), "bad_problem", 0).steps).toHaveLength(1);
  });

  it("never says negative time or more than a day", () => {
    expect(toLabel(rated([1]), "solution", -5).total_time).toBe(0);
    expect(toLabel(rated([1]), "solution", 1e12).total_time).toBe(86_400_000);
  });

  it("opens again as it was", () => {
    const item = after(newItem(WITH_ALTERNATIVES), rate(0), rate(-1), { do: "go", place: { at: "alternative", index: 0 } }, rate(1), rate(0));
    const label = toLabel(item, "found_error", 5000);
    const again = fromLabel(WITH_ALTERNATIVES, label, "logic", "a note");
    expect(toLabel(again, "found_error", 5000)).toEqual(label);
    expect([again.errorKind, again.errorNote]).toEqual(["logic", "a note"]);
  });
});

describe("moving", () => {
  it("goes past the Bad step over its alternatives to the end, and no further", () => {
    const bad = after(newItem(WITH_ALTERNATIVES), rate(1), rate(-1));
    const down = { do: "move", by: 1 } as const;
    const up = { do: "move", by: -1 } as const;
    expect(after(bad, up).place).toEqual({ at: "alternative", index: 1 });
    expect(after(bad, up, up, up).place).toEqual({ at: "step", index: 1 });
    expect(reduce(bad, down)).toBe(bad);
  });
});
