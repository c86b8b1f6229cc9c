// Submissions on their way: kept in the browser from the key press until the server's receipt, sent in order, each once in effect.

import type { Answer, Failure, Submitted } from "./api";
import type { Entry, Store } from "./store";

export type Condition = "idle" | "sending" | "offline" | "busy" | "signed_out";

export interface OutboxState {
  readonly condition: Condition;
  readonly waiting: number;
  /** Refused for good and kept for a person to decide on. */
  readonly aside: readonly Entry[];
  /** How many of these the browser would not keep: they are in this tab's memory alone. */
  readonly unkept: number;
}

export interface OutboxOptions {
  readonly store: Store;
  readonly account: number;
  readonly send: (entry: Entry) => Promise<Answer<Submitted>>;
  /** Runs one at a time over all tabs of this browser. */
  readonly lock: (run: () => Promise<void>) => Promise<void>;
  readonly setTimer: (run: () => void, ms: number) => unknown;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly random: () => number;
  readonly onState: (state: OutboxState) => void;
  readonly onReceipt: (entry: Entry, reply: Submitted) => void;
  /** Tells the other tabs that something was added, sent or set aside. */
  readonly tell: () => void;
}

/** Why to try now: a person asked; this tab came to the front; the network came back, for everybody in the house at the same moment. */
export type Waking = "asked" | "back" | "online";

export interface Outbox {
  /** Resolves when the entry is kept in the browser; sending goes on by itself. Rejects where the browser keeps it in memory only. */
  readonly add: (entry: Entry) => Promise<void>;
  /** What another tab has to send: kept and sent from here too, should that tab die in the next moment. The server takes it once. */
  readonly adopt: (entry: Entry) => Promise<void>;
  /** Another tab has its receipt. */
  readonly settledElsewhere: (clientKey: string) => void;
  /** Send what waits. Only a person's own asking goes before the time that the server named. */
  readonly wake: (why?: Waking) => void;
  /** Try an entry that was set aside again, or let go of it. */
  readonly again: (clientKey: string) => Promise<void>;
  readonly drop: (clientKey: string) => Promise<void>;
  /** Read the store anew: another tab changed it. */
  readonly refresh: () => Promise<void>;
}

export const FIRST_WAIT = 1_000;
export const LONGEST_WAIT = 30_000;

export function createOutbox(options: OutboxOptions): Outbox {
  const { store, account } = options;
  // Added or changed here and still without a receipt. The disk is the truth, once it has taken an entry and for as long as it can be read.
  const here = new Map<string, Entry>();
  const onDisk = new Set<string>();
  const refusedByDisk = new Set<string>();
  // Has its receipt, whatever the disk still says.
  const done = new Set<string>();
  // What the receipts of this tab say that entries were stored as.
  const storedAs = new Map<string, number>();
  // How often the server stumbled over an entry: those go last, so that one of them never holds up the others.
  const stumbles = new Map<string, number>();
  let condition: Condition = "idle";
  let said: OutboxState = { condition, waiting: 0, aside: [], unkept: 0 };
  let failures = 0;
  let notBefore = -Infinity;
  let running = false;
  let again = false;
  let timer = 0;

  async function all(): Promise<readonly Entry[]> {
    const written = new Set(onDisk);
    const stored = await store.entries(account).catch(() => null);
    const known = new Set(stored?.map((entry) => entry.client_key));
    const fresh = (stored ?? []).map((entry) => (onDisk.has(entry.client_key) ? entry : (here.get(entry.client_key) ?? entry)));
    // What was on the disk and no longer is has been sent by another tab.
    const added = [...here.values()].filter(({ client_key }) => !known.has(client_key) && !(stored && written.has(client_key)));
    return [...fresh, ...added].filter((entry) => !done.has(entry.client_key)).map(addressed);
  }

  /** A correction under the id of what it corrects, where that is known by now. */
  function addressed(entry: Entry): Entry {
    const target = entry.after ? storedAs.get(entry.after) : undefined;
    return target === undefined ? entry : { ...entry, target, after: null };
  }

  function forget(clientKey: string): void {
    done.add(clientKey);
    for (const place of [here, onDisk, refusedByDisk]) place.delete(clientKey);
  }

  /** What corrects an entry that the server refused waits for what becomes of that. */
  function isStuck(entry: Entry, entries: readonly Entry[]): boolean {
    const first = entries.find(({ client_key }) => client_key === entry.after);
    return first !== undefined && (first.state === "aside" || isStuck(first, entries));
  }

  async function report(next: Condition = condition): Promise<void> {
    condition = next;
    const entries = await all();
    const aside = entries.filter((entry) => entry.state === "aside");
    say({ condition, waiting: entries.filter((entry) => entry.state === "waiting" && !isStuck(entry, entries)).length, aside, unkept: refusedByDisk.size });
  }

  function say(state: OutboxState): void {
    said = state;
    options.onState(state);
  }

  async function flush(): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await options.lock(drain).catch(() => rest("busy", null));
    } while (again && options.now() >= notBefore);
    running = false;
  }

  async function drain(): Promise<void> {
    let stumbled: Failure | null = null;
    const passed = new Set<string>();
    for (;;) {
      const entry = next((await all()).filter((candidate) => candidate.state === "waiting" && !candidate.after && !passed.has(candidate.client_key)));
      if (!entry) return stumbled ? rest("busy", stumbled) : settle();
      if (condition === "idle") await report("sending");
      const answer = await options.send(entry);
      if (!answer.ok && answer.status === 500 && !stumbled) {
        // Perhaps it is this one alone: one other is tried before all of them wait.
        stumbles.set(entry.client_key, (stumbles.get(entry.client_key) ?? 0) + 1);
        stumbled = answer;
        passed.add(entry.client_key);
      } else if (!answer.ok && answer.kind !== "refused") {
        if (answer.status === 500) stumbles.set(entry.client_key, (stumbles.get(entry.client_key) ?? 0) + 1);
        return rest(answer.kind === "later" ? "busy" : answer.kind, answer);
      } else {
        await settled(entry, answer);
      }
    }
  }

  const next = (waiting: readonly Entry[]): Entry | undefined => {
    const order = (entry: Entry) => stumbles.get(entry.client_key) ?? 0;
    return [...waiting].sort((one, other) => order(one) - order(other))[0];
  };

  async function settled(entry: Entry, answer: Answer<Submitted>): Promise<void> {
    failures = 0;
    notBefore = -Infinity;
    condition = "sending";
    if (answer.ok) await delivered(entry, answer.body);
    else await put({ ...entry, state: "aside", problem: { code: answer.code, message: answer.message } }).catch(() => undefined);
    await report();
    options.tell();
  }

  async function delivered(entry: Entry, reply: Submitted): Promise<void> {
    // Its corrections get its id before it goes: a crash in between sends it once more, for the same receipt.
    const waiting = followers(await all(), entry);
    storedAs.set(entry.client_key, reply.receipt.annotation);
    for (const follower of waiting) await put(addressed(follower)).catch(() => undefined);
    forget(entry.client_key);
    // Where that fails it is sent once more at the next visit, under the same key, for the same receipt.
    await store.remove(entry.client_key).catch(() => undefined);
    options.onReceipt(entry, reply);
  }

  function settle(): Promise<void> {
    failures = 0;
    return report("idle");
  }

  /** Signed out: hold until somebody signs in. Else wait: spread over time, so that a whole team coming back is no stampede. */
  async function rest(why: Condition, answer: Failure | null): Promise<void> {
    failures += 1;
    const after = answer?.retryAfter ?? 0;
    if (after) notBefore = options.now() + after;
    if (why !== "signed_out") schedule(after + Math.max(span(), after) * (0.25 + 0.75 * options.random()));
    await report(why);
  }

  const span = (): number => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);

  function schedule(ms: number): void {
    const ticket = ++timer;
    options.setTimer(() => ticket === timer && void flush(), ms);
  }

  async function put(entry: Entry): Promise<void> {
    here.set(entry.client_key, entry);
    onDisk.delete(entry.client_key);
    try {
      await store.put(entry);
      if (here.get(entry.client_key) === entry) onDisk.add(entry.client_key);
      refusedByDisk.delete(entry.client_key);
    } catch (error) {
      if (!done.has(entry.client_key)) refusedByDisk.add(entry.client_key);
      throw error;
    }
  }

  function wake(why: Waking = "back"): void {
    if (why === "asked") {
      notBefore = -Infinity;
      timer += 1;
      if (condition !== "idle") void report("sending");
      void flush();
    } else if (why === "online" && failures > 0) {
      // The timer stands as well: this can only be earlier.
      options.setTimer(() => void flush(), Math.max(notBefore - options.now(), 0) + span() * options.random());
    } else if (options.now() >= notBefore) {
      void flush();
    }
  }

  const outbox: Outbox = {
    async add(entry) {
      // The disk first: nothing may come between the key press and the copy that survives this tab.
      const kept = put(entry);
      // And "saved" is not said for one moment longer.
      condition = condition === "idle" ? "sending" : condition;
      say({ ...said, condition, waiting: said.waiting + 1 });
      try {
        await kept;
      } finally {
        void report();
        // A full disk keeps it in memory only; it is sent all the same.
        options.tell();
        wake();
      }
    },
    async adopt(entry) {
      if (done.has(entry.client_key)) return;
      if ((await all()).some(({ client_key }) => client_key === entry.client_key)) await outbox.refresh();
      else await outbox.add(entry);
    },
    settledElsewhere(clientKey) {
      forget(clientKey);
      void report();
    },
    wake,
    async again(clientKey) {
      const entry = (await all()).find((candidate) => candidate.client_key === clientKey);
      if (entry) await put({ ...entry, state: "waiting", problem: null }).catch(() => undefined);
      wake("asked");
    },
    async drop(clientKey) {
      for (const key of withFollowers(await all(), clientKey)) {
        forget(key);
        await store.remove(key).catch(() => undefined);
      }
      options.tell();
      await report();
    },
    async refresh() {
      const waiting = (await all()).some((entry) => entry.state === "waiting");
      await report(waiting ? condition : "idle");
      // The tab that added it may close before it has sent it.
      if (waiting && condition === "idle") wake();
    },
  };
  return outbox;
}

/** The corrections that wait for this entry's receipt. */
export const followers = (entries: readonly Entry[], { client_key }: Pick<Entry, "client_key">): readonly Entry[] => entries.filter(({ after }) => after === client_key);

function withFollowers(entries: readonly Entry[], clientKey: string): readonly string[] {
  return [clientKey, ...followers(entries, { client_key: clientKey }).flatMap(({ client_key }) => withFollowers(entries, client_key))];
}

type Locks = Pick<LockManager, "request">;

/** A lock over all tabs where the browser has them (secure origins); else within this tab, and the keys keep a double send harmless.
 * Rejects where it has waited for longer than `patience` milliseconds. */
export function tabLock(name: string, locks: Locks | undefined, patience?: number): (run: () => Promise<void>) => Promise<void> {
  return async (run) => {
    if (locks) await locks.request(name, patience ? { signal: AbortSignal.timeout(patience) } : {}, run);
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
