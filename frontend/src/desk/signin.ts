// Signing in again without leaving the page: the sign-in page's own form, sent by fetch, and what came of it.

import { isRecord } from "./api";

/** `elsewhere`: one more step (a second factor, a disabled account) that only the real page can show, at `url`. */
export type SignedIn =
  | { readonly kind: "signed_in" }
  | { readonly kind: "refused"; readonly messages: readonly string[] }
  | { readonly kind: "elsewhere"; readonly url: string }
  | { readonly kind: "throttled" | "offline" | "busy" };

export interface SignInOptions {
  /** The sign-in page's address without its query. */
  readonly url: string;
  /** Where the server is to send somebody who is signed in: coming back with that says that nothing more is asked. */
  readonly next: string;
  readonly email: string;
  readonly password: string;
  readonly csrfToken: () => string;
  readonly refreshCsrf: () => Promise<void>;
  readonly fetch: typeof fetch;
}

/** Send the form; where the CSRF token has gone stale, once more with a fresh one. */
export async function signIn(options: SignInOptions): Promise<SignedIn> {
  try {
    let response = await post(options);
    if (response.status === 403) {
      await options.refreshCsrf();
      response = await post(options);
    }
    return await outcome(response, options);
  } catch {
    return { kind: "offline" };
  }
}

function post({ url, next, email, password, csrfToken, fetch }: SignInOptions): Promise<Response> {
  return fetch(url, {
    method: "POST",
    // The first of these makes the sign-in answer in JSON instead of pages.
    headers: { "X-Requested-With": "XMLHttpRequest", Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: new URLSearchParams({ login: email, password, next }),
    credentials: "same-origin",
    cache: "no-store",
  });
}

async function outcome(response: Response, { next, url }: SignInOptions): Promise<SignedIn> {
  if (response.status === 429) return { kind: "throttled" };
  if (response.status >= 500) return { kind: "busy" };
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && isRecord(body) && typeof body["location"] === "string") {
    return body["location"] === next ? { kind: "signed_in" } : { kind: "elsewhere", url: body["location"] };
  }
  if (response.status === 400 && isRecord(body)) return { kind: "refused", messages: messagesOf(body["form"]) };
  return { kind: "elsewhere", url: `${url}?next=${encodeURIComponent(next)}` };
}

/** What the form says is wrong: of the whole, then of each field. */
function messagesOf(form: unknown): readonly string[] {
  if (!isRecord(form)) return [];
  const fields = isRecord(form["fields"]) ? Object.values(form["fields"]) : [];
  return [form, ...fields].flatMap((part) => (isRecord(part) && Array.isArray(part["errors"]) ? part["errors"].map(String) : []));
}
