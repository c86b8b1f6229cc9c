import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer, Failure, Submitted } from "./api";
import { rated, subject } from "./fixtures";
import { createOutbox, newKey, tabLock, type OutboxState } from "./outbox";
import { toLabel } from "./state";
import { clearDesk, memoryStore, openStore, waitingSubmissions, type Entry, type Store } from "./store";

const RECEIPT: Submitted = { receipt: { annotation: 1, sha256: "ab" } };
const failed = (kind: Failure["kind"], code = "", retryAfter: number | null = null): Failure => ({ ok: false, kind, status: 0, code, message: "", retryAfter, data: {} });
const delivered: Answer<Submitted> = { ok: true, status: 201, body: RECEIPT };

let clock = 0;
function entry(account = 7): Entry {
  const client_key = newKey();
  const label = toLabel(rated([1]), "solution", 1);
  return { client_key, account, project: "p", kind: "submission", target: clock, body: { client_key, label }, subject: subject(1), added: clock++, state: "waiting", problem: null };
}

function outboxOn(store: Store, answers: Answer<Submitted>[], more: { account?: number; lock?: (run: () => Promise<void>) => Promise<void> } = {}) {
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

describe("a submission", () => {
  it("is kept until its receipt and sent once", async () => {
    const { outbox, sent, receipts, last } = outboxOn(store, []);
    const one = entry();
    await outbox.add(one);
    await vi.waitFor(() => expect(receipts).toEqual([one.client_key]));
    await vi.waitFor(() => expect(last()).toEqual({ condition: "idle", waiting: 0, aside: [] }));
    expect(sent).toHaveLength(1);
    expect(await store.entries(7)).toEqual([]);
  });

  it("counts as waiting from the first moment, before the disk has it", async () => {
    const { outbox, states } = outboxOn(store, []);
    void outbox.add(entry());
    await vi.waitFor(() => expect(states[0]?.waiting).toBe(1));
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

  it("waits at least as long as Retry-After says", async () => {
    const { outbox, timers } = outboxOn(store, [failed("later", "throttled", 7_000)]);
    await outbox.add(entry());
    await vi.waitFor(() => expect(timers[0]?.ms).toBeGreaterThanOrEqual(7_000));
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

  it("is warned of and cleared at signing out", async () => {
    await store.put(entry());
    expect(await waitingSubmissions(factory)).toBe(1);
    await clearDesk(factory);
    expect(await waitingSubmissions(factory)).toBe(0);
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
