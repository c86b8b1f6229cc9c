// What the unit tests are made of: a small solution, and pressing keys on it.

import type { Subject } from "./api";
import { newItem, reduce, type Action, type Item, type Rating } from "./state";

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
