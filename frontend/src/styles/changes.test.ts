import { expect, it } from "vitest";
import { changes, type Held } from "./changes";

const words = { changed: "{label}: {last} → {now}", default: "default {default}", on: "yes", off: "no", none: "no limit" };
const held: Held = {
  fields: {
    budget: { label: "Budget", last: 200, default: 100 },
    per_problem: { label: "At most", last: null, default: 2 },
    control: { label: "Control", last: true, default: false },
  },
  words,
};

it("says nothing while nothing is changed", () => {
  expect(changes(held, { budget: "200", per_problem: "", control: "on" })).toEqual([]);
});

it("says what was, what is, and what is usual where that is a third thing", () => {
  expect(changes(held, { budget: "300", per_problem: "2" })).toEqual(["Budget: 200 → 300 (default 100)", "At most: no limit → 2", "Control: yes → no"]);
});

it("puts a field's own text in as it is", () => {
  expect(changes({ fields: { base: { label: "{now}", last: "tiny", default: "tiny" } }, words }, { base: "<b>" })).toEqual(["{now}: tiny → <b>"]);
});
