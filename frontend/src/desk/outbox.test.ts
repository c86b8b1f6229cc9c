import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer, Failure, Submitted } from "./api";
import { entry } from "./fixtures";
import { createOutbox, LONGEST_WAIT, newKey, tabLock, type OutboxState } from "./outbox";
import { memoryStore, openStore, type Entry, type Store } from "./store";

const RECEIPT: Submitted = { receipt: { annotation: 1, sha256: "ab" } };
const failed = (kind: Failure["kind"], code = "", retryAfter: number | null = null): Failure => ({ ok: false, kind, status: 0, code, message: "", retryAfter, data: {} });
const delivered: Answer<Submitted> = { ok: true, status: 201, body: RECEIPT };

function outboxOn(store: Store, answers: Answer<Submitted>[], more: { account?: number; lock?: (run: () => Promise<void>) => Promise<void>; now?: () => number } = {}) {
  const sent: Entry[] = [];
  const states: OutboxState[] = [];
  const receipts: string[] = [];
  const timers: { run: () => void; ms: number }[] = [];
  const outbox = createOutbox({
    store,
    account: more.account ?? 7,
    send: async (one) => {
      sent.push(one);
      return answers.shift() ?? delivered;
    },
    lock: more.lock ?? ((run) => run()),
    setTimer: (run, ms) => timers.push({ run, ms }),
    now: more.now ?? (() => 0),
    random: () => 1,
    onState: (state) => states.push(state),
    onReceipt: (one) => receipts.push(one.client_key),
    tell: () => undefined,
  });
  return { outbox, sent, states, receipts, timers, last: () => states.at(-1) };
}

let store: Store;
let factory: IDBFactory;
beforeEach(async () => {
  factory = new IDBFactory();
  store = await openStore(factory);
});

describe("a correction of what waits", () => {
  const first = { ...entry(), client_key: "first" };
  const correction: Entry = { ...entry(), client_key: "correction", kind: "amendment", target: 0, after: "first" };
  const second: Entry = { ...entry(), client_key: "second", kind: "amendment", target: 0, after: "correction" };
  const stored = (annotation: number): Answer<Submitted> => ({ ok: true, status: 201, body: { receipt: { annotation, sha256: "ab" } } });
  const targets = (sent: readonly Entry[]) => sent.map((one) => [one.client_key, one.target]);

  it("goes behind it, under the id that it was stored as, and so does a correction of that", async () => {
    const { outbox, sent, timers, last } = outboxOn(store, [failed("offline"), stored(41), stored(42), stored(43)]);
    await outbox.add(first);
    await outbox.add(correction);
    await outbox.add(second);
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "offline", waiting: 3 }));
    timers.at(-1)?.run();
    await vi.waitFor(() => expect(last()?.waiting).toBe(0));
    expect(targets(sent).slice(1)).toEqual([["first", first.target], ["correction", 41], ["second", 42]]);
  });

  it("finds its id also where it was made while the receipt was read", async () => {
    const { outbox, sent, receipts } = outboxOn(store, [stored(41)]);
    await outbox.add(first);
    await vi.waitFor(() => expect(receipts).toEqual(["first"]));
    await outbox.add(correction);
    await vi.waitFor(() => expect(targets(sent).at(-1)).toEqual(["correction", 41]));
  });

  it("knows its id after a crash between the receipt and its own sending", async () => {
    const before = outboxOn(store, [stored(41), failed("signed_out")]);
    await store.put(correction);
    await before.outbox.add(first);
    await vi.waitFor(() => expect(before.last()).toMatchObject({ condition: "signed_out", waiting: 1 }));
    const after = outboxOn(await openStore(factory), []);
    after.outbox.wake();
    await vi.waitFor(() => expect(targets(after.sent)).toEqual([["correction", 41]]));
  });

  it("waits for what becomes of one that was refused, and goes with it when that is let go", async () => {
    const { outbox, sent, last } = outboxOn(store, [failed("refused", "batch_closed")]);
    await store.put(correction);
    await outbox.add(first);
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "idle", waiting: 0, aside: [{ client_key: "first" }] }));
    expect(sent).toHaveLength(1);
    await outbox.drop("first");
    expect(await store.entries(7)).toEqual([]);
  });
});

describe("a submission", () => {
  it("is kept until its receipt and sent once", async () => {
    const { outbox, sent, receipts, last } = outboxOn(store, []);
    const one = entry();
    await outbox.add(one);
    await vi.waitFor(() => expect(receipts).toEqual([one.client_key]));
    await vi.waitFor(() => expect(last()).toEqual({ condition: "idle", waiting: 0, aside: [], unkept: 0 }));
    expect(sent).toHaveLength(1);
    expect(await store.entries(7)).toEqual([]);
  });

  it("counts as waiting from the first moment, before the disk has it", async () => {
    const { outbox, states } = outboxOn(store, []);
    void outbox.add(entry());
    expect(states).toMatchObject([{ condition: "sending", waiting: 1 }]);
  });

  it("without an answer waits and goes again under the same key", async () => {
    const { outbox, sent, timers, last } = outboxOn(store, [failed("offline"), failed("later", "unavailable")]);
    await outbox.add(entry());
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "offline", waiting: 1 }));
    timers[0]?.run();
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "busy", waiting: 1 }));
    timers[1]?.run();
    await vi.waitFor(() => expect(last()?.waiting).toBe(0));
    expect(new Set(sent.map((one) => one.client_key)).size).toBe(1);
    expect(timers.map(({ ms }) => ms)).toEqual([2_000, 4_000]);
  });

  it("waits at least as long as Retry-After says, whatever is submitted or comes to the front meanwhile", async () => {
    let time = 0;
    const { outbox, sent, timers, last } = outboxOn(store, [failed("later", "throttled", 7_000)], { now: () => time });
    await outbox.add(entry());
    await vi.waitFor(() => expect(timers[0]?.ms).toBeGreaterThanOrEqual(7_000));
    time = 6_999;
    await outbox.add(entry());
    outbox.wake("back");
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "busy", waiting: 2 }));
    expect(sent).toHaveLength(1);
    time = 7_000;
    outbox.wake("back");
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "idle", waiting: 0 }));
  });

  it("goes at once when a person asks for it", async () => {
    const { outbox, last } = outboxOn(store, [failed("later", "throttled", 7_000)]);
    await outbox.add(entry());
    await vi.waitFor(() => expect(last()?.condition).toBe("busy"));
    outbox.wake("asked");
    await vi.waitFor(() => expect(last()?.waiting).toBe(0));
  });

  it("that the server stumbles over does not hold up the others", async () => {
    const [poison, ...others] = [entry(), entry(), entry(), entry()];
    for (const one of [poison, ...others]) await store.put(one as Entry);
    const stumble: Failure = { ...failed("later", "http_500"), status: 500 };
    const { outbox, receipts, timers, last } = outboxOn(store, [stumble]);
    outbox.wake();
    await vi.waitFor(() => expect(receipts).toEqual(others.map((one) => one.client_key)));
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "busy", waiting: 1 }));
    timers[0]?.run();
    await vi.waitFor(() => expect(receipts).toContain(poison?.client_key));
  });

  it("costs a server that stumbles over everything two requests a try, not one for each that waits", async () => {
    for (let turn = 0; turn < 9; turn += 1) await store.put(entry());
    const stumble: Failure = { ...failed("later", "http_500"), status: 500 };
    const { outbox, sent, timers, last } = outboxOn(store, [stumble, stumble, stumble, stumble]);
    outbox.wake();
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "busy", waiting: 9 }));
    expect(sent).toHaveLength(2);
    timers[0]?.run();
    await vi.waitFor(() => expect(sent).toHaveLength(4));
  });

  it("is held without any timer while signed out, and sent on waking", async () => {
    const { outbox, timers, last } = outboxOn(store, [failed("signed_out")]);
    await outbox.add(entry());
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "signed_out", waiting: 1 }));
    expect(timers).toEqual([]);
    outbox.wake();
    await vi.waitFor(() => expect(last()?.waiting).toBe(0));
  });

  it.each(["key_reused", "already_labelled", "invalid"])("that is refused (%s) is set aside and kept, and the next one goes", async (code) => {
    const { outbox, receipts, last } = outboxOn(store, [failed("refused", code)]);
    const [first, second] = [entry(), entry()];
    await outbox.add(first);
    await outbox.add(second);
    await vi.waitFor(() => expect(receipts).toEqual([second.client_key]));
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "idle", waiting: 0 }));
    expect(last()?.aside.map((one) => one.problem?.code)).toEqual([code]);
    expect(await store.entries(7)).toHaveLength(1);
    await outbox.again(first.client_key);
    await vi.waitFor(() => expect(receipts).toContain(first.client_key));
  });

  it("goes in the order in which it was made", async () => {
    const { outbox, sent, last } = outboxOn(store, [failed("signed_out")]);
    const entries = [entry(), entry(), entry()];
    for (const one of entries) await outbox.add(one);
    outbox.wake();
    await vi.waitFor(() => expect(last()?.waiting).toBe(0));
    expect([...new Set(sent.map((one) => one.client_key))]).toEqual(entries.map((one) => one.client_key));
  });
});

describe("another person, tab or visit", () => {
  it("never sends what another account left behind", async () => {
    await store.put(entry(7));
    const { outbox, sent, last } = outboxOn(store, [], { account: 8 });
    outbox.wake();
    await vi.waitFor(() => expect(last()?.waiting).toBe(0));
    expect(sent).toEqual([]);
    expect(await store.entries(7)).toHaveLength(1);
  });

  it("sends after a reload what was left", async () => {
    await store.put(entry());
    const { outbox, receipts } = outboxOn(await openStore(factory), []);
    outbox.wake();
    await vi.waitFor(() => expect(receipts).toHaveLength(1));
  });

  it("shares the work between two tabs without sending anything twice", async () => {
    let queue = Promise.resolve();
    const lock = (run: () => Promise<void>) => (queue = queue.then(run));
    for (let turn = 0; turn < 20; turn += 1) await store.put(entry());
    const one = outboxOn(store, [], { lock });
    const other = outboxOn(await openStore(factory), [], { lock });
    one.outbox.wake();
    other.outbox.wake();
    await vi.waitFor(async () => expect(await store.entries(7)).toEqual([]));
    expect([...one.sent, ...other.sent]).toHaveLength(20);
  });

  it("sends what another tab has added, should that tab be gone", async () => {
    const { outbox, receipts, last } = outboxOn(store, []);
    outbox.wake();
    await vi.waitFor(() => expect(last()?.condition).toBe("idle"));
    const theirs = entry();
    await store.put(theirs);
    await outbox.refresh();
    await vi.waitFor(() => expect(receipts).toEqual([theirs.client_key]));
  });

  it("takes over what another tab submitted and died of before it reached the disk", async () => {
    const { outbox, sent, last } = outboxOn(store, []);
    const one = entry();
    await outbox.adopt(one);
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "idle", waiting: 0 }));
    expect(sent).toEqual([one]);
    await outbox.adopt(one);
    expect(sent).toHaveLength(1);
  });

  it("waits with another tab for what that has to send, and sends nothing that has its receipt there", async () => {
    let free = (): void => undefined;
    const held = new Promise<void>((resolve) => (free = resolve));
    const { outbox, sent, last } = outboxOn(store, [], { lock: async (run) => (await held, run()) });
    const one = entry();
    await outbox.adopt(one);
    expect(last()).toMatchObject({ condition: "sending", waiting: 1 });
    await store.remove(one.client_key);
    outbox.settledElsewhere(one.client_key);
    free();
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "idle", waiting: 0 }));
    expect(sent).toEqual([]);
  });

  it("takes over nothing that was put aside for a person to decide on", async () => {
    const refused: Entry = { ...entry(), state: "aside", problem: { code: "invalid", message: "" } };
    await store.put(refused);
    const { outbox, sent, last } = outboxOn(store, []);
    await outbox.adopt({ ...refused, state: "waiting", problem: null });
    expect(sent).toEqual([]);
    expect(last()?.aside).toEqual([refused]);
  });

  it("says that all is well when another tab has sent what could not go from here", async () => {
    const { outbox, last } = outboxOn(store, [failed("signed_out")]);
    const one = entry();
    await outbox.add(one);
    await vi.waitFor(() => expect(last()?.condition).toBe("signed_out"));
    await store.remove(one.client_key);
    await outbox.refresh();
    expect(last()).toMatchObject({ condition: "idle", waiting: 0 });
  });
});

describe("a disk that fails", () => {
  const full = () => Promise.reject(new DOMException("full", "QuotaExceededError"));

  it("when full leaves the submission in memory, says so, and it is sent all the same", async () => {
    const { outbox, states, receipts, last } = outboxOn({ ...store, put: full }, [failed("offline")]);
    const one = entry();
    await expect(outbox.add(one)).rejects.toThrow("full");
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "offline", waiting: 1, unkept: 1 }));
    outbox.wake("asked");
    await vi.waitFor(() => expect(receipts).toEqual([one.client_key]));
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "idle", waiting: 0, unkept: 0 }));
    expect(states.every((state) => state.aside.length === 0)).toBe(true);
  });

  it("when it cannot be read or cleared neither stops the sending nor sends anything for ever", async () => {
    const kept = await store.put(entry()).then(() => store);
    const { outbox, sent, last } = outboxOn({ ...kept, remove: full }, []);
    outbox.wake();
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "idle", waiting: 0 }));
    expect(sent).toHaveLength(1);
    const unreadable = outboxOn({ ...kept, entries: full }, []);
    await unreadable.outbox.add(entry());
    await vi.waitFor(() => expect(unreadable.last()).toMatchObject({ condition: "idle", waiting: 0 }));
    expect(unreadable.sent).toHaveLength(1);
  });

  it("when a refusal cannot be written down sends it no second time", async () => {
    const one = entry();
    await store.put(one);
    const { outbox, sent, last } = outboxOn({ ...store, put: full }, [failed("refused", "batch_closed")]);
    outbox.wake();
    await vi.waitFor(() => expect(last()).toMatchObject({ condition: "idle", waiting: 0 }));
    expect(last()?.aside.map((entry) => entry.client_key)).toEqual([one.client_key]);
    expect(sent).toHaveLength(1);
  });
});

describe("F36: five hundred desks that come back at once", () => {
  const DESKS = 500;

  /** When each desk sends again after `failures` answers of the same kind, in ms after the last one; a small generator with a seed. */
  async function returns(failures: number, answer: Failure, why: "timer" | "online"): Promise<readonly number[]> {
    let seed = 42;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const later = () => new Promise((resolve) => setTimeout(resolve, 0));
    const desks = await Promise.all(
      Array.from({ length: DESKS }, async () => {
        const timers: { run: () => void; ms: number }[] = [];
        const store = memoryStore();
        await store.put(entry());
        const quiet = { onState: () => undefined, onReceipt: () => undefined, tell: () => undefined };
        const setTimer = (run: () => void, ms: number) => timers.push({ run, ms });
        return { timers, outbox: createOutbox({ ...quiet, store, account: 7, random, now: () => 0, lock: (run) => run(), send: async () => answer, setTimer }) };
      }),
    );
    for (const { outbox } of desks) outbox.wake();
    for (let turn = 1; turn < failures; turn += 1) {
      await later();
      for (const { timers } of desks) timers.at(-1)?.run();
    }
    await later();
    expect(desks.map(({ timers }) => timers.length)).toEqual(desks.map(() => failures));
    if (why === "online") for (const { outbox } of desks) outbox.wake("online");
    return desks.map(({ timers }) => timers.at(-1)?.ms ?? NaN).sort((one, other) => one - other);
  }

  /** The most that fall into any one second. */
  const busiest = (times: readonly number[]) => Math.max(...times.map((time) => times.filter((other) => other >= time && other < time + 1_000).length));

  it.each([["timer", 0.25] as const, ["online", 0] as const])("after an outage are spread over half a minute (%s)", async (why, least) => {
    const times = await returns(6, failed("offline"), why);
    expect(times[0]).toBeGreaterThanOrEqual(least * LONGEST_WAIT);
    expect(times.at(-1)).toBeLessThanOrEqual(LONGEST_WAIT);
    // Even over the span would be 500 / 22.5 or 500 / 30 in a second.
    expect(busiest(times)).toBeLessThan(45);
  });

  it("after a 503 keep to its Retry-After and do not come in the same second behind it", async () => {
    const times = await returns(1, failed("later", "unavailable", 20_000), "timer");
    expect(times[0]).toBeGreaterThanOrEqual(25_000);
    expect(busiest(times)).toBeLessThan(60);
  });
});

it("a browser that keeps nothing says so and works all the same", async () => {
  const broken = { open: () => { throw new Error("no storage"); } } as unknown as IDBFactory;
  const forgetful = await openStore(broken);
  expect(forgetful.durable).toBe(false);
  const { outbox, receipts } = outboxOn(memoryStore(), []);
  await outbox.add(entry());
  await vi.waitFor(() => expect(receipts).toHaveLength(1));
});

it("keys are random UUIDs of version 4", () => {
  expect(newKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newKey()).not.toBe(newKey());
});

it("a lock without the browser's locks runs at once", async () => {
  const run = vi.fn(async () => undefined);
  await tabLock("x", undefined)(run);
  expect(run).toHaveBeenCalledOnce();
});
