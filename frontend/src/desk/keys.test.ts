import { describe, expect, it } from "vitest";
import { actionFor, clashes, keysOf, SHORTCUTS, shownKey, spell, type ActionName } from "./keys";
import { en } from "./messages";

const press = (key: string, more: object = {}) => ({ key, ...more });

describe("the table of keys", () => {
  it("gives no key to two actions that can be meant at once", () => {
    expect(clashes(SHORTCUTS)).toEqual([]);
    expect(clashes([...SHORTCUTS, { action: "flag", keys: ["g"], group: "rate" }])).toEqual(["g"]);
  });

  it("lets a kind of error share its key with a rating and with nothing else", () => {
    const other = (action: ActionName, key: string) => SHORTCUTS.map((shortcut) => (shortcut.action === action ? { ...shortcut, keys: [key] } : shortcut));
    expect(clashes(other("okay", "1"))).toEqual(["1"]); // with Great, not with the kind
    expect(clashes(other("kind_logic", "o"))).toEqual([]);
    expect(clashes(other("kind_logic", "z"))).toEqual(["z"]);
  });

  it("has words for every action", () => {
    expect(SHORTCUTS.filter(({ action }) => !en.actions[action])).toEqual([]);
  });

  it.each([
    ["1", "great"], ["g", "great"], ["ArrowRight", "great"], ["2", "okay"], ["o", "okay"], ["3", "bad"], ["b", "bad"], ["e", "first_error"],
    ["f", "flag"], ["z", "undo"], ["Backspace", "undo"], ["ArrowUp", "up"], ["k", "up"], ["ArrowDown", "down"], ["j", "down"], ["h", "history"],
    ["s", "skip"], ["m", "menu"], ["t", "raw"], ["i", "instructions"], ["+", "zoom_in"], ["-", "zoom_out"], ["0", "zoom_reset"], ["?", "keys"], ["Enter", "submit"], ["Escape", "close"],
  ])("reads %s as %s", (key, action) => {
    expect(actionFor(press(key), false, SHORTCUTS)).toBe(action);
  });
});

describe("a press", () => {
  it("tells Shift+G from g, also with caps lock on", () => {
    expect(actionFor(press("G", { shiftKey: true }), false, SHORTCUTS)).toBe("give_up");
    expect(actionFor(press("G"), false, SHORTCUTS)).toBe("great");
    expect(actionFor(press("B", { shiftKey: true }), false, SHORTCUTS)).toBe("bad_problem");
  });

  it("is the key's place on a keyboard with another alphabet", () => {
    expect(actionFor(press("п", { code: "KeyG" }), false, SHORTCUTS)).toBe("great");
  });

  it("with Ctrl, Alt or Meta, or while composing, is not ours", () => {
    for (const held of ["ctrlKey", "altKey", "metaKey", "isComposing"]) expect(spell(press("e", { [held]: true }))).toBe("");
  });

  it("held down moves on but rates and submits only once", () => {
    expect(actionFor(press("j", { repeat: true }), false, SHORTCUTS)).toBe("down");
    expect(actionFor(press("1", { repeat: true }), false, SHORTCUTS)).toBeNull();
    expect(actionFor(press("Enter", { repeat: true }), true, SHORTCUTS)).toBeNull();
  });

  it("of a digit says what is wrong once a Bad step was found, while letters still rate", () => {
    expect(actionFor(press("2"), true, SHORTCUTS)).toBe("kind_logic");
    expect(actionFor(press("o"), true, SHORTCUTS)).toBe("okay");
  });
});

it("shows keys as they are printed", () => {
  expect((["give_up", "up", "zoom_in"] as const).flatMap((action) => keysOf(action, SHORTCUTS)).map(shownKey)).toEqual(["Shift G", "↑", "k", "+", "="]);
});
