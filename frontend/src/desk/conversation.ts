// A solution being built step by step, as a value: turns with alternatives, what was said of each, and the PRM800K label that it becomes. Pure.

import { isRecord, type Claim, type FinishReason, type Label, type LabelStep, type Turn, type Written } from "./api";
import { ANSWER_MARK, statesAnswer } from "./answer";
import { isSettled, NOTE_MAX, type Mark, type Rating } from "./state";

/** So many Okay steps in a row are pointed out: the solution is going nowhere. */
export const LONG_CHAIN = 4;

/** The step a person writes where every alternative is Bad; with an answer it is the last one. */
export interface Writing {
  readonly text: string;
  readonly answer: string;
}

/** What was said of one turn. */
export interface Said {
  readonly marks: readonly Mark[];
  readonly writing: Writing;
}

interface Moment {
  readonly said: Said;
  readonly card: number;
}

export interface Conversation {
  readonly turns: readonly Turn[];
  /** One a turn, as the person sees it; the server's where nothing was changed since. */
  readonly said: readonly Said[];
  /** The turn on screen: the last one, or an earlier one that is being corrected. */
  readonly at: number;
  /** The card in hand; as many as there are cards once all are settled. */
  readonly card: number;
  /** Corrections of a submitted label change ratings, never the way. */
  readonly fixed: boolean;
  readonly past: readonly Moment[];
}

const UNMARKED: Mark = { rating: null, flagged: false };
const NOTHING: Writing = { text: "", answer: "" };

export type TalkAction =
  | { readonly do: "rate"; readonly rating: Rating; readonly card?: number }
  | { readonly do: "flag"; readonly card?: number }
  | { readonly do: "undo" }
  | { readonly do: "move"; readonly by: 1 | -1 }
  | { readonly do: "open"; readonly turn: number }
  | { readonly do: "write"; readonly writing: Writing };

/** What is missing before the conversation can go on from the turn on screen, or where it goes. */
export type Standing =
  | { readonly can: "nothing"; readonly left: number }
  | { readonly can: "write" }
  | { readonly can: "wait" }
  | { readonly can: "go_on"; readonly drops: number }
  | { readonly can: "submit" };

export function conversation(turns: readonly Turn[], fixed = false): Conversation {
  const said = turns.map(saidOf);
  const at = Math.max(turns.length - 1, 0);
  return { turns, said, at, card: firstOpen(said[at]), fixed, past: [] };
}

function saidOf(turn: Turn): Said {
  return { marks: turn.alternatives.map((_, index) => turn.ratings?.[index] ?? UNMARKED), writing: parted(turn.written?.text ?? "") };
}

/** A written step as its two fields. */
function parted(text: string): Writing {
  const at = text.indexOf(ANSWER_MARK);
  return at < 0 ? { text, answer: "" } : { text: text.slice(0, at), answer: text.slice(at + ANSWER_MARK.length) };
}

/** The two fields as one step. Space around them is no one's thought; everything inside stays as it was typed. */
export function composed({ text, answer }: Writing): string {
  return answer.trim() ? `${text.trim()}${ANSWER_MARK}${answer.trim()}` : text.trim();
}

/** The alternative that the turn goes on with under these ratings: the one that it went on with while that is among the best, else the first
 * Great in the drawn order, else the first Okay; null where all are Bad. The server's rule (`step_rules.choice`), for the eye at once. */
export function choiceOf(turn: Turn, marks: readonly Mark[]): number | null {
  const first = (rating: Rating) => turn.order.find((index) => marks[index]?.rating === rating);
  const chosen = first(1) ?? first(0) ?? null;
  const stays = turn.chosen !== null && chosen !== null && marks[turn.chosen]?.rating === marks[chosen]?.rating;
  return stays ? turn.chosen : chosen;
}

/** The step that turn `index` goes on with; "" while that is open. */
export function stepAt(talk: Conversation, index: number): string {
  const [turn, said] = [talk.turns[index], talk.said[index]];
  if (!turn || !said) return "";
  const chosen = choiceOf(turn, said.marks);
  return chosen === null ? composed(said.writing) : (turn.alternatives[chosen] ?? "");
}

export function mustWrite(talk: Conversation): boolean {
  const [turn, said] = [talk.turns[talk.at], talk.said[talk.at]];
  return turn !== undefined && said !== undefined && turn.state !== "making" && said.marks.every(isSettled) && choiceOf(turn, said.marks) === null;
}

export function standing(talk: Conversation): Standing {
  const [turn, said] = [talk.turns[talk.at], talk.said[talk.at]];
  if (!turn || !said || turn.state === "making") return { can: "wait" };
  const left = said.marks.filter((mark) => !isSettled(mark)).length;
  if (left > 0) return { can: "nothing", left };
  if (mustWrite(talk) && !said.writing.text.trim()) return { can: "write" };
  const drops = changesWay(talk) ? talk.turns.length - 1 - talk.at : 0;
  if (talk.fixed) return { can: "submit" };
  const last = drops > 0 || talk.at === talk.turns.length - 1;
  return last && statesAnswer(stepAt(talk, talk.at)) ? { can: "submit" } : { can: "go_on", drops };
}

/** Whether what was said of the turn on screen leads elsewhere than the turns behind it. */
function changesWay(talk: Conversation): boolean {
  const turn = talk.turns[talk.at];
  if (!turn || turn.state !== "answered") return false;
  const chosen = choiceOf(turn, talk.said[talk.at]?.marks ?? []);
  return chosen !== turn.chosen || (chosen === null && stepAt(talk, talk.at) !== (turn.written?.text ?? ""));
}

/** How many of the steps just before the open turn were Okay at best. */
export function okayChain(talk: Conversation): number {
  let length = 0;
  for (let index = talk.at - 1; index >= 0; index -= 1) {
    const [turn, said] = [talk.turns[index], talk.said[index]];
    const chosen = turn && said ? choiceOf(turn, said.marks) : null;
    if (chosen === null || said?.marks[chosen]?.rating !== 0) break;
    length += 1;
  }
  return length;
}

/**
 * The choice that something will have to follow, as far as it can be foreseen: nothing unsettled can come before it but final answers, which
 * nothing follows. Null where all are Bad, or an answer ends it.
 */
export function foreseen(talk: Conversation): number | null {
  const [turn, said] = [talk.turns[talk.at], talk.said[talk.at]];
  if (!turn || !said || turn.state !== "open") return null;
  for (const index of turn.order) {
    const mark = said.marks[index];
    const ends = statesAnswer(turn.alternatives[index] ?? "");
    if (mark?.rating === 1) return ends ? null : index;
    if (mark && !isSettled(mark) && !ends) return index;
  }
  const chosen = choiceOf(turn, said.marks);
  return chosen === null || statesAnswer(turn.alternatives[chosen] ?? "") ? null : chosen;
}

/** The conversation after an action; the same object where nothing changes. */
export function converse(talk: Conversation, action: TalkAction): Conversation {
  switch (action.do) {
    case "rate":
      return marked(talk, action.card ?? talk.card, (mark) => ({ ...mark, rating: action.rating }), true);
    case "flag":
      return marked(talk, action.card ?? talk.card, (mark) => ({ ...mark, flagged: !mark.flagged }), false);
    case "undo":
      return undo(talk);
    case "move":
      return moved(talk, action.by);
    case "open":
      return opened(talk, action.turn);
    case "write":
      return written(talk, action.writing);
  }
}

function marked(talk: Conversation, card: number, change: (mark: Mark) => Mark, goOn: boolean): Conversation {
  const said = talk.said[talk.at];
  const mark = said?.marks[card];
  if (!said || !mark) return talk;
  const marks = said.marks.map((old, index) => (index === card ? change(old) : old));
  const changed = withSaid(talk, { ...said, marks });
  // A correction of a finished label keeps its way: what would lead elsewhere is not taken.
  if (talk.fixed && changesWay(changed)) return talk;
  const next = marks.findIndex((one, index) => index > card && !isSettled(one));
  // In a turn that is laid open again everything is settled already: card by card.
  const correcting = talk.fixed || talk.at < talk.turns.length - 1;
  const open = correcting ? card + 1 : next < 0 ? firstOpen({ ...said, marks }) : next;
  return { ...changed, card: goOn ? open : card, past: [...talk.past, { said, card }] };
}

function firstOpen(said: Said | undefined): number {
  const open = said?.marks.findIndex((mark) => !isSettled(mark)) ?? -1;
  return open < 0 ? (said?.marks.length ?? 0) : open;
}

function withSaid(talk: Conversation, said: Said): Conversation {
  return { ...talk, said: talk.said.map((old, index) => (index === talk.at ? said : old)) };
}

/** Back by one rating; from a turn with nothing said, back to the turn before it. */
function undo(talk: Conversation): Conversation {
  const last = talk.past.at(-1);
  if (last) return { ...withSaid(talk, last.said), card: last.card, past: talk.past.slice(0, -1) };
  return talk.at > 0 ? opened(talk, talk.at - 1) : talk;
}

function moved(talk: Conversation, by: 1 | -1): Conversation {
  const cards = talk.said[talk.at]?.marks.length ?? 0;
  const card = talk.card + by;
  if (card < 0) return talk.at > 0 ? opened(talk, talk.at - 1) : talk;
  if (card > cards || (card === cards && cards > 0 && firstOpen(talk.said[talk.at]) < cards)) return talk;
  return card === talk.card ? talk : { ...talk, card };
}

/** A turn laid open again with what was said of it; what was changed of another turn and not sent goes back. */
function opened(talk: Conversation, turn: number): Conversation {
  if (turn === talk.at || !talk.turns[turn]) return talk;
  const said = talk.fixed ? talk.said : talk.said.map((old, index) => (index === talk.at && index < talk.turns.length - 1 ? saidOf(talk.turns[index] as Turn) : old));
  const isLast = turn === talk.turns.length - 1;
  return { ...talk, said, at: turn, card: isLast ? firstOpen(said[turn]) : 0, past: [] };
}

function written(talk: Conversation, writing: Writing): Conversation {
  const said = talk.said[talk.at];
  if (!said || talk.fixed) return talk;
  return withSaid(talk, { ...said, writing: { text: writing.text.slice(0, 10_000), answer: writing.answer.slice(0, NOTE_MAX) } });
}

/** The turns as the server now has them; what was said of the open turn stays where that is the same one. */
export function caughtUp(talk: Conversation, turns: readonly Turn[]): Conversation {
  const fresh = conversation(turns, talk.fixed);
  const same = talk.turns.length === turns.length && talk.turns.at(-1)?.state === turns.at(-1)?.state && talk.at === fresh.at;
  return same ? { ...talk, turns } : fresh;
}

/** What `POST next-step` takes of the turn on screen. */
export function answerOf(talk: Conversation): { turn: number; ratings: readonly Mark[]; written?: Written } {
  const said = talk.said[talk.at];
  const step = { turn: talk.at, ratings: said?.marks ?? [] };
  return mustWrite(talk) && said ? { ...step, written: { text: composed(said.writing), flagged: false } } : step;
}

/** The label in PRM800K's phase 1 shape. A last turn that is not settled is the unfinished step of what was given up. */
export function talkLabel(talk: Conversation, finish: FinishReason, activeMs: number): Label {
  const dropped = changesWay(talk) ? talk.turns.slice(0, talk.at + 1) : talk.turns;
  const steps: LabelStep[] = [];
  for (const [index, turn] of dropped.entries()) {
    const said = talk.said[index];
    const whole = said !== undefined && turn.state !== "making" && said.marks.every(isSettled) && stepAt(talk, index) !== "";
    steps.push(whole && said ? labelStep(turn, said) : { completions: null, human_completion: null, chosen_completion: null });
    if (!whole) break;
  }
  return { steps, total_time: Math.min(Math.max(Math.round(activeMs), 0), 86_400_000), finish_reason: finish };
}

function labelStep(turn: Turn, said: Said): LabelStep {
  const chosen = choiceOf(turn, said.marks);
  const completions = turn.alternatives.map((text, index) => ({ text, ...(said.marks[index] ?? UNMARKED) }));
  const human = chosen === null ? { text: composed(said.writing), rating: null, source: "human" as const, flagged: turn.written?.flagged ?? false } : null;
  return { completions, human_completion: human, chosen_completion: chosen };
}

/** Whether anything was said that the server does not have yet. */
export function isTalkTouched(talk: Conversation): boolean {
  const said = talk.said[talk.at];
  return talk.past.length > 0 || (talk.turns[talk.at]?.state === "open" && (said?.marks.some(isSettled) || said?.writing.text !== "" || false));
}

// --- drafts -------------------------------------------------------------------------------------------------------------------------------

export interface TalkDraft {
  readonly v: 1;
  readonly protocol: "step-by-step";
  readonly turn: number;
  readonly marks: readonly Mark[];
  readonly written: string;
  readonly answer: string;
  readonly active_ms: number;
  readonly from: string;
  readonly at: number;
}

export function toTalkDraft(talk: Conversation, activeMs: number, from: string, at: number): TalkDraft {
  const said = talk.said[talk.at];
  const { text, answer } = said?.writing ?? NOTHING;
  return { v: 1, protocol: "step-by-step", turn: talk.at, marks: said?.marks ?? [], written: text, answer, active_ms: Math.round(activeMs), from, at };
}

/** A draft read as a stranger's data; null where it is not one of a conversation. */
export function readTalkDraft(value: unknown): TalkDraft | null {
  if (!isRecord(value) || value["v"] !== 1 || value["protocol"] !== "step-by-step") return null;
  const marks: unknown = value["marks"];
  if (!Array.isArray(marks) || !marks.every(isMark) || typeof value["turn"] !== "number") return null;
  const text = (field: string): string => (typeof value[field] === "string" ? value[field] : "");
  const number = (field: string): number => (typeof value[field] === "number" && Number.isFinite(value[field]) ? value[field] : 0);
  return { v: 1, protocol: "step-by-step", turn: value["turn"], marks, written: text("written"), answer: text("answer"), active_ms: Math.max(number("active_ms"), 0), from: text("from"), at: number("at") };
}

function isMark(value: unknown): value is Mark {
  return isRecord(value) && [null, -1, 0, 1].includes(value["rating"] as number | null) && typeof value["flagged"] === "boolean";
}

/** A claim's conversation with the draft that fits its open turn: this browser's where that holds more, else the server's. */
export function fromTalkClaim(claim: Claim, local: { readonly draft: unknown; readonly dirty: boolean } | null): { talk: Conversation; activeMs: number } {
  const [mine, theirs] = [local ? readTalkDraft(local.draft) : null, readTalkDraft(claim.draft)];
  const draft = mine && (local?.dirty || !theirs) ? mine : theirs;
  const talk = conversation(claim.turns ?? []);
  const activeMs = Math.max(mine?.active_ms ?? 0, theirs?.active_ms ?? 0);
  const open = talk.turns[talk.at];
  if (!draft || !open || draft.turn !== talk.at || open.state !== "open" || draft.marks.length !== open.alternatives.length) return { talk, activeMs };
  const said: Said = { marks: draft.marks, writing: { text: draft.written, answer: draft.answer } };
  return { talk: { ...withSaid(talk, said), card: firstOpen(said) }, activeMs };
}
