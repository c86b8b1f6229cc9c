import { describe, expect, it } from "vitest";
import { blocks, type Block, type Line } from "./blocks";

const plain = (line: Line): string => line.map(({ text, bold }) => (bold ? `<${text}>` : text)).join("");
const shown = (block: Block): string => {
  if (block.kind === "heading") return `h${block.depth} ${plain(block.line)}`;
  return block.kind === "list" ? `${block.ordered ? "ol" : "ul"} ${block.items.map(plain).join(" | ")}` : `p ${plain(block.line)}`;
};
const read = (source: string): string[] => blocks(source).map(shown);

describe("instructions in blocks", () => {
  it("part at empty lines, and keep line breaks within a paragraph", () => {
    expect(read("one\ntwo\n\n \nthree\n")).toEqual(["p one\ntwo", "p three"]);
    expect(read("")).toEqual([]);
  });

  it("know headings and lists also without empty lines around them", () => {
    expect(read("# Look closely\nfirst\n- a\n- b\n* c\nafter\n## More\n1. one\n2) two")).toEqual([
      "h1 Look closely",
      "p first",
      "ul a | b | c",
      "p after",
      "h2 More",
      "ol one | two",
    ]);
  });

  it("go on with an item where the next line is set in", () => {
    expect(read("- a\n  more of a\n- b\nafter")).toEqual(["ul a\nmore of a | b", "p after"]);
  });

  it("never jump over a level of headings", () => {
    expect(read("### deep\n# top\n#### deepest")).toEqual(["h1 deep", "h1 top", "h2 deepest"]);
  });

  it("turn bold between two stars on each side, and leave other stars alone", () => {
    expect(read("a **b c** d **e**")).toEqual(["p a <b c> d <e>"]);
    expect(read("2 ** 3 and **open and 4**")).toEqual(["p 2 ** 3 and <open and 4>"]);
    expect(read("no **partner")).toEqual(["p no **partner"]);
  });

  it("leave what is inside a formula alone: neither list nor bold nor a new paragraph", () => {
    expect(read("See $a ** b ** c$ here")).toEqual(["p See $a ** b ** c$ here"]);
    expect(read("\\[\n- x\n\n+ y\n\\]")).toEqual(["p \\[\n- x\n\n+ y\n\\]"]);
    expect(read("**so $x_1$ is** and $y$")).toEqual(["p <so $x_1$ is> and $y$"]);
    expect(read("- $a$\n- $b$\n\n$c$")).toEqual(["ul $a$ | $b$", "p $c$"]);
  });

  it("read prices as text and swallow nothing", () => {
    expect(read("It costs **$5** and $7.")).toEqual(["p It costs <$5> and $7."]);
    expect(read("a \ue000 b $x$ \ue000")).toEqual(["p a \ue000 b $x$ \ue000"]);
    expect(read("-no list\n#no heading\n1.no list")).toEqual(["p -no list\n#no heading\n1.no list"]);
  });
});
