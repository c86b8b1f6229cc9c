// A chart as a picture and as numbers, for a paper or a spreadsheet. Made in the browser from what is shown.

import type { ChartData } from "./line";

/** Two buttons in the row kept for them under a chart whose holder names a file (`data-export`) and the buttons' words (`data-png`, `data-csv`). */
export function offerExports(holder: HTMLElement, data: ChartData): void {
  const { export: name, png, csv: numbers } = holder.dataset;
  if (!name || !png || !numbers) return;
  const row = holder.nextElementSibling;
  if (!row?.classList.contains("chart-exports")) return;
  row.replaceChildren(
    button(png, () => void picture(holder).then((blob) => blob && save(blob, `${name}.png`))),
    button(numbers, () => save(new Blob([csv(data)], { type: "text/csv" }), `${name}.csv`)),
  );
}

/** A line a point along x, a column a series, with the ends of its band where it has one. Fields as RFC 4180 has them. */
export function csv(data: ChartData): string {
  const columns = data.series.flatMap((series) => [
    { label: series.label, values: series.values },
    ...(series.low && series.high
      ? [
          { label: `${series.label} low`, values: series.low },
          { label: `${series.label} high`, values: series.high },
        ]
      : []),
  ]);
  const head = [data.x_label ?? "x", ...columns.map((column) => column.label)];
  const rows = data.x.map((x, index) => [x, ...columns.map((column) => column.values[index] ?? "")]);
  return [head, ...rows].map((fields) => fields.map(field).join(",") + "\r\n").join("");
}

/** A text that a spreadsheet would take for a formula is told to be text. */
function field(value: number | string): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The chart on the page's own ground: a transparent one would be black in a viewer. */
function picture(holder: HTMLElement): Promise<Blob | null> {
  const drawn = holder.querySelector("canvas");
  if (!drawn) return Promise.resolve(null);
  const copy = document.createElement("canvas");
  copy.width = drawn.width;
  copy.height = drawn.height;
  const context = copy.getContext("2d");
  if (!context) return Promise.resolve(null);
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(drawn, 0, 0);
  return new Promise((resolve) => copy.toBlob(resolve, "image/png"));
}

function button(label: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
