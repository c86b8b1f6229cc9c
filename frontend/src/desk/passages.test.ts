// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { nodesOf, renderText } from "./math";
import { show } from "./passages";

const WORDS = { cannotRender: "shown as source" };
/** What a frame may have put on the page, and a text more. */
const FRAME_NODES = 2_000;

/** Sixty steps of three formulas each, and of some hundred nodes. */
const solution = (name: string): string[] =>
  Array.from({ length: 60 }, (_, n) => `${name}, step ${n}: $\\frac{a_{${n}}^2 + b}{\\sqrt{c}}$ and \\(\\sum_{i=0}^{${n}} x^i\\) so \\[\\int_0^{${n}} e^{-t^2} \\, dt.\\]`);

const frames: FrameRequestCallback[] = [];

/** What the page has of each text after a frame is painted and all timers have run. */
async function paint(): Promise<void> {
  for (const frame of frames.splice(0)) frame(performance.now());
  await new Promise((resolve) => setTimeout(resolve));
}

beforeAll(async () => {
  await import("virtual:katex-rest");
  renderText("$\\nosuchcommand$", WORDS);
  await vi.waitFor(() => expect(renderText("$\\nosuchcommand$", WORDS).querySelector(".unrendered")).not.toBeNull());
}, 20_000);

beforeEach(async () => {
  vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => frames.push(frame));
  await paint();
});

/** Show the texts and paint until none waits: how many nodes each frame brought, the first what was there at once. */
async function broughtByFrame(texts: readonly string[]): Promise<number[]> {
  const passages = texts.map((text) => {
    const passage = document.createElement("bdi");
    show(passage, text, WORDS);
    return passage;
  });
  const ready = (): number => passages.reduce((sum, passage, n) => sum + (passage.hasAttribute("aria-busy") ? 0 : (nodesOf(texts[n] ?? "") ?? 0)), 0);
  const brought = [ready()];
  let before = ready();
  while (passages.some((passage) => passage.hasAttribute("aria-busy"))) {
    await paint();
    brought.push(ready() - before);
    before = ready();
  }
  expect(passages.map((passage) => passage.querySelectorAll(".formula").length)).toEqual(texts.map((text) => text.split(/\$.*?\$|\\\(.*?\\\)|\\\[.*?\\\]/).length - 1));
  return brought;
}

describe("sixty steps with 180 formulas", () => {
  it("come in frames of a few steps each, the first of them at once", async () => {
    const texts = solution("new");
    const brought = await broughtByFrame(texts);
    const largest = Math.max(...texts.map((text) => nodesOf(text) ?? 0));
    expect(Math.max(...brought)).toBeLessThan(FRAME_NODES + largest);
    expect(brought[0]).toBeGreaterThan(0);
    expect(brought.length).toBeGreaterThan(3);
  });

  it("come in such frames too where they were rendered ahead", async () => {
    const texts = solution("ahead");
    for (const text of texts) renderText(text, WORDS);
    const nodes = texts.reduce((sum, text) => sum + (nodesOf(text) ?? 0), 0);
    expect(nodes).toBeGreaterThan(5 * FRAME_NODES);
    const brought = await broughtByFrame(texts);
    expect(Math.max(...brought)).toBeLessThan(FRAME_NODES + nodes / 30);
    expect(brought[0]).toBeGreaterThan(0);
  });
});

describe("a text that waits for its turn", () => {
  it("stands there as it was written, save what would not be seen", async () => {
    const text = `a\u202eb $x$ ${"word ".repeat(400)}`;
    const passage = document.createElement("bdi");
    show(passage, text, WORDS);
    expect(passage.getAttribute("aria-busy")).toBe("true");
    expect(passage.textContent).toBe(text.replace("\u202e", "\ufffd"));
    while (passage.hasAttribute("aria-busy")) await paint();
    expect(passage.querySelector(".unseen")?.textContent).toBe("U+202E");
    expect(passage.querySelectorAll(".formula")).toHaveLength(1);
    expect(passage.hasAttribute("dir")).toBe(false);
  });

  it("keeps no text of a later frame waiting, however much it brought", async () => {
    const [large, small] = [document.createElement("bdi"), document.createElement("bdi")];
    const text = solution("large").join("\n");
    show(large, text, WORDS);
    while (large.hasAttribute("aria-busy")) await paint();
    expect(nodesOf(text)).toBeGreaterThan(FRAME_NODES);
    await paint();
    show(small, "$z$", WORDS);
    expect(small.hasAttribute("aria-busy")).toBe(false);
  });

  it("is left alone when it is called off", async () => {
    const passage = document.createElement("bdi");
    const callOff = show(passage, `$y$ ${"word ".repeat(400)}`, WORDS);
    callOff();
    for (let frame = 0; frame < 5; frame += 1) await paint();
    expect(passage.querySelector(".formula")).toBeNull();
  });
});
