// @vitest-environment happy-dom
import { describe, expect, it, vi } from "vitest";
import { renderText, whenBetter } from "./math";

const WORDS = { cannotRender: "shown as source" };
/** A command, a font, an alphabet, a symbol, a macro and a character that the first part of KaTeX does not know, and one that both know. */
const TEXT = "$\\xrightarrow{f}$ $\\mathcal{C}$ $\\texttt{x}$ $\\therefore$ $\\R$ $a ≤ b ⊊ c$ $x$";

function shown(): HTMLElement {
  const holder = document.createElement("div");
  holder.append(renderText(TEXT, WORDS));
  return holder;
}

describe("what KaTeX's first part leaves out", () => {
  it("shows its source without a note until the rest is here, and whoever shows it is told", async () => {
    const before = shown();
    expect(before.querySelectorAll(".katex")).toHaveLength(1);
    expect(before.querySelectorAll("code")).toHaveLength(6);
    expect(before.textContent).not.toContain("shown as source");

    const calledOff = vi.fn();
    whenBetter(TEXT, calledOff)();
    await new Promise<void>((resolve) => whenBetter(TEXT, resolve));
    expect(shown().querySelectorAll(".katex")).toHaveLength(7);
    expect(calledOff).not.toHaveBeenCalled();
    whenBetter(TEXT, calledOff);
    expect(calledOff).not.toHaveBeenCalled();
  }, 20_000);
});
