import { expect, it } from "vitest";
import { countLabel, currentStage, curveColumns, isFinal, toneOf, type Words } from "./progress";

it("shows the running stage, or the last that ran", () => {
  const stages = [{ name: "freeze", state: "done" }, { name: "train", state: "running" }, { name: "score", state: "waiting" }];
  expect(currentStage({ state: "running", stages })?.name).toBe("train");
  expect(currentStage({ state: "failed", stages: [{ name: "freeze", state: "done" }, { name: "train", state: "failed" }, { name: "score", state: "waiting" }] })?.name).toBe("train");
});

const ENGLISH: Words = { language: "en", states: {}, counted: "{done} of {total}" };

it("counts in words and says nothing where nothing is counted", () => {
  expect(countLabel({ done: 4_000, total: 10_000 }, ENGLISH)).toBe("4,000 of 10,000");
  expect(countLabel({ done: 3 }, ENGLISH)).toBe("3");
  expect(countLabel({}, ENGLISH)).toBe("");
  expect(countLabel(null, ENGLISH)).toBe("");
});

it("counts as the page's language writes numbers", () => {
  const german: Words = { language: "de", states: {}, counted: "{done} von {total}" };
  expect(countLabel({ done: 4_000, total: 10_000 }, german)).toBe("4.000 von 10.000");
});

it("draws a resumed training's repeated steps once, the later value", () => {
  expect(curveColumns([[0, 3], [10, 2], [20, 9], [10, 1.9], [20, 1.5]])).toEqual({ x: [0, 10, 20], y: [3, 1.9, 1.5] });
});

it("knows when a round has ended and how that looks", () => {
  expect(["running", "waiting", "done", "failed", "cancelled"].map(isFinal)).toEqual([false, false, true, true, true]);
  expect([toneOf("done"), toneOf("failed"), toneOf("unheard of")]).toEqual(["good", "bad", ""]);
});
