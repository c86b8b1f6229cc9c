// The labellers' handbook holds the table of keys, which must be the desk's own, and pictures of the desk.
import { readFileSync, statSync } from "node:fs";
import { expect, it } from "vitest";
import { GROUPS, SHORTCUTS, shownKey } from "./keys";
import { en } from "./messages";

const HANDBOOK = new URL("../../../docs/labelling.md", import.meta.url);

/** The table as it has to stand between the two marks: copy it from the failure when keys change. */
function table(): string {
  const rows = GROUPS.flatMap((group) => [
    `| **${en.groups[group]}** | |`,
    ...SHORTCUTS.filter((shortcut) => shortcut.group === group).map(({ keys, action }) => `| ${keys.map((key) => `\`${shownKey(key)}\``).join(" ")} | ${en.actions[action]} |`),
  ]);
  return ["| keys | do |", "| --- | --- |", ...rows].join("\n");
}

it("names every key of the desk in docs/labelling.md, and no other", () => {
  const [, kept = ""] = /<!-- keys -->\n\n([^]*?)\n\n<!-- end of keys -->/.exec(readFileSync(HANDBOOK, "utf8")) ?? [];
  expect(kept).toBe(table());
});

it("shows pictures that are there and quickly loaded", () => {
  const shown = [...readFileSync(HANDBOOK, "utf8").matchAll(/!\[[^\]]{10,}\]\((pictures\/[a-z-]+\.png)\)/g)].map(([, path = ""]) => path);
  expect(shown.length).toBeGreaterThanOrEqual(5);
  for (const path of shown) expect(statSync(new URL(path, HANDBOOK)).size, path).toBeLessThan(150_000);
});
