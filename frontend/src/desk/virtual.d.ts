/** The second part of KaTeX (katex.plugin.ts): importing it adds to the first. */
declare module "virtual:katex-rest";
/** The sheet of its first part. */
declare module "virtual:katex.css";
