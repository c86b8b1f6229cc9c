import { expect, it } from "vitest";
import type { Answer, Claim, Failure, Work } from "./api";
import { without } from "./asking";

const failed = (kind: Failure["kind"], code = "", retryAfter: number | null = null): Failure => ({ ok: false, kind, status: 0, code, message: "", retryAfter, data: {} });
const listed = (...claims: number[]): Answer<Work | null> => ({ ok: true, status: 200, body: { claims: claims.map((id) => ({ id }) as Claim) } as unknown as Work });

it.each([
  [listed(), "empty", 20_000],
  [{ ok: true, status: 204, body: null } as Answer<null>, "empty", 20_000],
  // All of it is submitted in another tab: that there is nothing left would not be true.
  [listed(7), "loading", 1_000],
  [failed("refused", "paused"), "paused", 20_000],
  [failed("refused", "x"), "refused", 20_000],
  [failed("signed_out"), "signed_out", 4_000],
  [failed("offline"), "offline", 4_000],
  [failed("later", "", 7_000), "offline", 11_000],
] as const)("an answer that leaves the desk empty says why and when to ask again (%#)", (answer, phase, wait) => {
  expect(without(answer, 2, 0.5)).toEqual({ phase, wait });
});

it("the wait grows with every failure, to half a minute", () => {
  expect([1, 4, 9].map((failures) => without(failed("offline"), failures, 0.5).wait)).toEqual([2_000, 16_000, 30_000]);
});
