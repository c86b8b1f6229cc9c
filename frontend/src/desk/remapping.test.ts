import { describe, expect, it } from "vitest";
import { actionFor, clashes, keysOf, SHORTCUTS, type Press } from "./keys";
import { isUnfinished, refusal, resetRefusal, tableOf, withKey, without } from "./remapping";

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

describe("a new key", () => {
  it.each(["d", "7", ".", "ö", "ArrowLeft", "Delete"])("may be %s", (key) => {
    expect(refusal(press(key), "flag", SHORTCUTS)).toBeNull();
  });

  it("may be a letter with Shift", () => {
    expect(refusal(press("F", { shiftKey: true }), "flag", SHORTCUTS)).toBeNull();
  });

  it.each(["Tab", " ", "F5", "Insert", "Home", "End", "PageDown", "/", "'", "Enter", "Escape", "MediaPlay"])("is refused where it is the browser's or the screen reader's: %s", (key) => {
    expect(refusal(press(key), "flag", SHORTCUTS)).toEqual({ why: "reserved" });
  });

  it.each(["ctrlKey", "altKey", "metaKey"])("is refused with %s", (held) => {
    expect(refusal(press("d", { [held]: true }), "flag", SHORTCUTS)).toEqual({ why: "modified" });
  });

  it("is refused with the name of the action that holds it", () => {
    expect(refusal(press("z"), "great", SHORTCUTS)).toEqual({ why: "held", by: "undo", key: "z" });
    expect(refusal(press("1"), "okay", SHORTCUTS)).toEqual({ why: "held", by: "great", key: "1" });
    expect(refusal(press("5"), "undo", SHORTCUTS)).toEqual({ why: "held", by: "kind_off_topic", key: "5" });
  });

  it("is judged by the table as it is now, not as it was made", () => {
    const table = tableOf({ undo: ["u"] });
    expect(refusal(press("z"), "great", table)).toBeNull();
    expect(refusal(press("u"), "great", table)).toEqual({ why: "held", by: "undo", key: "u" });
  });

  it("may be one that the action has already", () => {
    expect(refusal(press("g"), "great", SHORTCUTS)).toBeNull();
  });

  it("is waited for while only Shift is down or an accent waits for its letter", () => {
    expect([press("Shift"), press("Dead"), press("a", { isComposing: true }), press("a")].map(isUnfinished)).toEqual([true, true, true, false]);
  });
});

describe("changing and going back", () => {
  it("replaces the one keycap that was pressed", () => {
    expect(withKey({}, "great", 1, "d")).toEqual({ great: ["1", "d", "ArrowRight"] });
    expect(withKey({ great: ["1", "d", "ArrowRight"] }, "great", 1, "ArrowRight")).toEqual({ great: ["1", "ArrowRight"] });
  });

  it("gives a key to an action that had lost all of its own", () => {
    const chosen = { great: ["f"] };
    expect(keysOf("flag", tableOf(chosen))).toEqual([]);
    expect(withKey(chosen, "flag", 0, "x")).toEqual({ great: ["f"], flag: ["x"] });
  });

  it("keeps nothing where the keys are the table's again", () => {
    expect(withKey({ flag: ["x"] }, "flag", 0, "f")).toEqual({});
    expect(without({ flag: ["x"], undo: ["u"] }, "flag")).toEqual({ undo: ["u"] });
  });

  it("is refused while another action holds one of the keys", () => {
    const chosen = { great: ["d"], okay: ["1"] };
    expect(resetRefusal("great", tableOf(chosen))).toEqual({ why: "held", by: "okay", key: "1" });
    expect(resetRefusal("okay", tableOf(chosen))).toBeNull();
  });
});
