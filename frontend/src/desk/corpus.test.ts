// A thousand problems of the MATH test file and their solutions through the desk's own renderer, up to the nodes; LABELAPP_TEST_ALL=1: all five thousand.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { refusal, size, typeset } from "./math";
import { split, type Segment } from "./text";

const folder = process.env["LABELAPP_SHARED_DATA"] ?? resolve(import.meta.dirname, "../../../../shared/data");
const file = resolve(folder, "math/test.jsonl");
const EVERY = process.env["LABELAPP_TEST_ALL"] ? 1 : 5;

/** Formulas that KaTeX cannot do, by row: how many, and what in them it is. They show their source. */
const KNOWN: ReadonlyMap<number, readonly [count: number, why: string]> = new Map<number, readonly [number, string]>([
  ...[2174, 2860, 2870, 3038, 3165, 3242].map((row) => [row, [1, "\\multicolumn"] as const] as const),
  [2755, [2, "\\multicolumn"]],
  [3223, [1, "* 5 {| c}"]],
  [3494, [1, "*5{c@{~}}"]],
]);

interface Met {
  readonly row: number;
  readonly segment: Segment;
}

const met: Met[] = [];
const texts: string[] = [];
const formulas = (): (Met & { readonly segment: Extract<Segment, { kind: "math" }> })[] =>
  met.flatMap(({ row, segment }) => (segment.kind === "math" ? [{ row, segment }] : []));

// Outside CI the data may be absent.
describe.skipIf(!existsSync(file) && process.env["CI"] !== "true")("the MATH test file", () => {
  beforeAll(async () => {
    await import("virtual:katex-rest");
    const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
    for (let row = 0; row < lines.length; row += EVERY) {
      const { problem, solution } = JSON.parse(lines[row] ?? "") as { problem: string; solution: string };
      texts.push(problem, solution);
      for (const text of [problem, solution]) for (const segment of split(text)) met.push({ row, segment });
    }
  }, 60_000);

  it("leaves no delimiter and no command in its plain text, save dollars that are money", () => {
    const left = met.flatMap(({ row, segment }) => (segment.kind === "text" ? [...segment.text.matchAll(/(?<!\\)\$|\\[()[\]]|\\[a-zA-Z]+/g)].map(([found]) => `${row}: ${found}`) : []));
    expect(left).toEqual([]);
  });

  it("loses nothing: what is shown, put together, is what was written", () => {
    expect(texts.length).toBeGreaterThanOrEqual(2_000);
    expect(met.map(({ segment }) => (segment.kind === "text" ? segment.text : segment.raw)).join("")).toBe(texts.join(""));
  });

  it("shows drawings and text tables as their source, and nothing else", () => {
    const sources = met.filter(({ segment }) => segment.kind === "source");
    expect(sources.length).toBeGreaterThan(150);
    const others = sources.filter(({ segment }) => segment.kind === "source" && !/^(?:\[asy\][^]*\[\/asy\]|\\begin\{tabular\}[^]*\\end\{tabular\})$/.test(segment.raw));
    expect(others).toEqual([]);
  });

  it("is rendered whole, but for formulas that are known and listed", () => {
    const most = { nodes: 0 };
    const failed = formulas().filter(({ segment }) => {
      const tree = refusal(segment.tex) ? null : typeset(segment);
      most.nodes = Math.max(most.nodes, tree ? size(tree) : 0);
      return !tree;
    });
    const listed = failed.map(({ row, segment }) => `row ${row}: ${refusal(segment.tex) ?? "KaTeX cannot"}: ${segment.raw.replace(/\s+/g, " ").slice(0, 160)}`);
    console.info(`${formulas().length} formulas, the largest of ${most.nodes} nodes; ${failed.length} shown as their source:\n${listed.join("\n")}`);

    const expected = [...KNOWN].flatMap(([row, [count]]) => (row % EVERY ? [] : Array<number>(count).fill(row)));
    expect(failed.map(({ row }) => row)).toEqual(expected.sort((one, other) => one - other));
    for (const { row, segment } of failed) expect(segment.raw).toContain(KNOWN.get(row)?.[1]);
    expect(most.nodes).toBeLessThan(10_000);
  }, 120_000);
});

const money = ["test.jsonl", "example_model_solutions.jsonl"].map((name) => resolve(folder, "gsm8k", name));

describe.skipIf(!money.every(existsSync) && process.env["CI"] !== "true")("the GSM8K files", () => {
  it("keep their prices: no dollar opens a formula, but for one that even people misread", () => {
    const texts = money.flatMap((name) => readFileSync(name, "utf8").split("\n").filter(Boolean)).flatMap((line) => strings(JSON.parse(line)));
    expect(texts.filter((text) => text.includes("$")).length).toBeGreaterThan(3_000);
    expect(texts.flatMap(split).flatMap((segment) => (segment.kind === "math" ? [segment.raw] : []))).toEqual(["$ - 5$"]);
  });
});

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}
