// The conversation on screen joined to the server: what a key does to it, its answers on their way, and the next steps while they are made.

import type { Turn, TalkApi } from "./api";
import { answerOf, caughtUp, choiceOf, converse, foreseen, standing, stepAt, type Conversation, type TalkAction } from "./conversation";
import type { Held } from "./held";
import type { ActionName } from "./keys";
import type { Messages } from "./messages";
import { newKey } from "./outbox";

/** What it needs of the desk. */
export interface Around {
  readonly words: Messages;
  readonly api: TalkApi | undefined;
  /** Whether steps are made live, so that a guess of what follows is worth telling. */
  readonly live: boolean;
  readonly current: () => Held | null;
  /** Puts a changed conversation on screen and keeps it. */
  readonly change: (held: Held, talk: Conversation, keep: boolean) => void;
  readonly submit: (held: Held) => void;
  readonly announce: (text: string) => void;
}

export type Trouble = "" | "offline" | "busy" | "signed_out" | "refused";

const ACTIONS: Readonly<Partial<Record<ActionName, TalkAction>>> = {
  great: { do: "rate", rating: 1 },
  okay: { do: "rate", rating: 0 },
  bad: { do: "rate", rating: -1 },
  flag: { do: "flag" },
  undo: { do: "undo" },
  up: { do: "move", by: -1 },
  down: { do: "move", by: 1 },
};

/** How long to wait before asking again whether a turn is made: often at first, then less. */
export function patience(waitedMs: number): number {
  return waitedMs < 10_000 ? 100 : waitedMs < 30_000 ? 250 : 1_000;
}

export class Talking {
  /** An answer is on its way, or the next steps are being made. */
  busy = $state(false);
  trouble = $state<Trouble>("");
  refusal = $state("");
  /** A correction that drops later steps waits for a second press. */
  confirming = $state(false);

  #sending = 0;
  #watched = "";
  #guessed = "";
  #failures = 0;

  constructor(readonly around: Around) {}

  /** Carry out a shortcut; false where it is not one of a conversation's. */
  perform(action: ActionName): boolean {
    const change = ACTIONS[action];
    if (change) this.act(change);
    else if (action === "submit") this.goOn();
    else if (action === "close" && this.confirming) this.confirming = false;
    else return action === "first_error" || action === "alternatives" || action.startsWith("kind_");
    return true;
  }

  act(action: TalkAction): void {
    const held = this.around.current();
    if (!held?.talk) return;
    const talk = converse(held.talk, action);
    if (talk === held.talk) return this.#cannot(held.talk, action);
    this.confirming = false;
    this.refusal = "";
    this.#sending += 1; // an answer that is being tried again is out of date
    this.busy = false;
    this.around.change(held, talk, action.do !== "move" && action.do !== "open");
    this.#say(held.talk, talk, action);
    this.#guess(held, talk);
    // The last card of the open turn leads on by itself; a correction waits for Enter.
    if (action.do === "rate" && standing(talk).can === "go_on" && talk.at === talk.turns.length - 1) this.goOn();
  }

  /** Go on to the next turn, or submit where the final answer is stated. */
  goOn(): void {
    const held = this.around.current();
    if (!held?.talk || this.busy) return;
    const here = standing(held.talk);
    if (here.can === "submit") return this.around.submit(held);
    if (here.can !== "go_on") return this.around.announce(this.around.words.talk.notYet(here));
    if (here.drops > 0 && !this.confirming) {
      this.confirming = true;
      return this.around.announce(this.around.words.talk.drops(here.drops));
    }
    this.confirming = false;
    void this.#send(held, held.talk, newKey());
  }

  /** Network back, signed in again: an answer that waits is tried now. */
  wake(): void {
    this.#retry?.();
  }

  /** Called when another item comes to the front: its turn may still be in the making. */
  watch(): void {
    const held = this.around.current();
    this.trouble = "";
    this.refusal = "";
    this.confirming = false;
    this.#sending += 1;
    this.busy = false;
    if (held?.talk?.turns.at(-1)?.state === "making") void this.#await(held.key, held.target.id);
  }

  #retry: (() => void) | null = null;

  async #send(held: Held, talk: Conversation, key: string): Promise<void> {
    const ticket = ++this.#sending;
    this.busy = true;
    const answer = await this.around.api?.answer(held.target.id, { client_key: key, ...answerOf(talk) });
    if (!answer || ticket !== this.#sending) return;
    if (answer.ok) {
      this.#failures = 0;
      this.trouble = "";
      this.#arrived(held.key, answer.body.turns);
    } else if (answer.kind === "refused") {
      this.busy = false;
      this.trouble = "refused";
      this.refusal = answer.message;
      this.around.announce(answer.message);
    } else {
      this.trouble = answer.kind === "later" ? "busy" : answer.kind;
      this.#failures += 1;
      const again = () => ticket === this.#sending && void this.#send(held, talk, key);
      this.#retry = again;
      setTimeout(again, Math.max(answer.retryAfter ?? 0, Math.min(30_000, 500 * 2 ** this.#failures)) * (0.5 + Math.random()));
    }
  }

  #arrived(key: string, turns: readonly Turn[]): void {
    const held = this.around.current();
    if (held?.key !== key || !held.talk) return;
    const talk = caughtUp(held.talk, turns);
    this.around.change(held, talk, false);
    if (turns.at(-1)?.state === "making") return void this.#await(key, held.target.id);
    this.busy = false;
    this.around.announce(this.around.words.talk.newTurn(talk.turns.length, talk.turns[talk.at]?.alternatives.length ?? 0));
  }

  async #await(key: string, claim: number): Promise<void> {
    if (this.#watched === key) return;
    this.#watched = key;
    this.busy = true;
    const began = performance.now();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, patience(performance.now() - began)));
      if (this.around.current()?.key !== key) break;
      const answer = await this.around.api?.claim(claim);
      if (answer?.ok && answer.body.turns?.at(-1)?.state !== "making") {
        this.#watched = "";
        this.trouble = "";
        return this.#arrived(key, answer.body.turns ?? []);
      }
      if (answer && !answer.ok) this.trouble = answer.kind === "later" ? "busy" : answer.kind;
    }
    this.#watched = "";
  }

  /** Tells the server what will probably be chosen, once for each guess. */
  #guess(held: Held, talk: Conversation): void {
    const chosen = this.around.live && held.target.kind === "submission" ? foreseen(talk) : null;
    const guess = `${held.key} ${talk.at} ${chosen}`;
    if (chosen === null || guess === this.#guessed) return;
    this.#guessed = guess;
    void this.around.api?.prepare(held.target.id, talk.at, chosen);
  }

  #cannot(talk: Conversation, action: TalkAction): void {
    if (talk.fixed && action.do === "rate") this.around.announce(this.around.words.talk.wayStays);
  }

  #say(before: Conversation, after: Conversation, action: TalkAction): void {
    const { words, announce } = this.around;
    const card = (index: number) => words.alternative(index + 1);
    const cards = after.said[after.at]?.marks.length ?? 0;
    const here = after.card < cards ? words.said.next(card(after.card)) : this.#standing(after);
    if (action.do === "rate") announce(`${words.said.rated(card(action.card ?? before.card), words.ratings[`${action.rating}`])} ${here}`);
    else if (action.do === "flag") announce(after.said[after.at]?.marks[after.card]?.flagged ? words.said.flagged(card(after.card)) : words.said.unflagged(card(after.card)));
    else if (action.do === "undo" && after.at === before.at) announce(`${words.said.undone} ${here}`);
    else if (after.at !== before.at) announce(words.talk.reopened(after.at + 1));
    else if (action.do === "move") announce(here);
  }

  #standing(talk: Conversation): string {
    const here = standing(talk);
    const { words } = this.around;
    if (here.can === "submit") return words.said.ready;
    return here.can === "go_on" ? words.talk.goesOnWith(stepAt(talk, talk.at).slice(0, 120)) : words.talk.notYet(here);
  }
}

/** Whether the step of an answered turn was chosen for being Great or Okay, or was written. */
export function why(talk: Conversation, index: number): "great" | "okay" | "written" {
  const [turn, said] = [talk.turns[index], talk.said[index]];
  const chosen = turn && said ? choiceOf(turn, said.marks) : null;
  if (chosen === null) return "written";
  return said?.marks[chosen]?.rating === 1 ? "great" : "okay";
}
