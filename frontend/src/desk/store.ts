// What this browser keeps: submissions without a receipt and drafts, in IndexedDB, each under the account that wrote it.

import { isRecord, type Claim, type Subject, type SubmissionBody, type Turn } from "./api";
import { journalIn, type Journal } from "./journal";

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
  /** The conversation's turns, where the solution was built step by step. */
  readonly turns?: readonly Turn[] | null;
  /** The client key of what this corrects, as long as that has no receipt and so no id. */
  readonly after?: string | null;
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
  /** The item as it was handed out, and in which project: brings the work back when the item was given on meanwhile. */
  readonly project?: string;
  readonly work?: Claim | null;
}

export interface Store {
  readonly put: (entry: Entry) => Promise<void>;
  readonly remove: (clientKey: string) => Promise<void>;
  /** This account's entries, oldest first; what cannot be read as an entry is left where it is. */
  readonly entries: (account: number) => Promise<readonly Entry[]>;
  readonly putDraft: (draft: StoredDraft) => Promise<void>;
  readonly draft: (account: number, claim: number) => Promise<StoredDraft | null>;
  readonly drafts: (account: number) => Promise<readonly StoredDraft[]>;
  readonly removeDraft: (account: number, claim: number) => Promise<void>;
  /** Forget everything of this account, and take nothing more of it: it has signed out. */
  readonly clear: (account: number) => Promise<void>;
  /** False where the browser refuses to keep anything: closing the page then loses what is unsent. */
  readonly durable: boolean;
}

const DATABASE = "labelapp-desk";
const ENTRIES = "entries";
const DRAFTS = "drafts";
/** A browser that has not opened its database by now (a broken profile, a tab that blocks it) is not waited for any longer. */
const PATIENCE = 4_000;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB request failed"));
  });
}

function open(factory: IDBFactory, patience: number): Promise<IDBDatabase> {
  const request = factory.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(ENTRIES, { keyPath: "client_key" });
    request.result.createObjectStore(DRAFTS, { keyPath: ["account", "claim"] });
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("IndexedDB does not open")), patience);
    void settled(request).then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const inThisPage = new WeakMap<object, Promise<Store>>();

/** The one store of this page, so that the desk and signing out see the same, also where it is in memory only. */
export function pageStore(factory: IDBFactory | undefined = globalThis.indexedDB): Promise<Store> {
  const owner = factory ?? globalThis;
  const known = inThisPage.get(owner) ?? openStore(factory);
  inThisPage.set(owner, known);
  return known;
}

/** The browser's store; in memory, and saying so, where the browser offers none (private windows, blocked site data). */
export async function openStore(
  factory: IDBFactory | undefined = globalThis.indexedDB,
  journal: Journal = journalIn(() => localStorage),
  patience = PATIENCE,
): Promise<Store> {
  if (!factory) return memoryStore();
  try {
    return databaseStore(factory, await open(factory, patience), patience, journal);
  } catch {
    return memoryStore();
  }
}

type Act<T> = (store: IDBObjectStore) => Promise<T>;

function databaseStore(factory: IDBFactory, first: IDBDatabase, patience: number, journal: Journal): Store {
  let database: Promise<IDBDatabase> | null = watched(first);
  const gone = new Set<number>();

  function watched(opened: IDBDatabase): Promise<IDBDatabase> {
    // A newer version of this page wants to change the database: it must not have to wait for this tab.
    opened.onversionchange = () => {
      opened.close();
      database = null;
    };
    opened.onclose = () => (database = null);
    return Promise.resolve(opened);
  }
  /** Runs `act`, once more on a fresh connection where the browser had closed ours. */
  async function within<T>(name: string, mode: IDBTransactionMode, act: Act<T>, durability: IDBTransactionDurability = "relaxed"): Promise<T> {
    try {
      return await act((await connection()).transaction(name, mode, { durability }).objectStore(name));
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "InvalidStateError")) throw error;
      database = null;
      return act((await connection()).transaction(name, mode, { durability }).objectStore(name));
    }
  }
  function connection(): Promise<IDBDatabase> {
    database ??= open(factory, patience).then(watched);
    database.catch(() => (database = null));
    return database;
  }
  const write = (name: string, run: (store: IDBObjectStore) => void, durability?: IDBTransactionDurability): Promise<void> => {
    const act = (store: IDBObjectStore) => {
      const done = committed(store.transaction);
      run(store);
      return done;
    };
    return within(name, "readwrite", act, durability);
  };
  /** One request, committed at once: a tab that dies in the next moment has handed it over. */
  const writeOne = (name: string, run: (store: IDBObjectStore) => void, durability?: IDBTransactionDurability): Promise<void> =>
    write(name, (store) => (run(store), store.transaction.commit()), durability);
  const all = (name: string): Promise<readonly unknown[]> => within(name, "readonly", (store) => settled(store.getAll()));
  const drafts = async (account: number) => (await all(DRAFTS)).filter(isStoredDraft).filter((draft) => draft.account === account);
  const entries = async (account: number) => {
    const stored = (await all(ENTRIES)).filter(isEntry);
    const known = new Set(stored.map((entry) => entry.client_key));
    // What a tab could not finish writing.
    const noted = journal.left().filter(isEntry).filter((entry) => !known.has(entry.client_key));
    return inOrder([...stored, ...noted], account);
  };
  return {
    durable: true,
    async put(entry) {
      if (gone.has(entry.account)) return;
      journal.note(entry.client_key, entry);
      await writeOne(ENTRIES, (store) => store.put(entry), "strict");
      journal.strike(entry.client_key);
    },
    async remove(clientKey) {
      journal.strike(clientKey);
      await writeOne(ENTRIES, (store) => store.delete(clientKey));
    },
    entries,
    putDraft: async (draft) => (gone.has(draft.account) ? undefined : writeOne(DRAFTS, (store) => store.put(draft))),
    draft: async (account, claim) => {
      const found: unknown = await within(DRAFTS, "readonly", (store) => settled(store.get([account, claim])));
      return isStoredDraft(found) ? found : null;
    },
    drafts,
    removeDraft: (account, claim) => writeOne(DRAFTS, (store) => store.delete([account, claim])),
    clear: async (account) => {
      gone.add(account);
      for (const entry of journal.left().filter(isEntry)) if (entry.account === account) journal.strike(entry.client_key);
      await write(ENTRIES, (store) => eachOf(store, account, (cursor) => cursor.delete()));
      await write(DRAFTS, (store) => eachOf(store, account, (cursor) => cursor.delete()));
    },
  };
}

/** Resolves when the transaction is on the disk. */
function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB write failed"));
  });
}

/** Every record of an account, also one that nothing else can read. */
function eachOf(store: IDBObjectStore, account: number, act: (cursor: IDBCursorWithValue) => void): void {
  const request = store.openCursor();
  request.onsuccess = () => {
    const cursor = request.result;
    if (!cursor) return;
    const value: unknown = cursor.value;
    if (isRecord(value) && value["account"] === account) act(cursor);
    cursor.continue();
  };
}

export function memoryStore(): Store {
  const entries = new Map<string, Entry>();
  const drafts = new Map<string, StoredDraft>();
  const gone = new Set<number>();
  return {
    durable: false,
    put: async (entry) => void (gone.has(entry.account) || entries.set(entry.client_key, entry)),
    remove: async (clientKey) => void entries.delete(clientKey),
    entries: async (account) => inOrder([...entries.values()], account),
    putDraft: async (draft) => void (gone.has(draft.account) || drafts.set(`${draft.account} ${draft.claim}`, draft)),
    draft: async (account, claim) => drafts.get(`${account} ${claim}`) ?? null,
    drafts: async (account) => [...drafts.values()].filter((draft) => draft.account === account),
    removeDraft: async (account, claim) => void drafts.delete(`${account} ${claim}`),
    clear: async (account) => {
      gone.add(account);
      for (const [key, entry] of entries) if (entry.account === account) entries.delete(key);
      for (const [key, draft] of drafts) if (draft.account === account) drafts.delete(key);
    },
  };
}

function inOrder(entries: readonly Entry[], account: number): readonly Entry[] {
  return entries.filter((entry) => entry.account === account).sort((one, other) => one.added - other.added);
}

/** Read as a stranger's data: an older version of this page, or a damaged disk, may have left anything here. */
function isEntry(value: unknown): value is Entry {
  if (!isRecord(value) || typeof value["client_key"] !== "string" || typeof value["account"] !== "number") return false;
  const { kind, target, state, body, subject } = value;
  if ((kind !== "submission" && kind !== "amendment") || typeof target !== "number" || (state !== "waiting" && state !== "aside")) return false;
  return isRecord(body) && isRecord(body["label"]) && isRecord(subject) && isRecord(subject["problem"]) && typeof subject["problem"]["text"] === "string";
}

function isStoredDraft(value: unknown): value is StoredDraft {
  return isRecord(value) && typeof value["account"] === "number" && typeof value["claim"] === "number" && typeof value["version"] === "number";
}
