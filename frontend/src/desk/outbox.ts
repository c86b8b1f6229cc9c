// Submissions on their way: kept in the browser from the key press until the server's receipt, sent in order, each once in effect.

import type { Answer, Failure, Submitted } from "./api";
import type { Entry, Store } from "./store";

export type Condition = "idle" | "sending" | "offline" | "busy" | "signed_out";

export interface OutboxState {
  readonly condition: Condition;
  readonly waiting: number;
  /** Refused for good and kept for a person to decide on. */
  readonly aside: readonly Entry[];
}

export interface OutboxOptions {
  readonly store: Store;
  readonly account: number;
  readonly send: (entry: Entry) => Promise<Answer<Submitted>>;
  /** Runs one at a time over all tabs of this browser. */
  readonly lock: (run: () => Promise<void>) => Promise<void>;
  readonly setTimer: (run: () => void, ms: number) => unknown;
  readonly random: () => number;
  readonly onState: (state: OutboxState) => void;
  readonly onReceipt: (entry: Entry, reply: Submitted) => void;
  /** Tells the other tabs that something was added, sent or set aside. */
  readonly tell: () => void;
}

export interface Outbox {
  /** Resolves when the entry is kept in the browser; sending goes on by itself. */
  readonly add: (entry: Entry) => Promise<void>;
  /** Send what waits, now: at start, when the network is back, when this tab comes to the front. */
  readonly wake: () => void;
  /** Try an entry that was set aside again, or let go of it. */
  readonly again: (clientKey: string) => Promise<void>;
  readonly drop: (clientKey: string) => Promise<void>;
  /** Read the store anew: another tab changed it. */
  readonly refresh: () => Promise<void>;
}

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

export function createOutbox(options: OutboxOptions): Outbox {
  const { store, account } = options;
  // Added here and perhaps not yet written to the disk: counted from the first moment.
  const unwritten = new Map<string, Entry>();
  let condition: Condition = "idle";
  let failures = 0;
  let running = false;
  let again = false;
  let timer = 0;

  async function all(): Promise<readonly Entry[]> {
    const stored = await store.entries(account);
    const known = new Set(stored.map((entry) => entry.client_key));
    return [...stored, ...[...unwritten.values()].filter((entry) => !known.has(entry.client_key))];
  }

  async function report(next: Condition = condition): Promise<void> {
    condition = next;
    const entries = await all();
    const aside = entries.filter((entry) => entry.state === "aside");
    options.onState({ condition, waiting: entries.length - aside.length, aside });
  }

  async function flush(): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await options.lock(drain);
    } finally {
      running = false;
    }
    if (again) {
      again = false;
      await flush();
    }
  }

  async function drain(): Promise<void> {
    for (;;) {
      const entry = (await all()).find((candidate) => candidate.state === "waiting");
      if (!entry) return report("idle");
      await report("sending");
      const answer = await options.send(entry);
      if (!answer.ok && answer.kind !== "refused") return pause(answer);
      failures = 0;
      if (answer.ok) await delivered(entry, answer.body);
      else await put({ ...entry, state: "aside", problem: { code: answer.code, message: answer.message } });
      options.tell();
    }
  }

  async function delivered(entry: Entry, reply: Submitted): Promise<void> {
    unwritten.delete(entry.client_key);
    await store.remove(entry.client_key);
    options.onReceipt(entry, reply);
  }

  /** Signed out: hold until somebody signs in. Else wait: spread over time, so that a whole team coming back is no stampede. */
  async function pause(answer: Failure): Promise<void> {
    await report(answer.kind === "signed_out" ? "signed_out" : answer.kind === "offline" ? "offline" : "busy");
    if (answer.kind === "signed_out") return;
    failures += 1;
    const spread = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures) * (0.25 + 0.75 * options.random());
    const ticket = ++timer;
    options.setTimer(() => ticket === timer && void flush(), (answer.retryAfter ?? 0) + spread);
  }

  async function put(entry: Entry): Promise<void> {
    unwritten.set(entry.client_key, entry);
    await store.put(entry);
    unwritten.delete(entry.client_key);
  }

  return {
    async add(entry) {
      unwritten.set(entry.client_key, entry);
      void report("sending");
      try {
        await put(entry);
      } finally {
        // A full disk keeps it in memory only; it is sent all the same.
        options.tell();
        void flush();
      }
    },
    wake() {
      timer += 1;
      void flush();
    },
    async again(clientKey) {
      const entry = (await all()).find((candidate) => candidate.client_key === clientKey);
      if (entry) await put({ ...entry, state: "waiting", problem: null });
      void flush();
    },
    async drop(clientKey) {
      unwritten.delete(clientKey);
      await store.remove(clientKey);
      options.tell();
      await report();
    },
    refresh: () => report(),
  };
}

type Locks = Pick<LockManager, "request">;

/** A lock over all tabs where the browser has them (secure origins); else within this tab, and the keys keep a double send harmless. */
export function tabLock(name: string, locks: Locks | undefined): (run: () => Promise<void>) => Promise<void> {
  return async (run) => {
    if (locks) await locks.request(name, run);
    else await run();
  };
}

/** A random UUID, also where crypto.randomUUID is missing (plain http on a local network). */
export function newKey(source: Crypto = crypto): string {
  const bytes = source.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
