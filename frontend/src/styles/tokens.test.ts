import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const SHEET = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

type Theme = "light" | "dark";
type Triple = readonly [number, number, number];

function token(name: string, theme: Theme): string {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(SHEET);
  const colour = found?.[theme === "light" ? 1 : 2];
  if (!colour) throw new Error(`no token ${name}`);
  return colour;
}

/** Red, green and blue as amounts of light, 0 to 1. */
function light(colour: string): Triple {
  return [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
}

const luminance = ([red, green, blue]: Triple): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

/** Contrast of two colours by WCAG 2.2, 1 to 21. */
function contrast(one: string, other: string): number {
  const [brighter, darker] = [luminance(light(one)), luminance(light(other))].sort((a, b) => b - a) as [number, number];
  return (brighter + 0.05) / (darker + 0.05);
}

/** What is left of a colour's light to eyes without red or green cones (Viénot, Brettel and Mollon 1999). */
const EYES: Readonly<Record<string, (seen: Triple) => Triple>> = {
  "all three cones": (seen) => seen,
  protanopia: ([r, g, b]) => [0.11238 * r + 0.88762 * g, 0.11238 * r + 0.88762 * g, 0.00401 * r - 0.00401 * g + b],
  deuteranopia: ([r, g, b]) => [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b],
};

/** CIE L*a*b*: lightness first; a distance of 2 is just seen. */
function lab([r, g, b]: Triple): Triple {
  const bend = (part: number): number => (part > 216 / 24389 ? Math.cbrt(part) : ((24389 / 27) * part + 16) / 116);
  const x = bend((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = bend(luminance([r, g, b]));
  const z = bend((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const TEXT: readonly (readonly [string, string])[] = [
  ...["ink", "ink-soft", "ink-dim", "accent", "great", "okay", "bad", "warn"].map((ink) => [ink, "paper"] as const),
  ...["ink", "ink-soft", "ink-dim"].map((ink) => [ink, "sunk"] as const),
  ...["ink", "ink-soft", "ink-dim", "accent", "great", "okay", "bad"].map((ink) => [ink, "accent-wash"] as const),
  ...["great", "okay", "bad", "warn"].flatMap((tone) => [[tone, `${tone}-wash`], ["ink", `${tone}-wash`]] as const),
  ["ink-soft", "bad-wash"],
  ["ink-soft", "warn-wash"],
  ...["ink", "ink-soft", "bad"].map((ink) => [ink, "raised"] as const),
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
];
const PAIRS = [["great", "okay"], ["great", "bad"], ["okay", "bad"]] as const;

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each(TEXT)("%s on %s reads at 4.5 or better, dimmed steps too", (ink, ground) => {
    expect(contrast(token(ink, theme), token(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["paper", "raised"])("the edge of a control shows at 3 or better on %s", (ground) => {
    expect(contrast(token("control", theme), token(ground, theme))).toBeGreaterThanOrEqual(3);
  });

  it.each(["paper", "sunk", "raised", "accent-wash", "great-wash", "bad-wash", "warn-wash"])("the mark of the focus shows at 3 or better on %s", (ground) => {
    expect(contrast(token("accent", theme), token(ground, theme))).toBeGreaterThanOrEqual(3);
  });

  it.each(PAIRS)("%s and %s differ in lightness, so that a grey print keeps them apart", (one, other) => {
    const [first, second] = [one, other].map((name) => lab(light(token(name, theme)))[0]) as [number, number];
    expect(Math.abs(first - second)).toBeGreaterThan(5);
  });

  describe.each(Object.entries(EYES))("to eyes with %s", (_name, seen) => {
    it.each(PAIRS)("%s and %s are plainly two colours", (one, other) => {
      const [first, second] = [one, other].map((name) => lab(seen(light(token(name, theme))))) as [Triple, Triple];
      expect(Math.hypot(...first.map((part, at) => part - (second[at] ?? 0)))).toBeGreaterThan(15);
    });
  });
});
