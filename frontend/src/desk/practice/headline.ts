// The one sentence that says first how an item was taken: whether there was an error, and where. Pure.

import type { PracticeWords } from "./content";
import type { Outcome } from "./grade";

export function headline({ headline: say, step, or }: PracticeWords, outcome: Outcome): string {
  const named = (places: readonly number[]) => places.map((place) => step(place + 1)).join(` ${or} `);
  switch (outcome.kind) {
    case "found":
      return outcome.also.length > 0 ? say.foundOneOf(outcome.step + 1, named(outcome.also)) : say.found(outcome.step + 1);
    case "none_to_find":
      return say.noneToFind;
    case "missed":
      return say.missed(named(outcome.places));
    case "elsewhere":
      return say.elsewhere(outcome.step + 1, named(outcome.places));
    case "none_there":
      return say.noneThere(outcome.step + 1);
    case "bad_problem":
      return say.badProblem;
    case "not_bad_problem":
      return say.notBadProblem;
    case "overlooked_bad_problem":
      return say.overlookedBadProblem;
    case "gave_up":
      return say.gaveUp;
    case "good_way":
      return say.goodWay;
    case "bad_way":
      return say.badWay(outcome.turn + 1);
  }
}
