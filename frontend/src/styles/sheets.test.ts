import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url).pathname;
const files = (folder: string, endings: RegExp): string[] =>
  readdirSync(ROOT + folder, { recursive: true, encoding: "utf8" }).filter((name) => endings.test(name)).map((name) => `${folder}/${name}`);
const read = (path: string): string => readFileSync(ROOT + path, "utf8");
const SHEETS = files("src", /\.css$/);
const SCRIPTS = files("src", /\.(?:svelte|ts)$/).filter((path) => !path.endsWith(".test.ts"));
const PAGES = [...files("templates", /\.html$/), ...["annotation", "activelearning"].flatMap((app) => files(`../${app}`, /^(?:pages|templatetags)\/.*\.py$/))];
// What other people's markup is styled by: KaTeX, uPlot, Django's own lists of errors.
const FOREIGN = /^(?:katex.*|u-.*|uplot|errorlist)$/;

const bare = (css: string): string => css.replace(/\/\*[^]*?\*\//g, "");

describe("the sheets", () => {
  it.each(SHEETS.filter((path) => !path.endsWith("tokens.css")))("%s takes every colour from tokens.css", (path) => {
    expect(bare(read(path)).match(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\(|light-dark\(/gi) ?? []).toEqual([]);
  });

  it("hold no class that nothing on any page has", () => {
    const used = new Set([...SCRIPTS, ...PAGES].map(read).join("\n").match(/[\w-]+/g));
    const named = SHEETS.flatMap((path) => bare(read(path)).replace(/\{[^{}]*\}/g, "{}").match(/\.[a-z_][\w-]*/gi) ?? []).map((found) => found.slice(1));
    expect([...new Set(named)].filter((name) => !used.has(name) && !FOREIGN.test(name))).toEqual([]);
  });

  it("use every token that is defined", () => {
    const all = [...SHEETS, ...SCRIPTS].map((path) => bare(read(path))).join("\n");
    const defined = [...bare(read("src/styles/tokens.css")).matchAll(/(--[\w-]+):/g)].map((found) => found[1] ?? "");
    expect(defined.filter((name) => all.split(name).length < 3)).toEqual([]);
  });
});
