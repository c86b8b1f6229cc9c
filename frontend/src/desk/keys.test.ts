import { describe, expect, it } from "vitest";
import { actionFor, clashes, keysOf, SHORTCUTS, shownKey, spell } from "./keys";
import { en } from "./messages";

const press = (key: string, more: object = {}) => ({ key, ...more });

describe("the table of keys", () => {
  it("gives no key to two actions that can be meant at once", () => {
    expect(clashes(SHORTCUTS)).toEqual([]);
    expect(clashes([...SHORTCUTS, { action: "flag", keys: ["g"], group: "rate" }])).toEqual(["g"]);
  });

  it("has words for every action", () => {
    expect(SHORTCUTS.filter(({ action }) => !en.actions[action])).toEqual([]);
  });

  it.each([
    ["1", "great"], ["g", "great"], ["ArrowRight", "great"], ["2", "okay"], ["o", "okay"], ["3", "bad"], ["b", "bad"], ["e", "first_error"],
    ["f", "flag"], ["z", "undo"], ["Backspace", "undo"], ["ArrowUp", "up"], ["k", "up"], ["ArrowDown", "down"], ["j", "down"], ["h", "history"],
    ["t", "raw"], ["i", "instructions"], ["+", "zoom_in"], ["-", "zoom_out"], ["0", "zoom_reset"], ["?", "keys"], ["Enter", "submit"], ["Escape", "close"],
  ])("reads %s as %s", (key, action) => {
    expect(actionFor(press(key), false)).toBe(action);
  });
});

describe("a press", () => {
  it("tells Shift+G from g, also with caps lock on", () => {
    expect(actionFor(press("G", { shiftKey: true }), false)).toBe("give_up");
    expect(actionFor(press("G"), false)).toBe("great");
    expect(actionFor(press("B", { shiftKey: true }), false)).toBe("bad_problem");
  });

  it("is the key's place on a keyboard with another alphabet", () => {
    expect(actionFor(press("п", { code: "KeyG" }), false)).toBe("great");
  });

  it("with Ctrl, Alt or Meta, or while composing, is not ours", () => {
    for (const held of ["ctrlKey", "altKey", "metaKey", "isComposing"]) expect(spell(press("e", { [held]: true }))).toBe("");
  });

  it("held down moves on but rates and submits only once", () => {
    expect(actionFor(press("j", { repeat: true }), false)).toBe("down");
    expect(actionFor(press("1", { repeat: true }), false)).toBeNull();
    expect(actionFor(press("Enter", { repeat: true }), true)).toBeNull();
  });

  it("of a digit says what is wrong once a Bad step was found, while letters still rate", () => {
    expect(actionFor(press("2"), true)).toBe("kind_logic");
    expect(actionFor(press("o"), true)).toBe("okay");
  });
});

it("shows keys as they are printed", () => {
  expect([...keysOf("give_up"), ...keysOf("up"), ...keysOf("zoom_in")].map(shownKey)).toEqual(["Shift G", "↑", "k", "+", "="]);
});
