import { describe, expect, it } from "vitest";
import type { Label, Mine } from "./api";
import type { Held } from "./held";
import { Past } from "./past";
import type { Entry } from "./store";

const LABEL: Label = { steps: [], total_time: 1, finish_reason: "solution" };
const subject = (text: string) => ({ problem: { text, answer: null }, steps: ["a"], answer: null, alternatives: {} });
const mine = (id: number, at: string, more: Partial<Mine> = {}): Mine => ({ ...subject(`problem ${id}`), id, submitted_at: at, revision: 0, label: LABEL, reason: "", error_kind: "", error_note: "", ...more });
const entry = (key: string, at: string, more: Partial<Entry> = {}): Entry => ({
  client_key: key, account: 7, project: "algebra", kind: "submission", target: 1, body: { client_key: key, label: LABEL }, subject: subject(`entry ${key}`), added: Date.parse(at), state: "waiting", problem: null, ...more,
});

describe("the past", () => {
  function past(entries: Entry[], server: readonly Mine[] | null) {
    const laid: Held[] = [];
    const dropped: string[] = [];
    const asked = { times: 0 };
    const made = new Past({
      project: "algebra",
      mine: () => {
        asked.times += 1;
        const answer = server ? { ok: true as const, status: 200, body: { results: server } } : { ok: false as const, kind: "offline" as const, status: 0, code: "", message: "", retryAfter: null, data: {} };
        // What waits is sent while the server is asked for the first time.
        if (asked.times === 1 && server) entries.splice(0, 1);
        return Promise.resolve(answer);
      },
      entries: () => Promise.resolve([...entries]),
      outbox: () => ({ drop: async (key: string) => void dropped.push(key) }) as never,
      lay: (held) => laid.push(held),
    });
    return { made, laid, dropped, asked };
  }

  it("lists what waits here also where the server cannot be asked, of this project alone", async () => {
    const { made } = past([entry("x", "2026-01-01T11:00:00Z"), entry("y", "2026-01-01T11:00:00Z", { project: "other" })], null);
    const { mine: there, entries, partly } = await made.list();
    expect([there, entries.map(({ client_key }) => client_key), partly]).toEqual([[], ["x"], true]);
  });

  it("asks once more where something was sent meanwhile", async () => {
    const { made, asked } = past([entry("x", "2026-01-01T11:00:00Z")], [mine(1, "2026-01-01T10:00:00Z")]);
    expect(await made.list()).toMatchObject({ mine: [{ id: 1 }], entries: [], partly: false });
    expect(asked.times).toBe(2);
  });

  it("opens what waits as a correction that goes behind it", async () => {
    const { made, laid } = past([entry("x", "2026-01-01T11:00:00Z")], null);
    const [waiting] = (await made.list()).entries;
    made.open(waiting as Entry);
    expect(laid[0]).toMatchObject({ target: { kind: "amendment", id: 0 }, first: { client_key: "x" } });
  });

  it("opens a refused one again as it was said last, and lets the old one go", async () => {
    const first = entry("x", "2026-01-01T11:00:00Z", { state: "aside" });
    const later = entry("y", "2026-01-01T11:01:00Z", { after: "x", kind: "amendment", body: { client_key: "y", label: { ...LABEL, total_time: 99 } } });
    const { made, laid, dropped } = past([first, later], null);
    await made.reopen(first);
    expect([laid[0]?.target, laid[0]?.time.total, dropped]).toEqual([{ kind: "submission", id: 1 }, 99, ["x"]]);
  });
});
