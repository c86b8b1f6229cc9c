// What the unit tests are made of: a small solution, and pressing keys on it.

import type { Subject } from "./api";
import { newKey } from "./outbox";
import { newItem, reduce, toLabel, type Action, type Item, type Rating } from "./state";
import type { Entry } from "./store";

export function subject(steps = 4, alternatives: Subject["alternatives"] = {}): Subject {
  return {
    problem: { text: "What is $1+1$?", answer: "2" },
    steps: Array.from({ length: steps }, (_, index) => ` step ${index}\u00a0\n`),
    answer: "2",
    alternatives,
  };
}

export function after(item: Item, ...actions: readonly Action[]): Item {
  return actions.reduce(reduce, item);
}

export function rated(ratings: readonly Rating[], of: Subject = subject(ratings.length)): Item {
  return after(newItem(of), ...ratings.map((rating): Action => ({ do: "rate", rating })));
}

let clock = 0;

/** A finished submission of one step; each is a moment younger than the last. */
export function entry(account = 7): Entry {
  const client_key = newKey();
  const label = toLabel(rated([1]), "solution", 1);
  clock += 1;
  return { client_key, account, project: "p", kind: "submission", target: clock, body: { client_key, label }, subject: subject(1), added: clock, state: "waiting", problem: null };
}
