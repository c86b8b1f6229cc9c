import { expect, it } from "vitest";
import { activeAt, IDLE_AFTER, NOT_STARTED, pause, touch } from "./active";

it("counts from the first sign of life", () => {
  expect(activeAt(NOT_STARTED, 5_000)).toBe(0);
  expect(activeAt(touch(NOT_STARTED, 5_000), 8_000)).toBe(3_000);
});

it("counts an idle stretch up to the cut-off only", () => {
  const time = touch(touch(NOT_STARTED, 0), 3_600_000);
  expect(time.total).toBe(IDLE_AFTER);
});

it("does not count while put away", () => {
  const time = touch(pause(touch(NOT_STARTED, 0), 2_000), 50_000);
  expect(activeAt(time, 51_000)).toBe(3_000);
});

it("never runs backwards when the clock does", () => {
  expect(touch(touch(NOT_STARTED, 10_000), 4_000).total).toBe(0);
});
