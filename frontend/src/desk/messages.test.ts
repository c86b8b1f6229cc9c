import { describe, expect, it } from "vitest";
import { en, localeOf, messagesIn } from "./messages";
import { de } from "./messages.de";

/** Every word by its path; functions are asked with numbers, 1 and 2, so that both numbers of a plural are seen. */
function words(of: unknown, path = ""): [string, string][] {
  if (typeof of === "string") return [[path, of]];
  if (typeof of === "function") return [1, 2].map((n) => [`${path}(${n})`, String((of as (...args: unknown[]) => string)(n, n + 7))]);
  return Object.entries(of as object).flatMap(([key, value]) => words(value, `${path}.${key}`));
}

/** The same in both languages by nature. */
const SHARED = [".ratings.0", ".alternative", ".said.rated"];

describe("the languages", () => {
  it("say every word, and each in its own language", () => {
    const english = new Map(words(en));
    const left = words(de).filter(([path, text]) => !text || english.get(path) === text);
    expect(left.map(([path]) => path.replace(/\(\d\)$/, "")).filter((path) => !SHARED.includes(path))).toEqual([]);
  });

  it("name the same numbers in both languages", () => {
    const numbers = (text: string) => [...text.matchAll(/\d+/g)].map(String).sort().join(" ");
    const german = new Map(words(de));
    const apart = words(en).filter(([path, text]) => path.includes("(") && numbers(text) !== numbers(german.get(path) ?? ""));
    expect(apart).toEqual([]);
  });

  it("follow the page's language, and stay English where there is no other", async () => {
    expect((await messagesIn("de-AT")).language).toBe("de");
    expect(await messagesIn("en")).toBe(en);
    expect(await messagesIn("fr")).toBe(en);
  });

  it("write times as the browser's owner does in the language shown", () => {
    expect(localeOf(en, ["de-DE", "en-GB", "en-US"])).toBe("en-GB");
    expect(localeOf(de, ["en-US"])).toBe("de");
  });
});
