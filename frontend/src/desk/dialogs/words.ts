// The words of what opens over the desk, apart from those of the desk itself: they are needed later and weigh as much.

import type { en } from "./en";

export type DialogWords = typeof en;

/** In the language of the page; English where there is no other. */
export async function dialogWordsIn(language: string): Promise<DialogWords> {
  return language.startsWith("de") ? (await import("./de")).de : (await import("./en")).en;
}
