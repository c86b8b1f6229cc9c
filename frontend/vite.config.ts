// Builds the three entries that Django's templates name, into dist/ with a manifest for django-vite.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { katexInParts } from "./katex.plugin.ts";

/** Few requests: what the desk alone needs at once is one script. What other pages fetch of it, to sign out, to show instructions or to draw maths, stays apart. */
const GROUPS = [
  { name: "kept", test: /src\/desk\/(?:api|outbox|store)\.ts/ },
  { name: "text", test: /src\/desk\/(?:prose|text)\.ts/ },
  { name: "maths", test: /node_modules\/katex\/|src\/desk\/(?:math|passages|spending)\.ts|src\/desk\/text\.css/ },
  { name: "desk", test: /node_modules\/(?:katex|svelte|clsx|esm-env)\/|src\/desk\// },
].map((group) => ({ ...group, tags: ["$initial" as const], includeDependenciesRecursively: false }));

export default defineConfig({
  base: "/static/",
  plugins: [katexInParts(), svelte()],
  // Without "browser" vitest would load Svelte's server half.
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // light-dark() and nesting stay as written.
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    // A font inlined as data: would be refused by our font-src 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["src/desk/main.ts", "src/styles/site.ts", "src/charts/rounds.ts"],
      output: { codeSplitting: { groups: GROUPS } },
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
    restoreMocks: true,
    sequence: { shuffle: true },
    server: { deps: { inline: [/node_modules\/katex/] } },
  },
});
