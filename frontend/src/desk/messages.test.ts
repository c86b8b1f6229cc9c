import { describe, expect, it } from "vitest";
import { de as deDialogs } from "./dialogs/de";
import { en as enDialogs } from "./dialogs/en";
import { dialogWordsIn } from "./dialogs/words";
import { en, localeOf, messagesIn } from "./messages";
import { de } from "./messages.de";

/** Every word by its path; functions are asked with numbers, 1 and 2, so that both numbers of a plural are seen. */
function words(of: unknown, path = ""): [string, string][] {
  if (typeof of === "string") return [[path, of]];
  if (typeof of === "function") return [1, 2].map((n) => [`${path}(${n})`, String((of as (...args: unknown[]) => string)(n, n + 7))]);
  return Object.entries(of as object).flatMap(([key, value]) => words(value, `${path}.${key}`));
}

/** The same in both languages by nature. */
const ENGLISH = words({ ...en, dialogs: enDialogs });
const GERMAN = words({ ...de, dialogs: deDialogs });
const SHARED = [".ratings.0", ".alternative", ".said.rated"];

describe("the languages", () => {
  it("say every word, and each in its own language", () => {
    const english = new Map(ENGLISH);
    const left = GERMAN.filter(([path, text]) => !text || english.get(path) === text);
    expect(left.map(([path]) => path.replace(/\(\d\)$/, "")).filter((path) => !SHARED.includes(path))).toEqual([]);
  });

  it("name the same numbers in both languages", () => {
    const numbers = (text: string) => [...text.matchAll(/\d+/g)].map(String).sort().join(" ");
    const german = new Map(GERMAN);
    const apart = ENGLISH.filter(([path, text]) => path.includes("(") && numbers(text) !== numbers(german.get(path) ?? ""));
    expect(apart).toEqual([]);
  });

  it("follow the page's language, and stay English where there is no other", async () => {
    expect((await messagesIn("de-AT")).language).toBe("de");
    expect(await messagesIn("en")).toBe(en);
    expect(await messagesIn("fr")).toBe(en);
    expect([await dialogWordsIn("de-AT"), await dialogWordsIn("fr")]).toEqual([deDialogs, enDialogs]);
  });

  it("write times as the browser's owner does in the language shown", () => {
    expect(localeOf(en, ["de-DE", "en-GB", "en-US"])).toBe("en-GB");
    expect(localeOf(de, ["en-US"])).toBe("de");
  });
});
