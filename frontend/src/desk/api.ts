// The server's HTTP interface as types and one function a call. Every answer, also no answer at all, comes back as a value: nothing throws.

import type { Preferences } from "./config";
import type { Rating } from "./state";

export interface Problem {
  readonly text: string;
  readonly answer: string | null;
}

/** What is graded: a problem and a finished solution, with alternatives by 0-based step. */
export interface Subject {
  readonly problem: Problem;
  readonly steps: readonly string[];
  readonly answer: string | null;
  readonly alternatives: Readonly<Record<string, readonly string[]>>;
}

/** One turn of a conversation that builds a solution step by step; `order` was drawn once: the first Great in it goes on, else the first Okay. */
export interface Turn {
  readonly number: number;
  readonly state: "making" | "open" | "answered";
  readonly alternatives: readonly string[];
  readonly order: readonly number[];
  readonly ratings: readonly { readonly rating: Rating | null; readonly flagged: boolean }[] | null;
  readonly written: Written | null;
  readonly chosen: number | null;
  readonly failed: boolean;
}

export interface Written {
  readonly text: string;
  readonly flagged: boolean;
}

export interface StepBody {
  readonly client_key: string;
  readonly turn: number;
  readonly ratings: readonly { readonly rating: Rating | null; readonly flagged: boolean }[];
  readonly written?: Written;
}

export interface Claim extends Subject {
  /** Of an item to be built step by step; null or absent for a whole solution. */
  readonly turns?: readonly Turn[] | null;
  readonly id: number;
  readonly draft: unknown;
  readonly draft_version: number;
  readonly expires_at: string;
}

export interface Progress {
  readonly today: number;
  readonly active_ms_today: number;
}

export interface Work {
  readonly claims: readonly Claim[];
  readonly progress: Progress;
}

export interface Receipt {
  readonly annotation: number;
  readonly sha256: string;
  readonly late?: boolean;
}

export type FinishReason = "solution" | "found_error" | "give_up" | "bad_problem";

export interface Completion {
  readonly text: string;
  readonly rating: Rating | null;
  readonly flagged: boolean;
}

export interface LabelStep {
  readonly completions: readonly Completion[] | null;
  readonly human_completion: { readonly text: string; readonly rating: null; readonly source: "human"; readonly flagged: boolean } | null;
  readonly chosen_completion: number | null;
}

/** A label as PRM800K keeps it; `total_time` is active milliseconds. */
export interface Label {
  readonly steps: readonly LabelStep[];
  readonly total_time: number;
  readonly finish_reason: FinishReason;
}

export interface SubmissionBody {
  readonly client_key: string;
  readonly label: Label;
  readonly reason?: string;
  readonly error_kind?: string;
  readonly error_note?: string;
}

/** One of my last items, as the history shows it. */
export interface Mine extends Subject {
  readonly turns?: readonly Turn[] | null;
  readonly id: number;
  readonly submitted_at: string;
  readonly revision: number;
  readonly label: Label;
  readonly reason: string;
  readonly error_kind: string;
  readonly error_note: string;
}

export interface Submitted extends Partial<Work> {
  readonly receipt: Receipt;
}

/** Why a call brought nothing. `later`: try again (after `retryAfter` ms where the server said so). `refused`: trying again is no use. */
export interface Failure {
  readonly ok: false;
  readonly kind: "offline" | "later" | "signed_out" | "refused";
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfter: number | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Success<T> {
  readonly ok: true;
  readonly status: number;
  readonly body: T;
}

export type Answer<T> = Success<T> | Failure;

export interface ApiOptions {
  readonly base: string;
  readonly project: string;
  /** Whose desk this is: the server answers 401 `other_account` where somebody else has signed in to this browser since. */
  readonly account: number;
  /** Reads the CSRF token when a call is made: it changes when somebody signs in again. */
  readonly csrfToken: () => string;
  /** Makes the server set the CSRF cookie anew. */
  readonly refreshCsrf: () => Promise<void>;
  readonly fetch: typeof fetch;
  /** Told of every answer that says who is signed in: "" for the account itself, else the 401's code. */
  readonly onIdentity?: (code: string) => void;
  /** Milliseconds after which a call without an answer counts as offline. */
  readonly patience?: number;
}

/** Building a solution step by step. */
export interface TalkApi {
  readonly answer: (claim: number, body: StepBody) => Promise<Answer<{ turns: readonly Turn[] }>>;
  readonly prepare: (claim: number, turn: number, chosen: number) => Promise<Answer<unknown>>;
  readonly claim: (claim: number) => Promise<Answer<Claim>>;
}

/** One's own days in a project, in one's own time zone; today comes last. */
export interface Days {
  readonly days: readonly Day[];
  /** Of today's items, in active milliseconds; null before the first. */
  readonly median_ms: number | null;
}

export interface Day {
  readonly date: string;
  readonly items: number;
  readonly active_ms: number;
}

/** What is a person's own, whatever the desk works on. */
export interface OwnApi {
  readonly preferences: (changed: Partial<Preferences>) => Promise<Answer<Preferences>>;
  readonly days: () => Promise<Answer<Days>>;
}

export interface Api {
  readonly talk?: TalkApi;
  /** Give a claim back; absent where there is nobody to give it to. */
  readonly release?: (claim: number) => Promise<Answer<null>>;
  readonly claims: () => Promise<Answer<Work | null>>;
  readonly saveDraft: (claim: number, version: number, draft: unknown, stop?: AbortSignal) => Promise<Answer<{ version: number; expires_at: string }>>;
  readonly submit: (claim: number, body: SubmissionBody) => Promise<Answer<Submitted>>;
  readonly amend: (annotation: number, body: SubmissionBody) => Promise<Answer<Submitted>>;
  readonly mine: () => Promise<Answer<{ results: readonly Mine[] }>>;
}

const PATIENCE = 20_000;
/** Bodies up to here are sent even when the page is closed meanwhile; browsers give all such requests together 64 KiB. */
const KEEPALIVE_MAX = 30_000;

export function createApi(options: ApiOptions): Api & OwnApi {
  const call = <T>(method: string, path: string, body?: unknown, stop?: AbortSignal): Promise<Answer<T>> => callWithCsrf<T>(options, method, path, body, stop);
  return {
    claims: () => call("POST", `projects/${options.project}/claims/`, {}),
    saveDraft: (claim, version, draft, stop) => call("PUT", `claims/${claim}/draft/`, { version, draft }, stop),
    submit: (claim, body) => call("POST", `claims/${claim}/submission/`, body),
    amend: (annotation, body) => call("POST", `annotations/${annotation}/amendments/`, body),
    talk: {
      answer: (claim, body) => call("POST", `claims/${claim}/next-step/`, body),
      prepare: (claim, turn, chosen) => call("POST", `claims/${claim}/prepare/`, { turn, chosen }),
      claim: (claim) => call("GET", `claims/${claim}/`),
    },
    release: (claim) => call("DELETE", `claims/${claim}/`),
    preferences: (changed) => call("PUT", "me/preferences/", changed),
    days: () => call("GET", `projects/${options.project}/mine/`),
    mine: () => call("GET", `annotations/mine/?project=${encodeURIComponent(options.project)}`),
  };
}

/** One call; where the CSRF token has gone stale (a new sign-in in another tab), once more with a fresh one. */
async function callWithCsrf<T>(options: ApiOptions, method: string, path: string, body: unknown, stop?: AbortSignal): Promise<Answer<T>> {
  const first = await callOnce<T>(options, method, path, body, stop);
  if (first.ok || first.code !== "csrf") return first;
  await options.refreshCsrf();
  const second = await callOnce<T>(options, method, path, body, stop);
  // Still refused: cookies may be lagging behind a sign-in. Nothing is wrong with the work itself, so it is tried again later.
  return !second.ok && second.code === "csrf" ? { ...second, kind: "later" } : second;
}

async function callOnce<T>(options: ApiOptions, method: string, path: string, body: unknown, stop?: AbortSignal): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: "application/json", "X-CSRFToken": options.csrfToken(), "X-Account": String(options.account) };
  const sent = body === undefined ? undefined : JSON.stringify(body);
  if (sent !== undefined) headers["Content-Type"] = "application/json";
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), options.patience ?? PATIENCE);
  if (stop?.aborted) over.abort();
  stop?.addEventListener("abort", () => over.abort());
  try {
    const response = await options.fetch(options.base + path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "manual",
      signal: over.signal,
      ...(sent === undefined ? {} : { body: sent, keepalive: sent.length <= KEEPALIVE_MAX }),
    });
    const answer = await read<T>(response);
    if (answer.ok) options.onIdentity?.("");
    else if (answer.kind === "signed_out") options.onIdentity?.(answer.code);
    return answer;
  } catch {
    return failure("offline", 0, "offline", "");
  } finally {
    clearTimeout(timer);
  }
}

async function read<T>(response: Response): Promise<Answer<T>> {
  if (response.type === "opaqueredirect") return failure("signed_out", 401, "not_signed_in", "");
  if (response.status === 204) return { ok: true, status: 204, body: null as T };
  const text = await response.text();
  const body = parsed(text);
  // A 2xx that is not our JSON comes from something in between (a captive portal): not an answer from the server.
  if (response.ok) return body === undefined ? failure("later", response.status, "not_json", "") : { ok: true, status: response.status, body: body as T };
  const data = isRecord(body) ? body : {};
  const code = typeof data["code"] === "string" ? data["code"] : `http_${response.status}`;
  const message = typeof data["message"] === "string" ? withFields(data["message"], data["errors"]) : "";
  return failure(kindOf(response.status), response.status, code, message, retryAfter(response), data);
}

function kindOf(status: number): Failure["kind"] {
  if (status === 401) return "signed_out";
  return status === 408 || status === 425 || status === 429 || status >= 500 ? "later" : "refused";
}

function failure(
  kind: Failure["kind"],
  status: number,
  code: string,
  message: string,
  after: number | null = null,
  data: Readonly<Record<string, unknown>> = {},
): Failure {
  return { ok: false, kind, status, code, message, retryAfter: after, data };
}

/** Retry-After in milliseconds; a date form is ignored, since clocks may be days apart. */
function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("Retry-After") ?? "");
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : null;
}

function withFields(message: string, errors: unknown): string {
  if (!Array.isArray(errors)) return message;
  const fields = errors.filter(isRecord).map((error) => `${String(error["field"])}: ${String(error["message"])}`);
  return [message, ...fields.filter((field) => !message.includes(field))].join(" ");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a cookie that script may read, or "". */
export function cookie(name: string, jar: string = document.cookie): string {
  const found = jar.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
