// What a screen reader hears after a change, in words. Pure.

import type { Messages } from "./messages";
import { readiness, samePlace, type Action, type Item, type Place } from "./state";

export function placeName(words: Messages, place: Place, total: number): string {
  if (place.at === "end") return words.said.ready;
  return place.at === "step" ? words.stepOf(place.index + 1, total) : words.alternative(place.index + 1);
}

/** Why an item cannot be submitted yet; "" when it can. */
export function notReady(words: Messages, item: Item): string {
  const ready = readiness(item);
  if (ready.ready) return "";
  if (ready.because === "gap") return words.notYet.gap(ready.step + 1);
  return ready.because === "alternatives" ? words.notYet.alternatives(ready.left) : words.notYet.unfinished;
}

/** One sentence or two on what `action` did; "" where there is nothing to say. */
export function said(words: Messages, before: Item, after: Item, action: Action): string {
  const name = (place: Place) => placeName(words, place, after.marks.length);
  const from = action.do === "rate" && action.place ? action.place : before.place;
  const moved = samePlace(from, after.place) ? "" : arrival(words, after);
  switch (action.do) {
    case "rate":
      return `${words.said.rated(name(from), words.ratings[`${action.rating}`])} ${moved}`.trim();
    case "undo":
      return `${words.said.undone} ${name(after.place)}`;
    case "flag":
      return flagged(words, after);
    default:
      return moved;
  }
}

function arrival(words: Messages, item: Item): string {
  if (item.place.at === "end") return notReady(words, item) || words.said.ready;
  return words.said.next(placeName(words, item.place, item.marks.length));
}

function flagged(words: Messages, item: Item): string {
  const { place } = item;
  if (place.at === "end") return "";
  const name = placeName(words, place, item.marks.length);
  const unsure = place.at === "step" ? item.marks[place.index]?.flagged : true;
  return unsure ? words.said.flagged(name) : words.said.unflagged(name);
}
