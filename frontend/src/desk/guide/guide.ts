// What the ratings mean in full, with worked examples, and how an item goes: shown with the project's own instructions. One file a language.

import type { Rating } from "../state";

export interface Example {
  readonly problem: string;
  readonly step: string;
  readonly why: string;
}

export interface Meaning {
  readonly rating: Rating;
  readonly meaning: string;
  readonly examples: readonly Example[];
}

export interface Guide {
  readonly ratings: readonly Meaning[];
  readonly unsure: string;
  readonly fineNotes: string;
  /** How an item goes, by protocol. */
  readonly course: Readonly<Record<string, readonly string[]>>;
  readonly words: {
    readonly course: string;
    readonly examples: string;
    readonly project: string;
    readonly practise: string;
    readonly toDesk: string;
  };
}

/** The guide in the language of the page; English where there is no other. */
export async function guideIn(language: string): Promise<Guide> {
  return language.startsWith("de") ? (await import("./de")).de : (await import("./en")).en;
}
