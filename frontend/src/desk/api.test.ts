import { describe, expect, it, vi } from "vitest";
import { cookie, createApi } from "./api";

function apiWith(...replies: (Response | Error)[]) {
  const fetched = vi.fn(async () => {
    const reply = replies.shift();
    if (!reply || reply instanceof Error) throw reply ?? new Error("no reply left");
    return reply;
  });
  const tokens = ["old", "new"];
  const refreshCsrf = vi.fn(async () => void tokens.shift());
  const api = createApi({ base: "/api/v1/", project: "demo", csrfToken: () => tokens[0] ?? "", refreshCsrf, fetch: fetched as unknown as typeof fetch });
  const tokenOf = (call: number) => ((fetched.mock.calls[call] as unknown as [string, RequestInit])[1].headers as Record<string, string>)["X-CSRFToken"];
  return { api, fetched, refreshCsrf, tokenOf };
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

it("reads a cookie by its whole name", () => {
  expect(cookie("csrftoken", "xcsrftoken=a; csrftoken=b%3D; other=c")).toBe("b=");
  expect(cookie("missing", "a=b")).toBe("");
});
