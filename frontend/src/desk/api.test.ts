import { describe, expect, it, vi } from "vitest";
import { cookie, createApi } from "./api";

function apiWith(...replies: (Response | Error)[]) {
  const fetched = vi.fn(async () => {
    const reply = replies.shift();
    if (!reply || reply instanceof Error) throw reply ?? new Error("no reply left");
    return reply;
  });
  const tokens = ["old", "new"];
  const identities: string[] = [];
  const refreshCsrf = vi.fn(async () => void tokens.shift());
  const api = createApi({ base: "/api/v1/", project: "demo", account: 7, onIdentity: (code) => identities.push(code), csrfToken: () => tokens[0] ?? "", refreshCsrf, fetch: fetched as unknown as typeof fetch });
  const headersOf = (call: number) => (fetched.mock.calls[call] as unknown as [string, RequestInit])[1].headers as Record<string, string>;
  const tokenOf = (call: number) => headersOf(call)["X-CSRFToken"];
  return { api, fetched, refreshCsrf, tokenOf, headersOf, identities };
}
const json = (status: number, body: unknown, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });

describe("an answer", () => {
  it.each([
    [401, "signed_out"], [429, "later"], [500, "later"], [503, "later"], [400, "refused"], [404, "refused"], [409, "refused"], [413, "refused"],
  ] as const)("of %i means %s", async (status, kind) => {
    const { api } = apiWith(json(status, { code: "x", message: "m", errors: [] }));
    expect(await api.claims()).toMatchObject({ ok: false, kind, code: "x" });
  });

  it("that never comes means offline", async () => {
    expect(await apiWith(new TypeError("failed")).api.claims()).toMatchObject({ ok: false, kind: "offline" });
  });

  it("of another server in between (a 200 that is no JSON) is tried again later", async () => {
    expect(await apiWith(new Response("<html>sign in to the wifi</html>")).api.claims()).toMatchObject({ ok: false, kind: "later" });
  });

  it("tells how long to wait and which field was wrong", async () => {
    expect(await apiWith(json(503, {}, { "Retry-After": "5" })).api.claims()).toMatchObject({ retryAfter: 5_000 });
    const { api } = apiWith(json(400, { code: "invalid", message: "Refused.", errors: [{ field: "label", message: "is missing" }] }));
    expect(await api.claims()).toMatchObject({ message: "Refused. label: is missing" });
  });

  it("of 204 is work that is not there", async () => {
    expect(await apiWith(new Response(null, { status: 204 })).api.claims()).toEqual({ ok: true, status: 204, body: null });
  });
});

it("says whose desk asks, and hears who is signed in", async () => {
  const { api, headersOf, identities } = apiWith(json(200, {}), json(401, { code: "not_signed_in" }), json(500, {}), json(401, { code: "other_account" }));
  for (let call = 0; call < 4; call += 1) await api.claims();
  expect(headersOf(0)["X-Account"]).toBe("7");
  // What is no answer about the person (a 500) changes nothing.
  expect(identities).toEqual(["", "not_signed_in", "other_account"]);
});

it("a small body outlives the page, a large one does not use up what browsers allow for that", async () => {
  const { api, fetched } = apiWith(json(200, {}), json(200, {}));
  await api.saveDraft(1, 0, "x");
  await api.saveDraft(1, 0, "x".repeat(40_000));
  const keepalive = fetched.mock.calls.map((call) => (call as unknown as [string, RequestInit])[1].keepalive);
  expect(keepalive).toEqual([true, false]);
});

describe("a stale CSRF token", () => {
  const stale = () => json(403, { code: "csrf", message: "", errors: [] });

  it("is fetched anew and the call made again", async () => {
    const { api, refreshCsrf, tokenOf } = apiWith(stale(), json(200, { claims: [], progress: {} }));
    expect((await api.claims()).ok).toBe(true);
    expect(refreshCsrf).toHaveBeenCalledOnce();
    expect([tokenOf(0), tokenOf(1)]).toEqual(["old", "new"]);
  });

  it("twice in a row is tried later, never given up", async () => {
    expect(await apiWith(stale(), stale()).api.claims()).toMatchObject({ kind: "later" });
  });
});

it("calls the saving of a draft off when told to", async () => {
  const stop = new AbortController();
  const { api, fetched } = apiWith();
  fetched.mockImplementationOnce(((_url: string, init: RequestInit) =>
    new Promise<Response>((_, reject) => init.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError"))))) as never);
  const answer = api.saveDraft(1, 0, {}, stop.signal);
  stop.abort();
  expect(await answer).toMatchObject({ ok: false, kind: "offline" });
});

it("reads a cookie by its whole name", () => {
  expect(cookie("csrftoken", "xcsrftoken=a; csrftoken=b%3D; other=c")).toBe("b=");
  expect(cookie("missing", "a=b")).toBe("");
});
