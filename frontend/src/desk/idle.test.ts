import { expect, it, vi } from "vitest";
import { persistently } from "./idle";

it("what cannot be loaded is asked for again, less and less often, until it is there", async () => {
  vi.useFakeTimers();
  const load = vi.fn(async () => (load.mock.calls.length < 4 ? Promise.reject(new Error("offline")) : "here"));
  const loaded = persistently(load, 100);
  await vi.advanceTimersByTimeAsync(699);
  expect(load).toHaveBeenCalledTimes(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(await loaded).toBe("here");
  vi.useRealTimers();
});
