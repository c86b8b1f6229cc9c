import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const SHEET = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

function token(name: string, theme: "light" | "dark"): string {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(SHEET);
  const colour = found?.[theme === "light" ? 1 : 2];
  if (!colour) throw new Error(`no token ${name}`);
  return colour;
}

/** Contrast of two colours by WCAG 2.2, 1 to 21. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const TEXT: readonly (readonly [string, string])[] = [
  ...["ink", "ink-soft", "ink-dim", "accent", "great", "okay", "bad", "warn"].map((ink) => [ink, "paper"] as const),
  ...["ink", "ink-soft", "ink-dim"].map((ink) => [ink, "sunk"] as const),
  ...["ink", "ink-soft", "accent"].map((ink) => [ink, "accent-wash"] as const),
  ...["great", "okay", "bad", "warn"].flatMap((tone) => [[tone, `${tone}-wash`], ["ink", `${tone}-wash`]] as const),
  ["ink-soft", "bad-wash"],
  ["ink", "raised"],
  ["bad", "raised"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
];

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each(TEXT)("%s on %s reads at 4.5 or better", (ink, ground) => {
    expect(contrast(token(ink, theme), token(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["paper", "raised"])("the edge of a control shows at 3 or better on %s", (ground) => {
    expect(contrast(token("control", theme), token(ground, theme))).toBeGreaterThanOrEqual(3);
  });
});
