import { expect, it, vi } from "vitest";

vi.mock("uplot", () => ({ default: class {} }));
vi.stubGlobal("document", { documentElement: { lang: "en" } });

it("moves names apart that would stand on each other, and no others", async () => {
  const { apart } = await import("./line");
  expect(apart([10, 100], 15)).toEqual([10, 100]);
  expect(apart([50, 50], 20)).toEqual([40, 60]);
  const [first, second, third] = apart([52, 48, 50], 10) as [number, number, number];
  expect(third - second).toBeGreaterThanOrEqual(10);
  expect(first - third).toBeGreaterThanOrEqual(10);
  expect(apart([], 10)).toEqual([]);
});
