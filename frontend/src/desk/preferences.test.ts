import { describe, expect, it } from "vitest";
import type { Answer } from "./api";
import type { Preferences as Preferred } from "./config";
import { en } from "./messages";
import { Preferences } from "./preferences.svelte";

const NONE: Preferred = { keys: {}, language: "", time_zone: "UTC", practised: false };
const failed = (kind: "offline" | "refused"): Answer<Preferred> => ({ ok: false, kind, status: 0, code: "", message: "", retryAfter: null, data: {} });

class Server {
  sent: Partial<Preferred>[] = [];
  answer: Answer<Preferred> = { ok: true, status: 200, body: NONE };
  readonly kept = new Map<string, string>();
  readonly shelf = {
    getItem: (key: string) => this.kept.get(key) ?? null,
    setItem: (key: string, value: string) => void this.kept.set(key, value),
    removeItem: (key: string) => void this.kept.delete(key),
  };

  page(account = 7, given: Preferred | undefined = NONE): Preferences {
    const put = (changed: Partial<Preferred>) => {
      this.sent.push(changed);
      return Promise.resolve(this.answer);
    };
    return new Preferences({ account, given, words: en, put, shelf: this.shelf });
  }
}

describe("preferences", () => {
  it("hold at once and are the server's a moment later", async () => {
    const server = new Server();
    const page = server.page();
    const sent = page.change({ keys: { flag: ["x"] } });
    expect(page.keycap("flag")).toBe("x");
    expect(await sent).toBe(true);
    expect([server.sent, page.unsent, server.kept.size]).toEqual([[{ keys: { flag: ["x"] } }], {}, 0]);
  });

  it("that could not be sent hold in this browser and go with the next visit", async () => {
    const server = new Server();
    server.answer = failed("offline");
    expect(await server.page().change({ keys: { flag: ["x"] } })).toBe(false);
    server.answer = { ok: true, status: 200, body: NONE };
    const later = server.page();
    expect(later.keycap("flag")).toBe("x");
    later.start("UTC");
    await Promise.resolve();
    expect(server.sent.at(-1)).toEqual({ keys: { flag: ["x"] } });
  });

  it("of the last person are not the next one's", async () => {
    const server = new Server();
    server.answer = failed("offline");
    await server.page(7).change({ keys: { flag: ["x"] } });
    expect(server.page(8).keycap("flag")).toBe("f");
  });

  it("that the server refuses are not tried for ever", async () => {
    const server = new Server();
    server.answer = failed("refused");
    const page = server.page();
    await page.change({ keys: { flag: ["x"] } });
    expect(page.unsent).toEqual({});
  });

  it("changed again while the first are on their way are sent once more", async () => {
    const server = new Server();
    const page = server.page();
    const first = page.change({ keys: { flag: ["x"] } });
    page.unsent = { keys: { flag: ["y"] } };
    await first;
    expect(page.unsent).toEqual({ keys: { flag: ["y"] } });
  });

  it("learn the time zone from the browser, once", () => {
    const server = new Server();
    server.page().start("Europe/Berlin");
    expect(server.sent).toEqual([{ time_zone: "Europe/Berlin" }]);
    server.page(7, { ...NONE, time_zone: "Asia/Tokyo" }).start("Asia/Tokyo");
    expect(server.sent.length).toBe(2); // what the first could not have heard of yet goes once more
  });

  it("write an action's keys into its button's title and for screen readers", () => {
    const page = new Server().page(7, { ...NONE, keys: { zoom_in: ["+", "u"], great: ["f"] } });
    expect([page.title("undo"), page.aria("undo"), page.aria("zoom_in")]).toEqual(["Undo the last rating (z, Backspace)", "z Backspace", "Plus u"]);
    expect([page.title("flag"), page.keycap("flag"), page.aria("flag")]).toEqual(["Unsure about this step", "", undefined]);
  });

  it("are none where the page brought none and the browser keeps nothing", () => {
    const broken = { getItem: () => { throw new Error("blocked"); }, setItem: () => { throw new Error("blocked"); }, removeItem: () => undefined };
    const page = new Preferences({ account: 7, given: undefined, words: en, put: () => Promise.resolve(failed("offline")), shelf: broken });
    expect(page.keycap("flag")).toBe("f");
    void page.change({ keys: { flag: ["x"] } });
    expect(page.keycap("flag")).toBe("x");
  });
});
