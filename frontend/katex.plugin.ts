// KaTeX built from the source in its npm package, in two parts: what ordinary solutions need, and the rest, fetched when a formula asks for it.
// Left out whole: links, pictures and HTML attributes, which the desk never shows, and commutative diagrams. The version is pinned in
// package.json; a change in its source that these edits do not fit stops the build.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "vite";

const folder = dirname(createRequire(import.meta.url).resolve("katex/package.json"));
const source = join(folder, "src");
const spending = join(dirname(fileURLToPath(import.meta.url)), "src/desk/spending.ts");

/** One problem in thirty of the MATH data, solution included, asks for any of these: for \\mathbf, mostly. */
const REST_FUNCTIONS = [
  "accentunder", "arrow", "color", "def", "hbox", "phantom", "pmb", "raisebox", "reflectbox", "rule", "smash", "underline", "vcenter", "verb",
]; // prettier-ignore
const REST_FONTS = ["AMS", "Caligraphic", "Fraktur", "Main-Bold", "Main-Italic", "Math-Bold", "SansSerif", "Script", "Typewriter"];
const REST_SYMBOLS = /^\/\/ AMS Negated Binary Relations\n[\s\S]*?"\\\\restriction"\);\n/m;
const REST_MACROS = /^\/\/ mathtools\.sty\n[\s\S]*$/m;
/** Sheet rules of those fonts, and of sizes other than text, index and index of an index, which only \\tiny, \\large and the like bring. */
const REST_RULES =
  /@font-face\{[^}]*(?:KaTeX_(?:Caligraphic|Fraktur|SansSerif|Script|Typewriter)|BoldItalic)[^}]*\}|\.katex \.fontsize-ensurer\.reset-size(?![136]\.size[136],)\d+[^}]*\}/g;
const NEVER = ["functions/href", "functions/html", "functions/includegraphics", "environments/cd"];

interface Edit {
  readonly find: RegExp;
  readonly put: string;
}

const without = (module: string): Edit => ({ find: new RegExp(`^import "\\./${module}";\\n`, "m"), put: "" });

/** Each group built is counted, so that no formula costs more than the desk allows, whatever KaTeX does with it. */
const counted: readonly Edit[] = [
  { find: /^import /m, put: `import { spend } from ${JSON.stringify(spending)};\nimport ` },
  { find: /(export const buildGroup = function\([^{]*\{\n)/, put: "$1    spend();\n" },
];

const EDITS: Readonly<Record<string, readonly Edit[]>> = {
  "functions.ts": [...REST_FUNCTIONS.map((name) => `functions/${name}`), ...NEVER].map(without),
  "symbols.ts": [{ find: REST_SYMBOLS, put: "" }],
  "macros.ts": [{ find: REST_MACROS, put: "" }],
  "environments/array.ts": [
    { find: /^import \{parseCD\} from "\.\/cd";\n/m, put: "" },
    { find: /defineEnvironment\(\{\s*type: "array",\s*names: \["CD"\],[\s\S]*?\n\}\);\n/, put: "" },
  ],
  // What only its command line and its documentation need.
  "Settings.ts": [
    { find: /^ {8}(?:cli|description|cliDescription):\s*(?:"(?:[^"\\]|\\.)*"\s*\+?\s*)+,\n/gm, put: "" },
    { find: /^ {8}cli(?:Default|Processor)?: (?:\(def, defs\) => \{[^}]*\}|[^\n]*),\n/gm, put: "" },
  ],
  "buildHTML.ts": counted,
  "buildMathML.ts": counted,
};

function edited(name: string, code: string): string {
  return (EDITS[name] ?? []).reduce((text, { find, put }) => {
    if (text.search(find) < 0) throw new Error(`KaTeX's ${name} has changed: ${String(find)} finds nothing`);
    return text.replace(find, put);
  }, code);
}

type Metrics = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

/** Heights and widths in columns of whole numbers: the same figures to the last digit, in two thirds of the bytes. */
function packed(metrics: Metrics, inRest: boolean): string {
  const fonts = Object.keys(metrics).filter((font) => REST_FONTS.some((name) => font.startsWith(name)) === inRest);
  const column = (values: readonly number[]): string => values.map((value) => (value === 0 ? "" : String(value))).join();
  const font = (name: string): string => {
    const rows = Object.entries(metrics[name] ?? {}).map(([code, row]) => [Number(code), ...row.map((value) => Math.round(value * 1e5))]);
    const gaps = rows.map((row, index) => (row[0] ?? 0) - (rows[index - 1]?.[0] ?? -1) - 1);
    return [name, column(gaps), ...[1, 2, 3, 4, 5].map((at) => column(rows.map((row) => row[at] ?? 0)))].join(";");
  };
  return JSON.stringify(fonts.map(font).join("|"));
}

const UNPACK = `export const unpack = (text) => Object.fromEntries(text.split("|").map((font) => {
  const [name, ...parts] = font.split(";");
  const [gaps, ...columns] = parts.map((part) => part.split(",").map(Number));
  let code = -1;
  return [name, Object.fromEntries(gaps.map((gap, row) => [(code += gap + 1), columns.map((column) => column[row] / 1e5)]))];
}));`;

/** Every browser that can run the desk reads woff2, so KaTeX's older font files are not shipped. */
function sheet(inRest: boolean): string {
  const whole = readFileSync(join(folder, "dist/katex.min.css"), "utf8").replace(/,url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, "");
  const found = whole.match(REST_RULES) ?? [];
  if (found.length !== 11 + 112) throw new Error(`KaTeX's sheet has changed: ${found.length} rules of the rest`);
  return inRest ? found.join("\n") : whole.replace(REST_RULES, "");
}

/** The second part as one module: functions, symbols, macros and font metrics add themselves to the first. */
function rest(metrics: Metrics): string {
  const block = (file: string, find: RegExp): string => find.exec(readFileSync(join(source, file), "utf8"))?.[0] ?? "";
  return [
    ...REST_FUNCTIONS.map((name) => `import "./functions/${name}";`),
    'import { setFontMetrics } from "./fontMetrics";',
    'import { defineSymbol } from "./symbols";',
    'import defineMacro from "./defineMacro";',
    'import { unpack } from "virtual:katex-unpack";',
    'import "virtual:katex-rest.css";',
    'const [math, text, main, ams, rel, bin, open, close, textord] = ["math", "text", "main", "ams", "rel", "bin", "open", "close", "textord"] as const;',
    block("symbols.ts", REST_SYMBOLS),
    block("macros.ts", REST_MACROS),
    `Object.entries(unpack(${packed(metrics, true)})).forEach(([font, metrics]) => setFontMetrics(font, metrics));`,
  ].join("\n");
}

export function katexInParts(): Plugin {
  // Beside KaTeX's own modules, so that it is read as TypeScript and finds them.
  const virtual: Readonly<Record<string, string>> = {
    "virtual:katex-rest": join(source, "rest.ts"),
    "virtual:katex-unpack": join(source, "unpack.js"),
    "virtual:katex.css": join(folder, "dist/first.css"),
    "virtual:katex-rest.css": join(folder, "dist/rest.css"),
  };
  let metrics: Metrics = {};
  return {
    name: "katex-in-parts",
    enforce: "pre",
    config: () => ({
      define: { __VERSION__: JSON.stringify((JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version) },
      resolve: { alias: [{ find: /^katex$/, replacement: join(folder, "katex.ts") }] },
    }),
    async buildStart() {
      metrics = ((await import(pathToFileURL(join(source, "fontMetricsData.js")).href)) as { default: Metrics }).default;
    },
    resolveId: (id) => virtual[id] ?? null,
    load(id) {
      if (id === virtual["virtual:katex-unpack"]) return UNPACK;
      if (id === virtual["virtual:katex-rest"]) return rest(metrics);
      if (id === virtual["virtual:katex.css"] || id === virtual["virtual:katex-rest.css"]) return sheet(id.endsWith("rest.css"));
      if (id !== join(source, "fontMetricsData.js")) return null;
      return `import { unpack } from "virtual:katex-unpack";\nexport default unpack(${packed(metrics, false)});`;
    },
    transform(code, id) {
      return id.startsWith(source) ? { code: edited(id.slice(source.length + 1), code), map: null } : null;
    },
  };
}
