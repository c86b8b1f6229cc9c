// A quiet line chart: each line labelled at its right end, no legend, colours of the page's own tokens, numbers for screen readers.

import uPlot from "uplot";

export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A band around the line, from low to high. */
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
}

export interface ChartData {
  readonly x: readonly number[];
  readonly series: readonly Series[];
  readonly x_label?: string;
  readonly y_label?: string;
  /** Along x: whole numbers only, or powers of two at equal distances with a mark at each x. Else as numbers fall. */
  readonly scale?: "linear" | "whole" | "log";
}

export interface Chart {
  readonly show: (data: ChartData) => void;
}

const HEIGHT = 260;
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const numbers = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumSignificantDigits: 4 });
const TONES = ["--accent", "--great", "--bad", "--warn", "--okay"];
const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3], [1, 3]];

/** A chart in `holder`; its width follows the page and its colours the theme. */
export function lineChart(holder: HTMLElement, title: string): Chart {
  const frame = document.createElement("div");
  frame.className = "chart-frame";
  const table = document.createElement("table");
  table.createCaption().textContent = title;
  // A table keeps its own height whatever it is told, so what hides it is a box around it.
  const hidden = document.createElement("div");
  hidden.className = "visually-hidden";
  hidden.append(table);
  holder.replaceChildren(frame, hidden);
  let plot: uPlot | null = null;
  let last: ChartData | null = null;

  function draw(data: ChartData): void {
    plot?.destroy();
    plot = new uPlot(options(holder, data, () => last ?? data), columns(data), frame);
  }
  function show(data: ChartData): void {
    const same = last?.series.length === data.series.length;
    last = data;
    if (plot && same) plot.setData(columns(data));
    else draw(data);
    fill(table, data);
  }
  const redraw = (): void => void (last && draw(last));
  new ResizeObserver(() => plot?.setSize({ width: holder.clientWidth, height: HEIGHT })).observe(holder);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return { show };
}

function columns(data: ChartData): uPlot.AlignedData {
  const bands = data.series.flatMap((series) => (series.low && series.high ? [series.high, series.low] : []));
  return [data.x, ...data.series.map((series) => series.values), ...bands] as unknown as uPlot.AlignedData;
}

function options(holder: HTMLElement, data: ChartData, now: () => ChartData): uPlot.Options {
  const style = getComputedStyle(holder);
  const tone = (name: string): string => resolved(holder, name);
  const font = `13px ${style.fontFamily}`;
  const axis = (label: string | undefined, size: number): uPlot.Axis => ({
    stroke: tone("--ink-soft"),
    font,
    labelFont: font,
    labelSize: 20,
    size,
    grid: { stroke: tone("--rule"), width: 1 },
    ticks: { show: false },
    values: (_plot, splits) => splits.map((split) => numbers.format(split)),
    ...(label ? { label } : {}),
  });
  const lines = data.series.map((series, index): uPlot.Series => ({
    label: series.label,
    stroke: tone(TONES[index % TONES.length] ?? "--accent"),
    width: 2,
    dash: DASHES[index % DASHES.length] ?? [],
    points: { show: data.x.length < 30, size: 5 },
  }));
  const banded = data.series.flatMap((series, index) => (series.low && series.high ? [index] : []));
  const edges = banded.flatMap((): uPlot.Series[] => [{ width: 0, points: { show: false } }, { width: 0, points: { show: false } }]);
  return {
    width: holder.clientWidth,
    height: HEIGHT,
    padding: [12, Math.max(16, ...data.series.map((series) => series.label.length * 7.5 + 12)), 0, 0],
    legend: { show: false },
    cursor: { show: true, points: { show: true }, drag: { x: false, y: false } },
    scales: { x: { time: false, ...(data.scale === "log" ? { distr: 3 as const, log: 2 as const } : {}) } },
    series: [{}, ...lines, ...edges],
    bands: banded.map((line, index) => {
      const first = 1 + data.series.length + 2 * index;
      return { series: [first, first + 1], fill: `color-mix(in srgb, ${tone(TONES[line % TONES.length] ?? "--accent")} 14%, transparent)` };
    }),
    axes: [{ ...axis(data.x_label, 44), ...marks(data) }, axis(data.y_label, 56)],
    hooks: { draw: [(plot) => labelEnds(plot, now(), font, tone)] },
  };
}

/** Where the x axis has its marks. On a log axis that is at the points themselves, as far as they stand apart. */
function marks(data: ChartData): Partial<uPlot.Axis> {
  if (data.scale === "whole") return { incrs: WHOLE };
  if (data.scale !== "log") return {};
  const apart = data.x.reduceRight<number[]>((kept, x) => ((kept[0] ?? Infinity) / x >= 1.5 ? [x, ...kept] : kept), []);
  return { splits: () => apart, filter: (_plot, splits) => splits };
}

/** Heights for names that would stand at these: none over another, each as near to its line as it may. */
export function apart(heights: readonly number[], gap: number): number[] {
  const order = heights.map((_, index) => index).sort((one, other) => (heights[one] ?? 0) - (heights[other] ?? 0));
  const placed = [...heights];
  order.forEach((index, rank) => {
    const above = order[rank - 1];
    if (above !== undefined) placed[index] = Math.max(placed[index] ?? 0, (placed[above] ?? 0) + gap);
  });
  const last = order.at(-1);
  const over = last === undefined ? 0 : (placed[last] ?? 0) - (heights[last] ?? 0);
  return placed.map((height) => height - over / 2);
}

/** Each line's name beside its last point. */
function labelEnds(plot: uPlot, data: ChartData, font: string, tone: (name: string) => string): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = font.replace("13px", `${13 * ratio}px`);
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const ends = data.series.flatMap((series, index) => {
    const at = series.values.findLastIndex((value) => value !== null);
    const value = series.values[at];
    const x = data.x[at];
    if (value === null || value === undefined || x === undefined) return [];
    return [{ label: series.label, index, x: plot.valToPos(x, "x", true), y: plot.valToPos(value, "y", true) }];
  });
  const heights = apart(ends.map((end) => end.y), 15 * ratio);
  ends.forEach((end, place) => {
    ctx.fillStyle = tone(TONES[end.index % TONES.length] ?? "--accent");
    ctx.fillText(end.label, end.x + 8 * ratio, heights[place] ?? end.y);
  });
  ctx.restore();
}

/** A token's colour as the canvas understands it: light-dark() is resolved by giving it to an element first. */
function resolved(holder: HTMLElement, token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  holder.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

const ROWS = 60;

/** The numbers as a table, thinned where there are many. */
function fill(table: HTMLTableElement, data: ChartData): void {
  const every = Math.max(1, Math.ceil(data.x.length / ROWS));
  const head = table.tHead ?? table.createTHead();
  const body = table.tBodies[0] ?? table.createTBody();
  head.replaceChildren(row([data.x_label ?? "", ...data.series.map((series) => series.label)], "th"));
  const kept = data.x.map((_, index) => index).filter((index) => index % every === 0 || index === data.x.length - 1);
  body.replaceChildren(...kept.map((index) => row([data.x[index], ...data.series.map((series) => series.values[index])], "td")));
}

function row(cells: readonly unknown[], kind: "td" | "th"): HTMLTableRowElement {
  const made = document.createElement("tr");
  made.append(
    ...cells.map((cell) => {
      const one = document.createElement(kind);
      one.textContent = typeof cell === "number" ? numbers.format(cell) : String(cell ?? "");
      return one;
    }),
  );
  return made;
}
