// What one formula may cost, counted in the groups KaTeX builds: the same on a fast and a slow machine, unlike a clock.

/** Measured: formulas of the MATH data need at most about 1,500; nested accents with exponents double at each level without this. */
export const GROUPS = 12_000;

let left = GROUPS;

/** Begin to count for the next formula. */
export function allow(groups = GROUPS): void {
  left = groups;
}

/** Called by KaTeX for each group it builds. */
export function spend(): void {
  left -= 1;
  if (left < 0) throw new RangeError("the formula is too much work");
}
