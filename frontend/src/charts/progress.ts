// A round as the API tells it, and what a page shows of it. Pure.

export interface StageProgress {
  readonly done?: number | null;
  readonly total?: number | null;
  readonly loss_curve?: readonly (readonly [number, number])[];
  readonly message?: string | null;
}

export interface Stage {
  readonly name: string;
  readonly state: string;
  readonly progress?: StageProgress | null;
}

export interface Round {
  readonly state: string;
  readonly awaits_approval?: boolean; // it goes on when somebody has approved its choices
  readonly stages: readonly Stage[];
}

const FINAL = new Set(["done", "finished", "failed", "cancelled"]);

export function isFinal(state: string): boolean {
  return FINAL.has(state);
}

/** The stage that is being worked on, else the last one that was. */
export function currentStage(round: Round): Stage | undefined {
  return round.stages.find((stage) => stage.state === "running") ?? round.stages.findLast((stage) => stage.state === "failed" || stage.state === "done");
}

/** The badge's tone for a state's word. */
export function toneOf(state: string): string {
  const tones: Readonly<Record<string, string>> = { done: "good", finished: "good", running: "accent", failed: "bad", cancelled: "okay", cancelling: "warn" };
  return tones[state] ?? "";
}

/** What the script writes into the page, in the page's language: the server gives it along. */
export interface Words {
  readonly language: string;
  readonly states: Readonly<Record<string, string>>;
  /** `{done} of {total}` */
  readonly counted: string;
}

/** `4,000 of 10,000`, or "" where nothing is counted. */
export function countLabel(progress: StageProgress | null | undefined, { counted, language }: Words): string {
  const { done, total } = progress ?? {};
  if (typeof done !== "number") return "";
  const numbers = new Intl.NumberFormat(language);
  if (typeof total !== "number" || total <= 0) return numbers.format(done);
  return counted.replace("{done}", numbers.format(done)).replace("{total}", numbers.format(total));
}

/** A curve's points in columns, sorted, each step once (a resumed training repeats a few: the later value counts). */
export function curveColumns(points: readonly (readonly [number, number])[]): { x: number[]; y: number[] } {
  const last = new Map(points.map(([step, loss]) => [step, loss]));
  const sorted = [...last].sort(([one], [other]) => one - other);
  return { x: sorted.map(([step]) => step), y: sorted.map(([, loss]) => loss) };
}
