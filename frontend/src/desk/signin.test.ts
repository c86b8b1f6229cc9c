import { describe, expect, it, vi } from "vitest";
import { signIn } from "./signin";

const NEXT = "/projects/demo/label/";
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

function tried(...replies: (Response | Error)[]) {
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => {
    const reply = replies.shift();
    if (!reply || reply instanceof Error) throw reply ?? new Error("no reply left");
    return reply;
  });
  const tokens = ["old", "new"];
  const options = { url: "/accounts/login/", next: NEXT, email: "a@example.org", password: "p&=w", csrfToken: () => tokens[0] ?? "" };
  const outcome = signIn({ ...options, refreshCsrf: async () => void tokens.shift(), fetch: fetched as unknown as typeof fetch });
  return { outcome, fetched };
}

describe("signing in from the desk", () => {
  it("sends the sign-in page's own form and is done when the server sends us where we are", async () => {
    const { outcome, fetched } = tried(json(200, { location: NEXT }));
    expect(await outcome).toEqual({ kind: "signed_in" });
    const [url, { headers, body }] = fetched.mock.calls[0] ?? ["", {}];
    expect([url, String(body)]).toEqual(["/accounts/login/", `login=a%40example.org&password=p%26%3Dw&next=${encodeURIComponent(NEXT)}`]);
    expect(headers).toMatchObject({ "X-Requested-With": "XMLHttpRequest", "X-CSRFToken": "old" });
  });

  it("takes a fresh CSRF token where the old one is refused", async () => {
    const { outcome, fetched } = tried(new Response("<html>", { status: 403 }), json(200, { location: NEXT }));
    expect(await outcome).toEqual({ kind: "signed_in" });
    expect(fetched.mock.calls.map(([, init]) => (init.headers as Record<string, string>)["X-CSRFToken"])).toEqual(["old", "new"]);
  });

  it("leaves a second factor, and whatever else is not foreseen, to the real page", async () => {
    expect(await tried(json(200, { location: "/accounts/2fa/authenticate/" })).outcome).toEqual({ kind: "elsewhere", url: "/accounts/2fa/authenticate/" });
    for (const odd of [() => new Response("<html>"), () => new Response("", { status: 404 }), () => json(200, {}), () => json(400, null)]) {
      expect(await tried(odd()).outcome).toEqual({ kind: "elsewhere", url: `/accounts/login/?next=${encodeURIComponent(NEXT)}` });
    }
  });

  it("says what was wrong in the server's words, of the form and of its fields", async () => {
    const form = { errors: ["Not right."], fields: { login: { errors: ["Enter an e-mail."] }, password: { errors: [] } } };
    expect(await tried(json(400, { form })).outcome).toEqual({ kind: "refused", messages: ["Not right.", "Enter an e-mail."] });
  });

  it.each([[429, "throttled"], [503, "busy"], [500, "busy"]] as const)("knows a %i for what it is", async (status, kind) => {
    expect(await tried(new Response("", { status })).outcome).toEqual({ kind });
  });

  it("without a connection says so", async () => {
    expect(await tried(new TypeError("failed")).outcome).toEqual({ kind: "offline" });
  });
});
