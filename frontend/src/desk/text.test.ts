import { describe, expect, it } from "vitest";
import { answerText, hasUnseen, pieces, split } from "./text";

const maths = (text: string) => split(text).flatMap((segment) => (segment.kind === "math" ? [segment.tex] : []));

describe("maths in text", () => {
  it.each([
    ["a $x$ b", ["x"]],
    ["\\(a\\) and \\[b\\]", ["a", "b"]],
    ["$$a\nb$$", ["a\nb"]],
    ["$5x+3$", ["5x+3"]],
    ["so $5$ dollars", ["5"]],
    ["$x$, $y$ and $z$.", ["x", "y", "z"]],
    ["$ x^2 + 1 $", [" x^2 + 1 "]],
    ["$ ABCD $, $ x = 27$ and $b > 0 $", [" ABCD ", " x = 27", "b > 0 "]],
    ["Since $ a > 0,$ we divide by $a$, and $D, E, $ and $F$", [" a > 0,", "a", "D, E, ", "F"]],
    ["let $x = $ the side", ["x = "]],
    ["$pqr + pqs + prs + qrs.$", ["pqr + pqs + prs + qrs."]],
    ["a salary of $\\$$1,200 with $5\\%$", ["\\$", "5\\%"]],
    ["$x = \\text{number of apples that he has}$", ["x = \\text{number of apples that he has}"]],
    ["if $*(n) = n$ and $*$ is an operation", ["*(n) = n", "*"]],
    ["the answer is \\boxed{\\frac{1}{2}}.", ["\\boxed{\\frac{1}{2}}"]],
    ["\\begin{align*}x&=1\\end{align*}", ["\\begin{align*}x&=1\\end{align*}"]],
    ["\\begin{eqnarray}x\\end{eqnarray}", ["\\begin{align*}x\\end{align*}"]],
  ])("finds it in %j", (text, expected) => {
    expect(maths(text)).toEqual(expected);
  });

  it.each([
    "It costs $5 and then $10 more.",
    "She paid $20, he paid $5.",
    "from $5-$10",
    "$3 + $4 = $7",
    "He earns $12 per hour and saves $3",
    "escaped \\$x\\$ dollars",
    "an open \\( bracket, an open $x, an open \\[ and an open $$",
    "$5 for the apples$ and so on",
    "\\\\(not maths\\\\)",
    "a paragraph $x\n\ny$ apart",
    "empty $$ $$ and \\(\\)",
    "between $ 5, $ 6 and $ 7",
    "$5 (or $x if late)",
    "so $x = $60 and $y = $ 70",
    "$x, $y",
    "8 hours at 3$*8$ a day",
    "$3/hour or 4$/hour for 5$",
    "$12 x 5 =$<<12*5=60>>60 so 60-10=$<<60-10=50>>50",
  ])("leaves %j as text", (text) => {
    expect(maths(text)).toEqual([]);
  });

  it("keeps prices and maths apart in one sentence", () => {
    expect(maths("A pen costs $5, so $x$ pens cost $5x$ dollars.")).toEqual(["x", "5x"]);
  });

  it("shows a drawing's source whole, dollars and all", () => {
    expect(split('[asy]label("$x$");[/asy] then $y$')).toEqual([
      { kind: "source", raw: '[asy]label("$x$");[/asy]' },
      { kind: "text", text: " then " },
      { kind: "math", tex: "y", raw: "$y$", display: false },
    ]);
  });

  it("gives back every character of any text, in order", () => {
    const parts = ["$", "$$", "\\(", "\\)", "\\[", "\\]", "\\", "x", "5 ", "\n", "{", "}", "\\boxed{", "[asy]", "[/asy]", "\\begin{align}", "\\end{align}", "a word "];
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let turn = 0; turn < 3_000; turn += 1) {
      const text = Array.from({ length: random(14) }, () => parts[random(parts.length)]).join("");
      const again = split(text).map((segment) => (segment.kind === "text" ? segment.text : segment.raw)).join("");
      expect(again).toBe(text);
    }
  });

  // Where a flood of openers costs a look through the whole text each, this takes longer than a test may.
  it("takes linear time on a flood of openers", () => {
    for (const flood of ["$", "$x ", "$$", "\\(", "\\[x", "[asy]", "\\boxed{", "\\begin{align}", "\\begin{tabular}"]) {
      const text = flood.repeat(30_000);
      expect(split(text).reduce((length, segment) => length + (segment.kind === "text" ? segment.text : segment.raw).length, 0)).toBe(text.length);
    }
  });
});

describe("answers", () => {
  it("get maths around bare TeX and are left alone else", () => {
    expect(answerText("\\frac{14}{3}")).toBe("\\(\\displaystyle \\frac{14}{3}\\)");
    for (const plain of ["14", "$x^2$", "\\text{no}\n", "it costs 3^2 dollars", "\\boxed{3}"]) expect(answerText(plain)).toBe(plain);
  });
});

describe("characters that would not be seen", () => {
  it("are named by their code points, and the rest stays as it is", () => {
    expect(pieces("a\u202Eb\u200Bc\u{e0041}")).toEqual([{ seen: "a" }, { unseen: "U+202E" }, { seen: "b" }, { unseen: "U+200B" }, { seen: "c" }, { unseen: "U+E0041" }]);
  });

  it("are marks beyond four on one letter, counted", () => {
    expect(pieces(`z${"\u0300".repeat(16)}a`)).toEqual([{ seen: `z${"\u0300".repeat(4)}` }, { unseen: "◌×12" }, { seen: "a" }]);
    expect(hasUnseen(`z${"\u0300".repeat(5)}`)).toBe(true);
    expect(hasUnseen("z\u0300\u0301\u0302\u0303 Việt Nam שָׁלוֹם")).toBe(false);
  });

  it("are told from digits of other alphabets, which are seen and marked", () => {
    expect(pieces("1３٣")).toEqual([{ seen: "1" }, { seen: "３", code: "U+FF13" }, { seen: "٣", code: "U+0663" }]);
    expect(hasUnseen("٣")).toBe(true);
  });

  it("are separators of lines, fillers and selectors too", () => {
    for (const char of ["\u2028", "\u2029", "\u0085", "\u2800", "\u3164", "\u034f", "\u{e0101}", "\ufeff", "\u0000"]) expect(hasUnseen(char)).toBe(true);
  });

  it("are not line breaks, tabs, accents, other alphabets or emoji", () => {
    expect(hasUnseen("a\n\tb é العربية 😀 \u00a0")).toBe(false);
  });
});
