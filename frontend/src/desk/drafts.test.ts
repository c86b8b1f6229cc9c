import { describe, expect, it, vi } from "vitest";
import type { Answer, Failure } from "./api";
import { chooseDraft, createDraftSync, DRAFT_INTERVAL, fromDraft, readDraft, toDraft, type Draft } from "./drafts";
import { after, rated, subject } from "./fixtures";
import { newItem } from "./state";
import { memoryStore } from "./store";

const SUBJECT = subject(3, { "1": ["a", "b"] });
const draft = (ratings: readonly (-1 | 0 | 1)[], from = "tab", at = 1): Draft => toDraft(rated(ratings, SUBJECT), 100, from, at);
const stored = (version: number, dirty: boolean) => ({ account: 7, claim: 1, version, dirty, draft: null });

describe("a draft", () => {
  it("brings an item back as it was", () => {
    const item = after(rated([1, -1], SUBJECT), { do: "go", place: { at: "alternative", index: 0 } }, { do: "rate", rating: 0 }, { do: "kind", kind: "logic" });
    const back = fromDraft(readDraft(JSON.parse(JSON.stringify(toDraft(item, 50, "tab", 1))), SUBJECT) as Draft, SUBJECT);
    expect({ marks: back.marks, alternatives: back.alternatives, kind: back.errorKind }).toEqual({ marks: item.marks, alternatives: item.alternatives, kind: "logic" });
  });

  it("that does not fit the solution, or is no draft, is not read", () => {
    for (const odd of [null, 5, "x", [], {}, { v: 1 }, { v: 1, marks: [[1, false]] }, { ...draft([1]), marks: [[9, false], [1, 2], [null, true]] }]) {
      expect(readDraft(odd, SUBJECT)).toBeNull();
    }
  });
});

describe("choosing between the server's copy and the one here", () => {
  it("takes the one here while the server's has not moved on", () => {
    expect(chooseDraft(draft([1]), 3, draft([1, 1]), stored(3, true)).draft).toEqual(draft([1, 1]));
  });

  it("takes the server's where nothing here was unsaved", () => {
    expect(chooseDraft(draft([1, 1], "other"), 4, draft([1]), stored(3, false))).toEqual({ draft: draft([1, 1], "other"), other: null });
  });

  it("takes the one here where the answer to our own save was lost", () => {
    expect(chooseDraft(draft([1], "tab"), 4, draft([1, 1], "tab"), stored(3, true))).toEqual({ draft: draft([1, 1], "tab"), other: null });
  });

  it("shows the newer and offers the other where both changed", () => {
    const here = draft([1, 1], "tab", 5);
    const there = draft([0], "elsewhere", 9);
    expect(chooseDraft(there, 4, here, stored(3, true))).toEqual({ draft: there, other: here });
    expect(chooseDraft({ ...there, at: 2 }, 4, here, stored(3, true))).toEqual({ draft: here, other: { ...there, at: 2 } });
  });
});

describe("saving", () => {
  const refused = (code: string, data: Record<string, unknown> = {}): Failure => ({ ok: false, kind: "refused", status: 409, code, message: "", retryAfter: null, data });

  type Saved = Answer<{ version: number; expires_at: string }>;

  function syncWith(answers: (Saved | Promise<Saved>)[]) {
    vi.useFakeTimers();
    const store = memoryStore();
    const sent: [number, number, Draft][] = [];
    const signals: AbortSignal[] = [];
    const calls = { conflict: vi.fn(), lost: vi.fn(), state: vi.fn(), kept: vi.fn() };
    let version = 0;
    const sync = createDraftSync({
      save: async (claim, seen, content, stop) => {
        sent.push([claim, seen, content as Draft]);
        signals.push(stop);
        return answers.shift() ?? { ok: true, status: 200, body: { version: (version = seen + 1), expires_at: "" } };
      },
      store,
      account: 7,
      setTimer: (run, ms) => setTimeout(run, ms),
      now: () => Date.now(),
      random: () => 0.5,
      onState: calls.state,
      onConflict: calls.conflict,
      onLeaseLost: calls.lost,
      onKept: calls.kept,
    });
    return { sync, store, sent, signals, calls, version: () => version };
  }

  it("keeps every change here at once and sends at most every five seconds, the newest", async () => {
    const { sync, store, sent } = syncWith([]);
    sync.save(1, draft([1]));
    expect(await store.draft(7, 1)).toMatchObject({ dirty: true, draft: draft([1]) });
    await vi.advanceTimersByTimeAsync(10);
    for (const ratings of [[1, 0], [1, 0, 1]] as const) sync.save(1, draft(ratings));
    await vi.advanceTimersByTimeAsync(DRAFT_INTERVAL - 100);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(sent.map(([, version, content]) => [version, content.marks.filter(([rating]) => rating !== null).length])).toEqual([[0, 1], [1, 3]]);
    expect(await store.draft(7, 1)).toMatchObject({ version: 2, dirty: false });
  });

  it("tries again after no answer, later each time", async () => {
    const offline: Failure = { ...refused("offline"), kind: "offline", status: 0 };
    const { sync, sent, calls } = syncWith([offline, offline]);
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(20);
    expect(calls.state).toHaveBeenLastCalledWith("offline");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(sent).toHaveLength(3);
    expect(calls.state).toHaveBeenLastCalledWith("saved");
  });

  it("waits longer than Retry-After says, so that not everybody comes back at the same moment", async () => {
    const { sync, sent } = syncWith([{ ...refused("unavailable"), kind: "later", status: 503, retryAfter: 20_000 }]);
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(20_000 + 20_000 * 0.25);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent).toHaveLength(2);
  });

  it("goes at once when the page goes to the back", async () => {
    const { sync, sent } = syncWith([]);
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(10);
    sync.save(1, draft([1, 1]));
    sync.flush();
    await vi.advanceTimersByTimeAsync(10);
    expect(sent.map(([, version]) => version)).toEqual([0, 1]);
  });

  it("goes right behind an older one that is on its way when the page goes to the back", async () => {
    const { sync, sent } = syncWith([]);
    sync.save(1, draft([1]));
    vi.advanceTimersByTime(0);
    sync.save(1, draft([1, 1]));
    sync.flush();
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10);
    expect(sent.map(([, version]) => version)).toEqual([0, 1]);
  });

  it("is never called saved while the server lacks the newest change", async () => {
    const { sync, calls } = syncWith([]);
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(10);
    expect(calls.state).toHaveBeenLastCalledWith("saved");
    sync.save(1, draft([1, 1]));
    expect(calls.state).toHaveBeenLastCalledWith("saving");
    await vi.advanceTimersByTimeAsync(DRAFT_INTERVAL);
    expect(calls.state).toHaveBeenLastCalledWith("saved");
  });

  it("says whether this browser kept the copy", async () => {
    const { sync, store, calls } = syncWith([]);
    vi.spyOn(store, "putDraft").mockRejectedValueOnce(new DOMException("full", "QuotaExceededError"));
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(1);
    // The first copy was refused; the one written when the server had it was not.
    expect(calls.kept.mock.calls).toEqual([[false], [true]]);
  });

  it("is called off where its item is submitted, and the next item's goes without a penalty", async () => {
    let end = (_: Saved): void => undefined;
    const { sync, sent, signals, calls } = syncWith([new Promise<Saved>((resolve) => (end = resolve))]);
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(10);
    sync.save(2, draft([0]));
    expect(signals[0]?.aborted).toBe(false);
    sync.forget(1);
    expect(signals[0]?.aborted).toBe(true);
    end({ ok: false, kind: "offline", status: 0, code: "offline", message: "", retryAfter: null, data: {} });
    await vi.advanceTimersByTimeAsync(DRAFT_INTERVAL);
    expect(sent.map(([claim]) => claim)).toEqual([1, 2]);
    expect(calls.state).not.toHaveBeenCalledWith("offline");
    expect(calls.state).toHaveBeenLastCalledWith("saved");
  });

  it("is called off where its item is given back, and goes again where that could not be said", async () => {
    let end = (_: Saved): void => undefined;
    const { sync, sent, signals } = syncWith([new Promise<Saved>((resolve) => (end = resolve))]);
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(10);
    sync.hold(1);
    expect(signals[0]?.aborted).toBe(true);
    end({ ok: false, kind: "offline", status: 0, code: "offline", message: "", retryAfter: null, data: {} });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    sync.release(1);
    await vi.advanceTimersByTimeAsync(DRAFT_INTERVAL);
    expect(sent.map(([claim, version]) => [claim, version])).toEqual([[1, 0], [1, 0]]);
  });

  it("is not called off where another item is submitted", async () => {
    const { sync, signals } = syncWith([]);
    sync.save(1, draft([1]));
    vi.advanceTimersByTime(0);
    sync.forget(2);
    expect(signals[0]?.aborted).toBe(false);
  });

  it("stops over another copy and says so, until somebody chose", async () => {
    const { sync, sent, calls } = syncWith([refused("stale_draft", { version: 6, draft: { v: 1 } })]);
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(calls.conflict).toHaveBeenCalledWith(1, 6, { v: 1 });
    expect(sent).toHaveLength(1);
    sync.release(1, 6);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent.at(-1)?.[1]).toBe(6);
  });

  it("keeps the copy here and goes on when the lease is lost", async () => {
    const { sync, store, sent, calls } = syncWith([refused("lease_lost")]);
    sync.save(1, draft([1]));
    await vi.advanceTimersByTimeAsync(20);
    sync.save(1, draft([1, 1]));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.lost).toHaveBeenCalledOnce();
    expect(sent).toHaveLength(1);
    expect(await store.draft(7, 1)).toMatchObject({ draft: draft([1, 1]) });
  });
});

it("an untouched item has an empty draft that reads back untouched", () => {
  expect(fromDraft(readDraft(toDraft(newItem(SUBJECT), 0, "t", 0), SUBJECT) as Draft, SUBJECT)).toEqual(newItem(SUBJECT));
});
