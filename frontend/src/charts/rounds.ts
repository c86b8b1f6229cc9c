// Live pages of rounds: stages, bars and the loss curve follow the API every two seconds until the round has ended; other charts are drawn once.
import "uplot/dist/uPlot.min.css";
import { lineChart, type Chart, type ChartData } from "./line";
import { offerExports } from "./exports";
import { countLabel, currentStage, curveColumns, isFinal, toneOf, type Round, type StageProgress, type Words } from "./progress";

const EVERY_MS = 2_000;
const SLOWEST_MS = 30_000;
const given = document.getElementById("round-words")?.textContent;
const words: Words = given ? (JSON.parse(given) as Words) : { language: "en", states: {}, counted: "{done} / {total}" };

for (const element of document.querySelectorAll<HTMLElement>("[data-round][data-poll-url]")) void follow(element);
for (const element of document.querySelectorAll<HTMLElement>(".chart:not([data-loss-curve])")) void drawOnce(element);

async function follow(root: HTMLElement): Promise<void> {
  const curve = lossCurve(root);
  let wait = EVERY_MS;
  for (;;) {
    const round = document.visibilityState === "visible" ? await ask(root.dataset["pollUrl"] ?? "") : null;
    if (round) {
      show(root, round, curve);
      wait = EVERY_MS;
      if (isFinal(round.state) || round.awaits_approval) return ended(root);
    } else {
      wait = Math.min(wait * 1.5, SLOWEST_MS);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function ask(url: string): Promise<Round | null> {
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" });
    return response.ok ? ((await response.json()) as Round) : null;
  } catch {
    return null;
  }
}

function show(root: HTMLElement, round: Round, curve: ((progress: StageProgress) => void) | null): void {
  const current = currentStage(round);
  for (const stage of round.stages) {
    const line = root.querySelector<HTMLElement>(`.stage[data-stage="${CSS.escape(stage.name)}"]`);
    if (line) {
      line.dataset["state"] = stage.state;
      write(line.querySelector(".state"), (stage.state === "running" && countLabel(stage.progress, words)) || stateWord(stage.state));
    }
    bar(root.querySelector(`[data-stage-progress="${CSS.escape(stage.name)}"]`), stage.progress);
    if (stage.progress?.loss_curve?.length) curve?.(stage.progress);
  }
  bar(root.querySelector('[data-stage-progress="current"]'), current?.progress);
  write(root.querySelector("[data-round-message]"), current?.progress?.message ?? "");
  const badge = root.querySelector("[data-round-state]");
  if (badge) badge.className = `badge ${toneOf(round.state)}`;
  write(badge, stateWord(round.state));
}

function stateWord(state: string): string {
  return words.states[state] ?? state;
}

function bar(element: Element | null, progress: StageProgress | null | undefined): void {
  const native = element?.querySelector("progress");
  if (!element || !native) return;
  const { done, total } = progress ?? {};
  if (typeof done === "number" && typeof total === "number" && total > 0) {
    native.max = total;
    native.value = done;
    element.setAttribute("aria-valuenow", String(Math.round((100 * done) / total)));
  } else {
    native.removeAttribute("value");
    element.removeAttribute("aria-valuenow");
  }
  write(element.querySelector(".progress-label"), countLabel(progress, words));
}

/** Only where it changed, so that screen readers are told nothing twice. */
function write(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

function lossCurve(root: HTMLElement): ((progress: StageProgress) => void) | null {
  const holder = root.querySelector<HTMLElement>("[data-loss-curve]");
  if (!holder) return null;
  const labels = { x_label: holder.dataset["xLabel"] ?? "step", y_label: holder.dataset["yLabel"] ?? "" };
  const first = pointsIn(holder);
  let chart: Chart | null = null;
  const draw = (points: readonly (readonly [number, number])[]): void => {
    if (points.length < 2) return;
    chart ??= lineChart(holder, holder.dataset["title"] ?? "");
    const { x, y } = curveColumns(points);
    chart.show({ x, series: [{ label: labels.y_label, values: y }], ...labels });
  };
  if (Array.isArray(first)) draw(first as [number, number][]);
  return (progress) => draw(progress.loss_curve ?? []);
}

/** The JSON that the server wrote into the page: inside the holder, or by id. */
function pointsIn(holder: HTMLElement): unknown {
  const named = holder.dataset["points"];
  const script = named ? document.getElementById(named) : holder.querySelector("script[type='application/json']");
  return script?.textContent ? (JSON.parse(script.textContent) as unknown) : null;
}

async function drawOnce(holder: HTMLElement): Promise<void> {
  const url = holder.dataset["seriesUrl"];
  const data = (url ? await ask(url) : pointsIn(holder)) as ChartData | null;
  if (!data) return;
  lineChart(holder, holder.dataset["title"] ?? "").show(data);
  offerExports(holder, data);
}

/** The page is read anew once, so that results written by the server appear. */
function ended(root: HTMLElement): void {
  if (root.dataset["noReload"] === undefined) location.reload();
}
