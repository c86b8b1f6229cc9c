import { describe, expect, it } from "vitest";
import { de } from "./de";
import { en } from "./en";
import { guideIn, type Guide } from "./guide";

describe("the guide to the ratings", () => {
  it("has one or two examples and more of each rating, and a course for each protocol", () => {
    expect(en.ratings.map(({ rating }) => rating)).toEqual([1, 0, -1]);
    for (const { rating, examples } of en.ratings) expect(examples.length, String(rating)).toBeGreaterThanOrEqual(2);
    expect(Object.keys(en.course)).toEqual(["whole-solution", "step-by-step"]);
  });

  it("says the same in both languages, in as many parts", () => {
    const shape = ({ ratings, course }: Guide) => [ratings.map(({ rating, examples }) => [rating, examples.length]), Object.entries(course).map(([name, parts]) => [name, parts.length])];
    expect(shape(de)).toEqual(shape(en));
  });

  it("comes in the page's language, and in English for any other", async () => {
    expect((await guideIn("de-AT")).words.course).toBe(de.words.course);
    expect((await guideIn("fr")).words.course).toBe(en.words.course);
  });
});
