// The server was asked for work and nothing is left to show: what the desk says then, and when it asks again.

import type { Answer, Work } from "./api";

export type Phase = "loading" | "working" | "empty" | "paused" | "offline" | "signed_out" | "refused";

const ASK_AGAIN_MS = 20_000;
/** What the server lists is on its way from here or another tab: soon it lists something else. */
const SETTLED_SOON_MS = 1_000;
const LONGEST_MS = 30_000;

/** After so many answers in a row that brought nothing; `chance` (0 to 1) spreads desks that were turned away together. */
export function without(answer: Answer<Work | null>, failures: number, chance: number): { phase: Phase; wait: number } {
  const spread = 0.5 + chance;
  if (answer.ok) return answer.body?.claims.length ? { phase: "loading", wait: SETTLED_SOON_MS * spread } : { phase: "empty", wait: ASK_AGAIN_MS * spread };
  const after = answer.retryAfter ?? 0;
  if (answer.kind === "refused") return { phase: answer.code === "paused" ? "paused" : "refused", wait: after + ASK_AGAIN_MS * spread };
  return { phase: answer.kind === "signed_out" ? "signed_out" : "offline", wait: after + Math.min(LONGEST_MS, 1_000 * 2 ** failures) * spread };
}
