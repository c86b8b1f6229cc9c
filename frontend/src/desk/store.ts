// What this browser keeps: submissions without a receipt and drafts, in IndexedDB, each under the account that wrote it.

import type { Subject, SubmissionBody } from "./api";

export interface Entry {
  readonly client_key: string;
  readonly account: number;
  readonly project: string;
  readonly kind: "submission" | "amendment";
  /** The claim's id, or for an amendment the annotation's. */
  readonly target: number;
  readonly body: SubmissionBody;
  /** Kept to open the item again should the server refuse it. */
  readonly subject: Subject;
  readonly added: number;
  /** `aside`: the server refused it for good; kept until a person has decided. */
  readonly state: "waiting" | "aside";
  readonly problem: { readonly code: string; readonly message: string } | null;
}

export interface StoredDraft {
  readonly account: number;
  readonly claim: number;
  /** The server's version that it builds on. */
  readonly version: number;
  /** Whether it holds more than the server has confirmed. */
  readonly dirty: boolean;
  readonly draft: unknown;
}

export interface Store {
  readonly put: (entry: Entry) => Promise<void>;
  readonly remove: (clientKey: string) => Promise<void>;
  /** This account's entries, oldest first. */
  readonly entries: (account: number) => Promise<readonly Entry[]>;
  readonly putDraft: (draft: StoredDraft) => Promise<void>;
  readonly draft: (account: number, claim: number) => Promise<StoredDraft | null>;
  readonly removeDraft: (account: number, claim: number) => Promise<void>;
  /** False where the browser refuses to keep anything: closing the page then loses what is unsent. */
  readonly durable: boolean;
}

const DATABASE = "labelapp-desk";
const ENTRIES = "entries";
const DRAFTS = "drafts";

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB request failed"));
  });
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(ENTRIES, { keyPath: "client_key" });
    request.result.createObjectStore(DRAFTS, { keyPath: ["account", "claim"] });
  };
  return settled(request);
}

/** The browser's store; in memory, and saying so, where the browser offers none (private windows, blocked site data). */
export async function openStore(factory: IDBFactory | undefined = globalThis.indexedDB): Promise<Store> {
  if (!factory) return memoryStore();
  try {
    const database = await open(factory);
    // Signing out in another tab deletes the database: it must not have to wait for this one.
    database.onversionchange = () => database.close();
    return databaseStore(database);
  } catch {
    return memoryStore();
  }
}

function databaseStore(database: IDBDatabase): Store {
  const write = async (name: string, run: (store: IDBObjectStore) => void): Promise<void> => {
    const transaction = database.transaction(name, "readwrite", { durability: "strict" });
    run(transaction.objectStore(name));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB write failed"));
    });
  };
  const read = (name: string): IDBObjectStore => database.transaction(name, "readonly").objectStore(name);
  return {
    durable: true,
    put: (entry) => write(ENTRIES, (store) => store.put(entry)),
    remove: (clientKey) => write(ENTRIES, (store) => store.delete(clientKey)),
    entries: async (account) => inOrder((await settled(read(ENTRIES).getAll())) as Entry[], account),
    putDraft: (draft) => write(DRAFTS, (store) => store.put(draft)),
    draft: async (account, claim) => ((await settled(read(DRAFTS).get([account, claim]))) as StoredDraft | undefined) ?? null,
    removeDraft: (account, claim) => write(DRAFTS, (store) => store.delete([account, claim])),
  };
}

export function memoryStore(): Store {
  const entries = new Map<string, Entry>();
  const drafts = new Map<string, StoredDraft>();
  return {
    durable: false,
    put: async (entry) => void entries.set(entry.client_key, entry),
    remove: async (clientKey) => void entries.delete(clientKey),
    entries: async (account) => inOrder([...entries.values()], account),
    putDraft: async (draft) => void drafts.set(`${draft.account} ${draft.claim}`, draft),
    draft: async (account, claim) => drafts.get(`${account} ${claim}`) ?? null,
    removeDraft: async (account, claim) => void drafts.delete(`${account} ${claim}`),
  };
}

function inOrder(entries: readonly Entry[], account: number): readonly Entry[] {
  return entries.filter((entry) => entry.account === account).sort((one, other) => one.added - other.added);
}

/** How many submissions of anybody wait in this browser for their receipt. */
export async function waitingSubmissions(factory: IDBFactory | undefined = globalThis.indexedDB): Promise<number> {
  if (!factory) return 0;
  const database = await open(factory);
  const all = (await settled(database.transaction(ENTRIES, "readonly").objectStore(ENTRIES).getAll())) as Entry[];
  database.close();
  return all.length;
}

/** Forget everything kept here, at signing out. */
export async function clearDesk(factory: IDBFactory | undefined = globalThis.indexedDB): Promise<void> {
  if (factory) await settled(factory.deleteDatabase(DATABASE));
}
