// Builds the three entries that Django's templates name, into dist/ with a manifest for django-vite.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Every browser that can run the desk reads woff2, so KaTeX's older font files are not shipped. */
function woff2Only(): Plugin {
  return {
    name: "woff2-only",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("katex") || !id.split("?")[0]?.endsWith(".css")) return null;
      return { code: code.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, ""), map: null };
    },
  };
}

export default defineConfig({
  base: "/static/",
  plugins: [woff2Only(), svelte()],
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
    rollupOptions: { input: ["src/desk/main.ts", "src/styles/site.ts", "src/charts/rounds.ts"] },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
    restoreMocks: true,
    sequence: { shuffle: true },
  },
});
