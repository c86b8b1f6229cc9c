import { describe, expect, it } from "vitest";
import { keysOf, SHORTCUTS, type Press } from "../keys";
import { tableOf } from "../remapping";
import { isUnfinished, refusal, resetRefusal, withKey, without } from "./newkey";

const press = (key: string, more: Partial<Press> = {}): Press => ({ key, ...more });

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
