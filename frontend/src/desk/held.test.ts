import { describe, expect, it } from "vitest";

import type { Claim } from "./api";
import { fromClaim, isSaidIn, toEntry, type Held } from "./held";
import { reduce, type Action } from "./state";

const CLAIM = {
  id: 1, problem: { text: "p", answer: null }, steps: ["a", "b", "c"], answer: null, alternatives: { "1": ["x", "y"] }, turns: null,
  draft: null, draft_version: 0, expires_at: null,
} as unknown as Claim;

const after = (...actions: Action[]): Held => {
  const held = fromClaim(CLAIM, null);
  return { ...held, item: actions.reduce(reduce, held.item) };
};
const rate = (...ratings: (-1 | 0 | 1)[]): Action[] => ratings.map((rating) => ({ do: "rate", rating }));
const submitted = (held: Held, finish: "solution" | "found_error") =>
  toEntry(held, { finish, key: "k", reason: "", activeMs: 1, at: 1 }, { account: 1, project: "p" }).body;

describe("an item that another tab submitted", () => {
  const body = submitted(after(...rate(1, 0, 1)), "solution");

  it("says all that a copy says which got less far", () => {
    expect(isSaidIn(after(), body)).toBe(true);
    expect(isSaidIn(after(...rate(1, 0)), body)).toBe(true);
    expect(isSaidIn(after(...rate(1, 0, 1)), body)).toBe(true);
  });

  it("lacks what a copy says otherwise, or beside it", () => {
    expect(isSaidIn(after(...rate(1, 1)), body)).toBe(false);
    expect(isSaidIn(after(...rate(1), { do: "flag" }), body)).toBe(false);
    expect(isSaidIn(after(...rate(1, -1)), body)).toBe(false);
  });

  it("counts the alternatives and what was said to be wrong", () => {
    const wrong = after(...rate(1, -1), { do: "kind", kind: "calculation" });
    const error = submitted(wrong, "found_error");
    expect(isSaidIn(wrong, error)).toBe(true);
    expect(isSaidIn(after(...rate(1, -1), { do: "note", text: "sign" }), error)).toBe(false);
    const place = { at: "alternative", index: 0 } as const;
    expect(isSaidIn(after(...rate(1, -1), { do: "rate", rating: 1, place }), error)).toBe(false);
  });
});
