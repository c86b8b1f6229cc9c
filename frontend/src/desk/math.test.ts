// @vitest-environment happy-dom
import { beforeAll, describe, expect, it, vi } from "vitest";
import { refusal, renderText } from "./math";

const WORDS = { cannotRender: "shown as source" };

// Only when the second part of KaTeX is here, too, is a formula known to be none.
beforeAll(() => vi.waitFor(() => expect(shown("$\\nosuchcommand$").querySelector("code.unrendered")).not.toBeNull(), { timeout: 20_000 }));

function shown(text: string, raw = false): HTMLElement {
  const holder = document.createElement("div");
  holder.append(renderText(text, WORDS, raw));
  return holder;
}

describe("rendering", () => {
  it("gives maths to KaTeX and keeps text as text", () => {
    const holder = shown("so $x^2$ <b>is</b>");
    expect(holder.querySelectorAll(".katex")).toHaveLength(1);
    expect(holder.querySelector("b")).toBeNull();
    expect(holder.textContent).toContain("<b>is</b>");
  });

  it.each(["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "$<svg onload=alert(1)>$", "\\(\\text{<a href='javascript:1'>x</a>}\\)", "{{constructor}}"])(
    "shows %s as text",
    (hostile) => {
      const holder = shown(hostile);
      expect(holder.querySelector("img, script, a, iframe")).toBeNull();
      expect([...holder.querySelectorAll("*")].flatMap((element) => element.getAttributeNames()).filter((name) => name.startsWith("on"))).toEqual([]);
    },
  );

  it.each(["\\href{javascript:alert(1)}{x}", "\\url{https://a.b}", "\\includegraphics{https://a.b/c.png}", "\\htmlData{a=b}{x}", "\\htmlClass{foot}{x}", "\\htmlStyle{color:red}{x}", "\\htmlId{desk}{x}", "\\HREF{a}{b}"])(
    "shows %s as its source with a note",
    (tex) => {
      const holder = shown(`\\(${tex}\\)`);
      expect(holder.querySelector("a, img, [id], .katex")).toBeNull();
      expect(holder.querySelector("code.unrendered")?.textContent).toBe(`\\(${tex}\\)`);
      expect(holder.textContent).toContain("shown as source");
    },
  );

  it("gives each formula fresh macros", () => {
    shown("$\\gdef\\frac#1#2{HACKED}\\frac12$");
    expect(shown("$\\frac{1}{2}$").textContent).not.toContain("HACKED");
  });

  it("shows raw text as it stands", () => {
    expect(shown("a $x$\n", true).querySelector("code.raw")?.textContent).toBe("a $x$\n");
  });

  it.each([
    ["so ($x+1$)", ["(", "box"]],
    ["so $x+1$.", ["box"]],
    ["so $x+1$-th", ["box"]],
    ["$x$ ($y$", ["("]],
    ["so $x+1$ is", []],
    ["so (here $x+1$", []],
    ["$x$$y$", []],
    ["so $x+1 = 2(x+2)$ is", ["box"]],
    ["so $2(x+2)$.", ["box", "box"]],
    ["so $[0,1) \\cup (a+b,c]$ is", ["box"]],
    ["so $2(a+b+c+d+e+f+g+h+i+j+k)$ is", []],
    ["so $(1+x$ is", []],
    ["(\\[x\\].", []],
  ])("keeps a formula together with what must not stand alone on a line: %s", (text, together) => {
    const holder = shown(text);
    expect([...holder.querySelectorAll(".glue")].map((glue) => (glue.querySelector(":scope > .katex-base") ? "box" : glue.textContent))).toEqual(together);
    for (const formula of holder.querySelectorAll(".formula")) formula.remove();
    expect(holder.textContent).toBe(text.replace(/\$.*?\$|\\\[.*?\\\]/g, ""));
  });

  it("marks unseen characters and leaves maths with them as its source", () => {
    expect(shown("a\u202Eb").querySelector(".unseen")?.textContent).toBe("U+202E");
    expect(shown("$a\u202Eb$").querySelector("code.unrendered")).not.toBeNull();
  });
});

describe("caps", () => {
  it("refuse what is too long, too deep or too wide", () => {
    expect(refusal("x".repeat(4_001))).toBe("too_long");
    expect(refusal("{".repeat(101) + "}".repeat(101))).toBe("too_deep");
    expect(refusal("\\frac".repeat(200))).toBe("too_deep");
    expect(refusal("1&".repeat(1_001))).toBe("too_many_cells");
    expect(refusal("\\frac{1}{2} + \\sqrt{x}")).toBeNull();
  });

  it.each([
    ["endless recursion", "\\def\\x{\\x}\\x"],
    ["doubling", "\\def\\a{\\a\\a}\\a"],
    ["edef doubling", `\\def\\a{x}${"\\edef\\a{\\a\\a}".repeat(30)}\\a`],
    ["deep fractions", "\\frac{1}{".repeat(300) + "x" + "}".repeat(300)],
    ["an unknown command", "\\nosuchcommand{x}"],
    ["an open brace", "\\frac{1}{2"],
    ["a definition that hides in another case", "\\gdef\\frac#1#2{HACKED}\\frac12"],
    ["more work than any formula may cost", "é".repeat(3_990)],
  ])("show %s as its source", (_, tex) => {
    expect(shown(`\\(${tex}\\)`).querySelector("code.unrendered")?.textContent).toBe(`\\(${tex}\\)`);
  });

  it("give a text a share of nodes: what comes then is its source, under few notes, and nothing is lost", () => {
    const text = "$\\frac{1}{2}$ ".repeat(900);
    const holder = shown(text);
    expect(holder.querySelectorAll("*").length).toBeLessThan(15_000);
    expect(holder.querySelectorAll(".formula").length).toBeGreaterThan(200);
    expect(holder.querySelectorAll(".unrendered-note").length).toBeLessThan(15);
    const sources = [...holder.querySelectorAll(".unrendered")].map((source) => source.textContent);
    expect(text.endsWith(sources.at(-1) ?? "")).toBe(true);
    expect(holder.querySelectorAll(".formula")).toHaveLength(901 - sources.join("").split("frac").length);
  });

  it.each([
    ["words", "שלום עולם ".repeat(10_000)],
    ["one word", "W".repeat(100_000)],
    ["characters of two units", "𝟏👩".repeat(20_000)],
    ["short runs between formulas", `${"word ".repeat(700)} $x$ `.repeat(15)],
    ["a drawing", `[asy]${"draw((0,0)--(1,1));\n".repeat(2_000)}[/asy]`],
    ["what would not be seen", "\u202ea".repeat(50_000)],
  ])("cut a long text of %s into parts that are each laid out by themselves", (_, text) => {
    for (const raw of [false, true]) {
      const holder = shown(text, raw);
      const runs = [...holder.querySelectorAll(".part:not(:has(.part))")].map((part) => part.textContent.length);
      expect(Math.max(...runs)).toBeLessThan(50_000);
      expect(runs.length).toBeGreaterThan(text.length / 10_000);
      expect([...holder.querySelectorAll(".unseen")].length).toBeLessThan(6_000);
      const read = holder.textContent.replace(/U\+202E|\ufffd/g, "\u202e");
      if (raw || !text.includes("$")) expect(read).toBe(text);
    }
  });

  it("let a part end with a line where the text has lines", () => {
    const holder = shown("We have $x$ so that it holds.\n".repeat(500));
    const parts = [...holder.querySelectorAll(".part")].map((part) => part.textContent);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.filter((part) => !part.startsWith("We have ") || !part.endsWith("holds.\n"))).toEqual([]);
  });

  it("leave a text of ordinary length undivided", () => {
    expect(shown("word $x$ ".repeat(400)).querySelector(".part")).toBeNull();
  });

  it("let a matrix be spaced", () => {
    expect(refusal("\\renewcommand{\\arraystretch}{1.5} \\begin{pmatrix}1\\end{pmatrix}")).toBeNull();
    for (const tex of ["\\renewcommand{\\frac}{x}", "\\def\\a{}", "\\let\\frac=\\sqrt", "\\global\\def\\a{}"]) expect(refusal(tex)).toBe("defines");
  });
});
