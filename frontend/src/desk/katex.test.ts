// KaTeX as we build it, in two parts, against its own build: what is in both looks the same to the last figure.

import { renderToString } from "katex";
import { beforeAll, describe, expect, it } from "vitest";
import { allow, spend } from "./spending";

interface Katex {
  readonly renderToString: typeof renderToString;
}

let whole: Katex;
let names: string[];
const LEFT_OUT = /^\\(?:href|url|includegraphics|html(?:Class|Id|Style|Data))$/;

/** By names that are no literals: the sources and the other build have no types of their own here. */
const load = async <T>(name: string): Promise<T> => (await import(/* @vite-ignore */ name)) as T;

beforeAll(async () => {
  await import("virtual:katex-rest");
  whole = (await load<{ default: Katex }>("katex/dist/katex.mjs")).default;
  const symbols = (await load<{ default: Record<"math" | "text", object> }>("katex/src/symbols.ts")).default;
  const macros = (await load<{ _macros: object }>("katex/src/defineMacro.ts"))._macros;
  const functions = (await load<{ _functions: object }>("katex/src/defineFunction.ts"))._functions;
  names = [...Object.keys(symbols.math), ...Object.keys(macros), ...Object.keys(functions)].filter((name) => !LEFT_OUT.test(name));
}, 30_000);

/** The markup, or the words of the refusal. */
function made(katex: Katex, tex: string): string {
  allow();
  try {
    return katex.renderToString(tex, { strict: "ignore", macros: {} });
  } catch (error) {
    return String(error);
  }
}

const differing = (formulas: readonly string[]): string[] => formulas.filter((tex) => made({ renderToString }, tex) !== made(whole, tex));

describe("our build of KaTeX", () => {
  it("knows every symbol, macro and command, alone and with arguments", () => {
    expect(names.length).toBeGreaterThan(1_200);
    const terminal = /^\\(?:message|errmessage|show)$/;
    const quiet = names.filter((name) => !terminal.test(name));
    expect(differing(quiet)).toEqual([]);
    expect(differing(quiet.map((name) => `${name}{x}{y}_1^2`))).toEqual([]);
  });

  it("sets every letter of every font in its place", () => {
    const letters = "ABCXYZabcxyz0159";
    const fonts = ["mathrm", "mathit", "mathbf", "mathbb", "mathcal", "mathfrak", "mathscr", "mathsf", "mathtt", "boldsymbol", "text", "textbf", "textit", "texttt", "textsf"];
    expect(differing(fonts.map((font) => `\\${font}{${letters}}`))).toEqual([]);
    expect(differing(["𝐀𝐴𝔄𝔸𝒜𝖠𝙰", "é ≤ ⊊ ≔ ∴ ℝ", "\\text{Größe привет ﬁ}"])).toEqual([]);
  });

  it("builds whole formulas alike", () => {
    const formulas = [
      "\\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}", "\\left(\\sum_{k=1}^n \\binom nk\\right)^{\\!2}", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\boxed{\\dfrac{1}{2}}",
      "\\begin{cases}x&y\\\\z&w\\end{cases}", "\\overbrace{a+b}^{n}", "\\xrightarrow[b]{a}", "\\cancel{x} \\not= y", "\\begin{array}{c|c}1&2\\\\\\hline 3&4\\end{array}",
    ]; // prettier-ignore
    expect(differing(formulas)).toEqual([]);
  });

  it.each(["\\href{a}{b}", "\\url{a}", "\\includegraphics{a}", "\\htmlClass{a}{b}", "\\begin{CD}A\\end{CD}"])("does not know %s", (tex) => {
    expect(made({ renderToString }, tex)).toMatch(/^ParseError: .*(?:Undefined control sequence|No such environment)/);
  });

  it("counts the groups it builds, in markup and in MathML", () => {
    const groups = (limit: number): string => {
      allow(limit);
      return renderToString("x+y", { strict: "ignore" });
    };
    expect(groups(6)).toContain("katex");
    expect(() => groups(5)).toThrow(RangeError);
    allow(0);
    expect(spend).toThrow(RangeError);
  });
});
