import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { entry } from "./fixtures";
import { journalIn } from "./journal";
import { memoryStore, openStore, pageStore, type Store, type StoredDraft } from "./store";

const draft = (account: number, claim: number): StoredDraft => ({ account, claim, version: 0, dirty: true, draft: { v: 1 } });

let factory: IDBFactory;
beforeEach(() => {
  factory = new IDBFactory();
});

function raw(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open("labelapp-desk");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

describe.each([["IndexedDB", () => openStore(factory)], ["memory", async () => memoryStore()]] as const)("a store in %s", (_, make) => {
  it("keeps each account's work apart and forgets one without the other", async () => {
    const store: Store = await make();
    const [mine, theirs] = [entry(7), entry(8)];
    for (const one of [mine, theirs]) await store.put(one);
    for (const one of [draft(7, 1), draft(8, 1)]) await store.putDraft(one);
    await store.clear(7);
    expect([await store.entries(7), await store.drafts(7), await store.draft(7, 1)]).toEqual([[], [], null]);
    expect(await store.entries(8)).toEqual([theirs]);
    expect(await store.drafts(8)).toEqual([draft(8, 1)]);
  });

  it("takes nothing more of an account that has signed out, so that a page on its way out leaves no trace", async () => {
    const store: Store = await make();
    await store.clear(7);
    await store.put(entry(7));
    await store.putDraft(draft(7, 1));
    expect([await store.entries(7), await store.drafts(7)]).toEqual([[], []]);
    await store.put(entry(8));
    expect(await store.entries(8)).toHaveLength(1);
  });
});

it("records that nobody can read are passed over, stay, and go with their account", async () => {
  const store = await openStore(factory);
  const good = entry();
  await store.put(good);
  await store.putDraft(draft(7, 1));
  const database = await raw();
  const transaction = database.transaction(["entries", "drafts"], "readwrite");
  const odd = [{}, { body: null }, { kind: "submission", target: 1, state: "waiting", body: {}, subject: null }, { ...good, subject: { problem: {} } }, { ...good, target: "1" }];
  odd.forEach((record, index) => transaction.objectStore("entries").put({ ...record, account: 7, client_key: `odd ${index}` }));
  transaction.objectStore("drafts").put({ account: 7, claim: 2 });
  await new Promise((resolve) => (transaction.oncomplete = resolve));

  expect(await store.entries(7)).toEqual([good]);
  expect([await store.draft(7, 2), await store.drafts(7)]).toEqual([null, [draft(7, 1)]]);
  const count = () => new Promise((resolve) => {
    const request = database.transaction("entries").objectStore("entries").count();
    request.onsuccess = () => resolve(request.result);
  });
  expect(await count()).toBe(6);
  await store.clear(7);
  expect(await count()).toBe(0);
});

describe("a tab that dies between Enter and the disk", () => {
  const kept = new Map<string, string>();
  // A Storage whose keys are its own properties, as a browser's are.
  const storage = new Proxy({} as Storage, {
    get: (_, name) => ({ getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) })[name as "getItem"],
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
  const journal = journalIn(() => storage);
  beforeEach(() => kept.clear());

  it("has handed its submission over: the next visit finds it until it has its receipt", async () => {
    const one = entry();
    const dying = await openStore(factory, journal);
    const done = dying.put(one);
    expect(journal.left()).toEqual([one]);
    await done;
    expect(journal.left()).toEqual([]);
    journal.note(one.client_key, one); // as if the tab had died before the disk had it
    const next = await openStore(new IDBFactory(), journal);
    expect(await next.entries(7)).toEqual([one]);
    await next.remove(one.client_key);
    expect([await next.entries(7), journal.left()]).toEqual([[], []]);
  });

  it("keeps it for its own account, and signing out takes it along", async () => {
    const [mine, theirs] = [entry(7), entry(8)];
    const store = await openStore(factory, journal);
    for (const one of [mine, theirs]) journal.note(one.client_key, one);
    await store.clear(7);
    expect(journal.left()).toEqual([theirs]);
    const next = await openStore(factory, journal);
    expect([await next.entries(7), await next.entries(8)]).toEqual([[], [theirs]]);
  });

  it("is not hurt by a journal that is damaged, full or forbidden", async () => {
    kept.set("desk-journal x", "{");
    kept.set("desk-journal y", '{"account": 7}');
    const one = entry();
    await (await openStore(factory, journal)).put(one);
    const forbidden = journalIn(() => { throw new DOMException("no", "SecurityError"); });
    const store = await openStore(factory, forbidden);
    await store.put(entry());
    expect(await store.entries(7)).toHaveLength(2);
  });
});

describe("a database that is not to be had", () => {
  it.each([
    ["absent", undefined],
    ["forbidden", { open: () => { throw new DOMException("no", "SecurityError"); } } as unknown as IDBFactory],
    ["blocked for ever by another tab", { open: () => ({}) } as unknown as IDBFactory],
  ])("%s is replaced by memory, and the store says so", async (_, broken) => {
    // `undefined` would mean the global one.
    vi.stubGlobal("indexedDB", undefined);
    const store = await openStore(broken, undefined, 10);
    vi.unstubAllGlobals();
    expect(store.durable).toBe(false);
    await store.put(entry());
    expect(await store.entries(7)).toHaveLength(1);
  });

  it("is one and the same memory for everything in this page", async () => {
    const broken = { open: () => { throw new Error("no storage"); } } as unknown as IDBFactory;
    await (await pageStore(broken)).put(entry());
    expect(await (await pageStore(broken)).entries(7)).toHaveLength(1);
  });
});

describe("a connection that the browser closes", () => {
  it("because site data was cleared is opened anew", async () => {
    const store = await openStore(factory);
    await store.put(entry());
    await new Promise((resolve) => (factory.deleteDatabase("labelapp-desk").onsuccess = resolve));
    const after = entry();
    await store.put(after);
    expect(await store.entries(7)).toEqual([after]);
  });

  it("for a newer version of this page makes way at once and refuses from then on, instead of losing in silence", async () => {
    const store = await openStore(factory);
    const before = entry();
    await store.put(before);
    const newer = await new Promise<IDBDatabase>((resolve) => {
      const request = factory.open("labelapp-desk", 2);
      request.onsuccess = () => resolve(request.result);
    });
    expect(newer.version).toBe(2);
    await expect(store.put(entry())).rejects.toThrow();
    newer.close();
  });
});
