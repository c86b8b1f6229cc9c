// A practised conversation in the server's place: turns from the script, the choice by the server's rule. Pure.

import type { StepBody, Turn } from "../api";
import { choiceOf } from "../conversation";
import type { PracticeTalk } from "./content";

/** The conversation when it is handed out: its first turn, open. */
export function firstTurns(item: PracticeTalk): readonly Turn[] {
  return opened(item, 0);
}

/** All turns after one was answered: a corrected turn keeps what follows while the chosen step stays the same. */
export function answeredTurns(item: PracticeTalk, turns: readonly Turn[], { turn: at, ratings, written }: StepBody): readonly Turn[] {
  const turn = turns[at];
  if (!turn) return turns;
  const chosen = choiceOf(turn, ratings);
  const answered: Turn = { ...turn, state: "answered", ratings, chosen, written: chosen === null ? (written ?? null) : null };
  const stays = turn.state === "answered" && turn.chosen === chosen && turn.written?.text === answered.written?.text;
  return [...turns.slice(0, at), answered, ...(stays ? turns.slice(at + 1) : opened(item, at + 1))];
}

/** Turn `number` of the script, open; behind its end nothing is offered and the next step is written. */
function opened(item: PracticeTalk, number: number): readonly Turn[] {
  const alternatives = item.turns[number]?.offered.map(({ text }) => text) ?? [];
  return [{ number, state: "open", alternatives, order: alternatives.map((_, index) => index), ratings: null, written: null, chosen: null, failed: alternatives.length === 0 }];
}
