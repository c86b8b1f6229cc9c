import type { Tree } from "./math";

// What KaTeX exports beside its documented functions; the version is pinned.
declare module "katex" {
  export function __renderToDomTree(tex: string, options: KatexOptions): Tree;
}
