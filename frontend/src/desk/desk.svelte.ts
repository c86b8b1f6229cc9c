// The desk's moving parts joined: what a key does, when items come and go, what is shown of saving. Rules live in the modules it calls.

import { activeAt, pause, touch } from "./active";
import { cookie, createApi, type Api, type Claim, type FinishReason, type OwnApi, type Progress, type Submitted } from "./api";
import { without, type Phase } from "./asking";
import { isJust, perform } from "./commands";
import { createDraftSync, fromDraft, readDraft, type AnyDraft, type DraftState, type DraftSync } from "./drafts";
import { declinePractice, hasDeclinedPractice, keptZoom, tabName } from "./browser";
import type { Config } from "./config";
import { delivered, fromClaim, isHeldTouched, isSaidIn, joined, textsOf, toAnyDraft, toEntry, type Held } from "./held";
import type { ActionName } from "./keys";
import type { Messages } from "./messages";
import { createOutbox, newKey, tabLock, type Outbox, type OutboxState, type Waking } from "./outbox";
import { renderAhead } from "./passages";
import { Past } from "./past";
import type { Practice } from "./practice/practice.svelte";
import { Preferences } from "./preferences.svelte";
import { Presence } from "./presence.svelte";
import { notReady, said } from "./speech";
import { firstBad, offered, readiness, reduce, type Action, type Place, type Rating } from "./state";
import { pageStore, type Entry, type Store } from "./store";
import { otherTabs, type OtherTabs, type Told } from "./tabs";
import { Talking } from "./talking.svelte";

export type { Config };
export type Dialog = "keys" | "keymap" | "menu" | "instructions" | "history" | "skip" | "give_up" | "bad_problem";

/** How often a lease is renewed while somebody works without changing anything. */
const RENEW_MS = 180_000;

export class Desk {
  phase = $state<Phase>("loading");
  held = $state.raw<readonly Held[]>([]);
  /** An item of the history, or a refused one, laid on top of the others. */
  onTop = $state.raw<Held | null>(null);
  progress = $state.raw<Progress>({ today: 0, active_ms_today: 0 });
  outboxState = $state.raw<OutboxState>({ condition: "idle", waiting: 0, aside: [], unkept: 0 });
  draftState = $state<DraftState>("saved");
  dialog = $state<Dialog | null>(null);
  raw = $state(false);
  zoom = $state(1);
  /** False while something is in this tab's memory alone, because the browser keeps nothing or its disk is full. */
  durable = $state(true);
  announcement = $state("");
  practiceOffered = $state(false);
  /** When the first Bad step was found. */
  badAt = -Infinity;
  /** Whether the last move was made by key: then the page follows. */
  byKey = $state(false);

  readonly current = $derived<Held | null>(this.onTop ?? this.held[0] ?? null);

  /** What is being built step by step, where that is on screen. */
  readonly talking: Talking;
  readonly past: Past;
  readonly preferences: Preferences;
  readonly presence = new Presence(() => this.wake("asked"));
  /** The server's, also in practice. */
  readonly own: OwnApi;
  readonly #api: Api;
  readonly #tab = tabName();
  readonly #tabs: OtherTabs | null;
  #store: Store | null = null;
  #draftKept = true;
  #outbox: Outbox | null = null;
  #drafts: DraftSync | null = null;
  /** Claims submitted here or in another tab: never shown again, whatever an older answer lists. */
  readonly #gone = new Set<number>();
  #shownAt = -Infinity;
  #renewedAt = 0;
  #asking = false;
  #failures = 0;

  constructor(
    readonly config: Config,
    readonly words: Messages,
    /** Where items come from and go to instead of the server, in practice. */
    readonly practice: Practice | null = null,
  ) {
    // Practice is nothing to other tabs, and theirs is nothing to it.
    this.#tabs = practice ? null : otherTabs((told) => this.#heard(told));
    const server = createApi({
      base: config.api,
      project: config.project,
      account: config.account,
      csrfToken: () => cookie(config.csrf_cookie),
      refreshCsrf: this.refreshCsrf,
      fetch: (input, init) => fetch(input, init),
      onIdentity: (code) => this.presence.heard(code),
    });
    this.own = server;
    this.#api = practice?.api ?? server;
    this.preferences = new Preferences({ account: config.account, given: config.preferences, words, put: server.preferences, shelf: localStorage });
    this.past = new Past({
      project: config.project,
      mine: this.#api.mine,
      entries: async () => (await this.#store?.entries(config.account)) ?? [],
      outbox: () => this.#outbox,
      lay: (held) => {
        this.#rest();
        [this.onTop, this.dialog] = [held, null];
        window.scrollTo({ top: 0 });
      },
    });
    this.talking = new Talking({
      words,
      api: this.#api.talk,
      live: config.live_steps ?? false,
      current: () => this.current,
      change: (held, talk, keep) => this.#converse(held, talk, keep),
      submit: () => this.finish("solution", ""),
      announce: (text) => this.announce(text),
    });
    this.zoom = keptZoom();
    this.practiceOffered = config.newcomer && !config.practice && !config.preferences.practised && !hasDeclinedPractice(config.account);
  }

  async start(): Promise<void> {
    const store = this.practice?.store ?? (await pageStore());
    this.#store = store;
    this.durable = store.durable;
    this.#outbox = this.#makeOutbox(store);
    this.#drafts = this.#makeDrafts(store);
    // Before the claims are asked for: an answer may list what another tab has submitted and not sent yet.
    for (const entry of await store.entries(this.config.account).catch(() => [])) this.#markGone(entry);
    this.#outbox.wake();
    await this.#ask();
    this.preferences.start();
    this.#tick();
  }

  // --- what a person does --------------------------------------------------------------------------------------------------------------

  /** Carry out a shortcut or its button. */
  perform(action: ActionName, byKey: boolean): void {
    this.byKey = byKey;
    perform(this, action);
  }

  /** Apply a change to the item on screen. Nothing is awaited: saving goes on behind. */
  act(action: Action): void {
    const current = this.current;
    if (!current) return;
    if (action.do === "go" && action.place.at === "alternative" && offered(current.item).length === 0) return;
    const item = reduce(current.item, action);
    if (item === current.item) return;
    if (firstBad(item) >= 0 && firstBad(current.item) < 0) this.badAt = performance.now();
    const changed: Held = { ...current, item, time: touch(current.time, performance.now()) };
    this.#replace(changed);
    if (action.do !== "move" && action.do !== "go") this.#save(changed);
    const words = said(this.words, current.item, item, action);
    if (words) this.announce(words);
  }

  rate(rating: Rating, place: Place): void {
    this.byKey = false;
    this.act({ do: "rate", rating, place });
  }

  /** Submit what is on screen if it is ready; the next item shows at once and the outbox sees to the rest. */
  submit(): void {
    const current = this.current;
    if (!current) return this.practice?.next() ? this.wake("asked") : undefined;
    const ready = readiness(current.item);
    if (!ready.ready) this.announce(notReady(this.words, current.item));
    else if (current.item.past.length > 0 || !isJust(this.#shownAt)) this.finish(ready.finish, "");
  }

  finish(finish: FinishReason, reason: string): void {
    const held = this.current;
    if (!held) return;
    const entry = toEntry(held, { finish, reason, key: newKey(), activeMs: activeAt(held.time, performance.now()), at: Date.now() }, this.config);
    this.#leave(held);
    void this.#post(entry, held.first);
  }

  /** Whether what is on screen is the server's to take back. */
  get skippable(): boolean {
    return !this.onTop && this.current !== null && this.#api.release !== undefined;
  }

  /** Give back what is on screen: not now. Where the server cannot be asked it comes after what else is here. */
  async skip(): Promise<void> {
    const held = this.current;
    if (!held || !this.skippable) return;
    const { id } = held.target;
    this.#gone.add(id);
    this.#drafts?.hold(id);
    this.#off(held, this.words.said.skipped);
    const answer = await this.#api.release?.(id);
    if (answer && !answer.ok && answer.kind !== "refused") {
      this.#drafts?.release(id);
      this.#gone.delete(id);
      this.#add([...this.held, held]);
      return this.announce(this.words.said.notSkipped);
    }
    this.#drafts?.forget(id);
    await this.#store?.removeDraft(this.config.account, id).catch(() => undefined);
    await this.#ask();
  }

  /** Two copies of one item: take the other, or stay with the one on screen. */
  choose(other: boolean): void {
    const current = this.current;
    if (!current?.other) return;
    const { draft, version } = current.other;
    const item = other ? fromDraft(draft, current.item.subject) : current.item;
    const changed: Held = { ...current, item, other: null };
    this.#replace(changed);
    this.#drafts?.release(current.target.id, version);
    this.#save(changed);
  }

  /** Not now: not again in this browser either. It stays at hand in the instructions. */
  declinePractice(): void {
    this.practiceOffered = false;
    declinePractice(this.config.account);
  }

  announce(text: string): void {
    // The same words twice are two announcements: a no-break space makes them differ.
    this.announcement = this.announcement === text ? `${text}\u00a0` : text;
  }

  // --- signs of life --------------------------------------------------------------------------------------------------------------------

  /** Something was pressed, moved or scrolled: time counts. */
  alive(): void {
    const current = this.current;
    const now = performance.now();
    if (!current || document.visibilityState !== "visible") return;
    if (current.time.last === null || now - current.time.last > 500) this.#replace({ ...current, time: touch(current.time, now) });
  }

  hidden(): void {
    this.#rest();
    const current = this.current;
    if (!current || !isHeldTouched(current)) return;
    this.#save(current);
    this.#drafts?.flush();
  }

  /** Network back, tab in front again, perhaps signed in again: go on with what waits. */
  wake(why: Waking = "back"): void {
    this.#outbox?.wake(why);
    this.#drafts?.wake(why === "online");
    this.talking.wake();
    void this.preferences.send();
    if (this.held.length === 0 || this.presence.absence) void this.#ask();
  }

  /** Any page of ours sets the CSRF cookie anew, signed in or not. */
  refreshCsrf = async (): Promise<void> => void (await fetch(location.href, { credentials: "same-origin", cache: "no-store" }).catch(() => null));

  /** Somebody has signed in: the next answers say whether it is the desk's own person. */
  signedIn(): void {
    this.wake("asked");
    this.#tabs?.tell({ signed_in: true });
  }

  // --- behind the page ------------------------------------------------------------------------------------------------------------------

  #makeOutbox(store: Store): Outbox {
    return createOutbox({
      store,
      account: this.config.account,
      send: (entry) => (entry.kind === "submission" ? this.#api.submit(entry.target, entry.body) : this.#api.amend(entry.target, entry.body)),
      lock: tabLock(this.practice ? this.#tab : "labelapp-outbox", navigator.locks as LockManager | undefined),
      setTimer: (run, ms) => setTimeout(run, ms),
      now: () => performance.now(),
      random: Math.random,
      onState: (state) => {
        this.outboxState = state;
        this.#judgeDurable();
      },
      onReceipt: (entry, reply) => void this.#receipt(entry, reply),
      tell: () => this.#tabs?.tell({}),
    });
  }

  #makeDrafts(store: Store): DraftSync {
    return createDraftSync({
      save: (claim, version, draft, stop) => this.#api.saveDraft(claim, version, draft, stop),
      store,
      account: this.config.account,
      setTimer: (run, ms) => setTimeout(run, ms),
      now: () => performance.now(),
      random: Math.random,
      onState: (state) => (this.draftState = state),
      onConflict: (claim, version, theirs) => this.#conflict(claim, version, theirs),
      onLeaseLost: (claim) => this.#change(claim, (held) => ({ ...held, leaseLost: true })),
      onKept: (kept) => {
        this.#draftKept = kept;
        this.#judgeDurable();
      },
    });
  }

  #judgeDurable(): void {
    this.durable = (this.#store?.durable ?? true) && this.outboxState.unkept === 0 && this.#draftKept;
  }

  async #post(entry: Entry, first: Entry | null = null): Promise<void> {
    // Said before all else: should this tab die in the next moment, another one knows.
    if (entry.kind === "submission") this.#tabs?.tell({ submitted: $state.snapshot(entry) as Entry });
    await this.#outbox?.add(entry).catch(() => undefined);
    // Another tab may have sent it meanwhile: the same key brings the same receipt, and the id that this one waits for.
    if (first) await this.#outbox?.add(first).catch(() => undefined);
    if (entry.kind !== "submission") return;
    await this.#store?.removeDraft(this.config.account, entry.target).catch(() => undefined);
  }

  /** Take what is finished off the desk. */
  #leave(held: Held): void {
    if (held.target.kind === "submission") {
      this.#gone.add(held.target.id);
      this.#drafts?.forget(held.target.id);
    }
    if (this.onTop) this.onTop = null;
    this.#off(held, this.words.said.submitted);
  }

  /** Without this one, and the next one in front. */
  #off(held: Held, said: string): void {
    this.dialog = null;
    this.held = this.held.filter((one) => one.key !== held.key);
    if (this.held.length === 0) this.phase = "loading";
    this.byKey = true;
    this.#begin(said);
  }

  #begin(said: string): void {
    const next = this.current;
    const news = next?.talk ? this.words.talk.newItem : this.words.said.newItem(next?.item.marks.length ?? 0);
    this.announce(next ? `${said} ${news}`.trim() : said);
    this.talking.watch();
    this.#shownAt = performance.now();
    window.scrollTo({ top: 0 });
    this.alive();
  }

  async #receipt(entry: Entry, reply: Submitted): Promise<void> {
    this.#markGone(entry);
    this.#tabs?.tell({ stored: entry.client_key });
    if (this.onTop) this.onTop = delivered(this.onTop, entry.client_key, reply.receipt.annotation);
    if (reply.progress) this.progress = reply.progress;
    if (reply.claims && entry.project === this.config.project) await this.#arrive(reply.claims);
    if (this.held.length === 0) await this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const answer = await this.#api.claims();
    this.#asking = false;
    await this.#take(answer);
  }

  async #take(answer: Awaited<ReturnType<Api["claims"]>>): Promise<void> {
    if (answer.ok) {
      this.#failures = 0;
      if (answer.body) this.progress = answer.body.progress;
      await this.#arrive(answer.body?.claims ?? []);
    }
    if (this.held.length > 0) return;
    this.#failures += 1;
    const { phase, wait } = without(answer, this.#failures, Math.random());
    this.phase = phase;
    setTimeout(() => this.held.length === 0 && document.visibilityState === "visible" && void this.#ask(), wait);
  }

  /** Claims as the server lists them join the desk; their maths is rendered before it is needed. */
  async #arrive(claims: readonly Claim[]): Promise<void> {
    const account = this.config.account;
    const stored = await Promise.all(claims.map((claim) => this.#store?.draft(account, claim.id).catch(() => null) ?? null));
    const arrived = claims.flatMap((claim, index) => (this.#gone.has(claim.id) ? [] : [fromClaim(claim, stored[index] ?? null)]));
    claims.forEach((claim, index) => {
      if (this.held.some((one) => one.key === `claim ${claim.id}`)) return;
      this.#drafts?.seen(claim.id, claim.draft_version);
      if (stored[index]?.dirty && !this.#gone.has(claim.id)) this.#unsent(arrived, claim.id);
    });
    this.#add(arrived);
  }

  #add(arrived: readonly Held[]): void {
    const before = this.current;
    this.held = joined(this.held, arrived);
    for (const held of this.held) renderAhead(textsOf(held), { cannotRender: this.words.cannotRender });
    if (this.held.length > 0) this.phase = "working";
    if (!before && this.current) this.#begin("");
  }

  /** A copy from before a reload that the server never had: sent now. */
  #unsent(arrived: readonly Held[], claim: number): void {
    const held = arrived.find((one) => one.target.id === claim);
    if (held && !held.other) this.#save(held);
    else this.#drafts?.hold(claim);
  }

  #markGone(entry: Entry): void {
    if (entry.kind === "submission") this.#gone.add(entry.target);
  }

  /** What other tabs of this browser say. */
  #heard(told: Told): void {
    // Signed out for good there: nothing of this person may stay on this screen.
    if (told.signed_out === this.config.account) return this.#left();
    if (told.signed_in) return this.presence.absence ? this.wake("asked") : undefined;
    if (told.submitted?.account === this.config.account) this.#submittedElsewhere(told.submitted);
    if (told.stored) this.#outbox?.settledElsewhere(told.stored);
    void this.#outbox?.refresh();
    if (this.held.length === 0) void this.#ask();
  }

  #left(): void {
    void this.#store?.clear(this.config.account);
    location.replace(this.config.home_url);
  }

  #submittedElsewhere(entry: Entry): void {
    void this.#outbox?.adopt(entry).catch(() => undefined);
    const held = this.held.find((one) => one.target.kind === "submission" && one.target.id === entry.target);
    if (held && !isSaidIn(held, entry.body)) return;
    this.#gone.add(entry.target);
    this.held = this.held.filter((one) => one !== held);
    if (this.held.length === 0) this.phase = "loading";
  }

  #conflict(claim: number, version: number, theirs: unknown): void {
    this.#change(claim, (held) => {
      const draft = readDraft(theirs, held.item.subject);
      return draft ? { ...held, other: { draft, version } } : held;
    });
    const held = this.held.find((one) => one.target.id === claim);
    if (held && !held.other) this.#drafts?.release(claim, version);
  }

  #change(claim: number, change: (held: Held) => Held): void {
    this.held = this.held.map((one) => (one.target.kind === "submission" && one.target.id === claim ? change(one) : one));
  }

  #converse(held: Held, talk: NonNullable<Held["talk"]>, keep: boolean): void {
    const changed: Held = { ...held, talk, time: touch(held.time, performance.now()) };
    this.#replace(changed);
    if (keep) this.#save(changed);
    renderAhead(textsOf(changed), { cannotRender: this.words.cannotRender });
  }

  #replace(changed: Held): void {
    if (this.onTop) this.onTop = changed;
    else this.held = this.held.map((one) => (one.key === changed.key ? changed : one));
  }

  #save(held: Held): void {
    if (held.target.kind === "submission") this.#drafts?.save(held.target.id, this.#draftOf(held));
  }

  #draftOf(held: Held): AnyDraft {
    return toAnyDraft(held, { activeMs: activeAt(held.time, performance.now()), tab: this.#tab, at: Date.now() });
  }

  #rest(): void {
    const current = this.current;
    if (current) this.#replace({ ...current, time: pause(current.time, performance.now()) });
  }

  /** Every while, as long as somebody is at it: the lease is renewed also when nothing changes. */
  #tick(): void {
    setInterval(() => {
      const held = this.held[0];
      const now = performance.now();
      if (!held || held.target.kind !== "submission" || held.time.last === null || now - held.time.last > RENEW_MS) return;
      if (now - this.#renewedAt < RENEW_MS || held.leaseLost || held.other) return;
      this.#renewedAt = now;
      this.#drafts?.renew(held.target.id, this.#draftOf(held));
    }, RENEW_MS / 6);
  }

  /** Back to what lay below, as it was before. */
  putAway(): void {
    if (!this.onTop) return;
    this.onTop = null;
    this.#begin("");
  }
}
