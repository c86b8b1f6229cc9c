import { describe, expect, it } from "vitest";
import { actionFor, clashes, keysOf, SHORTCUTS, type Press } from "./keys";
import { tableOf } from "./remapping";

const press = (key: string, more: Partial<Press> = {}): Press => ({ key, ...more });

describe("a person's table", () => {
  it("is the default where nothing was changed, or where what was stored is of no use", () => {
    expect(tableOf({})).toEqual(SHORTCUTS);
    expect(tableOf({ nothing: ["x"], great: ["Tab"], close: ["x"], okay: [] })).toEqual(SHORTCUTS);
  });

  it("has the new keys, and a default gives way to them", () => {
    const table = tableOf({ great: ["o", "ArrowRight"] });
    expect(keysOf("great", table)).toEqual(["o", "ArrowRight"]);
    expect(keysOf("okay", table)).toEqual(["2"]);
    expect(actionFor(press("o"), false, table)).toBe("great");
    expect(actionFor(press("1"), false, table)).toBeNull();
    expect(clashes(table)).toEqual([]);
  });

  it("leaves the kinds of errors their digits where a rating gets one", () => {
    const table = tableOf({ okay: ["4"] });
    expect(actionFor(press("4"), false, table)).toBe("okay");
    expect(actionFor(press("4"), true, table)).toBe("kind_unexplained");
  });

  it("has Enter for submitting alone", () => {
    expect(keysOf("flag", tableOf({ flag: ["Enter"] }))).toEqual(["f"]);
    expect(keysOf("submit", tableOf({ submit: ["d"] }))).toEqual(["d"]);
  });
});
