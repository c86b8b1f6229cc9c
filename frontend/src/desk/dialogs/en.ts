// The dialogs in English.

const items = (n: number): string => `${n} ${n === 1 ? "item" : "items"}`;

export const en = {
  instructions: "Instructions",
  keymap: {
    title: "Change keys",
    hint: "Press a keycap here, then the new key. Your keys follow you to every machine.",
    press: "Press the new key. Esc leaves it as it was.",
    none: "no key",
    changed: (action: string, key: string): string => `${action}: now ${key}.`,
    held: (key: string, action: string): string => `${key} is the key of “${action}”. Give that one another key first.`,
    reserved: (key: string): string => `${key} belongs to the browser or the screen reader.`,
    modified: (key: string): string => `Keys with Ctrl, Alt or ⌘ (here ${key}) belong to the browser or the screen reader.`,
    reset: "Reset",
    resetAll: "Reset all keys",
    allReset: "All keys are as they were made.",
    unsent: "Kept in this browser; sent when the connection is back.",
  },
  menu: {
    items: "items today",
    active: "active",
    pace: "median an item",
    week: "The last seven days, items a day",
    dayItems: (n: number): string => items(n),
    noFigures: "Your figures could not be loaded just now.",
    size: "Text size",
    smaller: "Smaller",
    usual: "Usual",
    larger: "Larger",
    theme: "Theme",
    themes: { light: "Switch to light", dark: "Switch to dark" },
    signOut: "Sign out",
  },
  skip: {
    title: "Give it back, not now?",
    hint: "It goes to whoever comes next, and back to you when nothing else is left.",
    loses: "What you said of it is not kept.",
    giveBack: "Give it back",
  },
  reason: {
    give_up: { title: "Give up on this one?", hint: "Meant for after two or three minutes of being stuck. What you rated so far is kept." },
    bad_problem: {
      title: "Is the problem itself bad?",
      hint: "It needs something that is not shown, states a falsehood that makes it unclear, asks nothing definite, or has four or more parts.",
    },
    commonly: "Common reasons",
    common: ["something is not shown", "a falsehood makes it unclear", "nothing definite is asked", "four or more parts"],
    why: "Why?",
    needed: "A few words are needed.",
  },
  history: {
    title: "Your last ten items",
    empty: "Nothing submitted yet.",
    partly: "The server’s list could not be loaded; what waits in this browser is here.",
    hint: "↑ ↓ and Enter open one to correct it.",
    waiting: "waiting to be sent",
    corrected: "corrected",
    finish: {
      solution: "no error",
      found_error: (step: number): string => `first Bad step ${step}`,
      give_up: "given up",
      bad_problem: "bad problem",
    },
  },
};
