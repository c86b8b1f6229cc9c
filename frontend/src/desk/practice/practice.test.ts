import { describe, expect, it, vi } from "vitest";
import type { Claim, SubmissionBody } from "../api";
import { newItem, reduce, toLabel, type Rating } from "../state";
import { answerOf, caughtUp, conversation, converse as converseOnce, mustWrite, standing, stepAt, talkLabel, type Conversation } from "../conversation";
import { contentIn, type PracticeContent, type PracticeTalk } from "./content";
import { de } from "./de";
import { en } from "./en";
import { errorPlaces } from "./grade";
import { Practice, type PracticeOptions } from "./practice.svelte";
import { answeredTurns, firstTurns } from "./talk";

function shelf(kept: Record<string, string> = {}): Storage {
  const items = new Map(Object.entries(kept));
  return { getItem: (name: string) => items.get(name) ?? null, setItem: (name: string, value: string) => void items.set(name, value) } as Storage;
}
const View = (() => ({})) as unknown as PracticeOptions["View"];

function practice(options: Partial<PracticeOptions> = {}, content: PracticeContent = en): Practice {
  return new Practice(content, { account: 7, protocol: "whole-solution", shelf: shelf(), onAllDone: () => undefined, View, ...options });
}

async function claims(of: Practice): Promise<readonly Claim[]> {
  const answer = await of.api.claims();
  return answer.ok ? (answer.body?.claims ?? []) : [];
}

/** Submit the item on offer as its author would: the first reasonable rating of each step. */
async function submit(of: Practice): Promise<string> {
  const [claim] = await claims(of);
  const item = of.items.find(({ problem }) => problem === claim?.problem.text);
  if (!claim || !item || "turns" in item) throw new Error("nothing on offer");
  const marks = item.steps.map(({ ratings }) => ratings[0]).filter((rating): rating is Rating => rating !== undefined);
  const rated = marks.reduce((now, rating, index) => reduce(now, { do: "rate", rating, place: { at: "step", index } }), newItem(claim));
  const finish = item.badProblem ? "bad_problem" : marks.includes(-1) ? "found_error" : "solution";
  const body: SubmissionBody = { client_key: "k", label: toLabel(rated, finish, 1) };
  expect((await of.api.submit(claim.id, body)).ok).toBe(true);
  return item.id;
}

describe("practice in the server's place", () => {
  it("hands out one item, answers its submission with feedback, and hands out nothing more until that was read", async () => {
    const session = practice();
    const id = await submit(session);
    expect(session.feedback?.item.id).toBe(id);
    expect(await claims(session)).toEqual([]);
    expect(session.next(performance.now() + 1_000)).toBe(true);
    const [second] = await claims(session);
    expect(second?.problem.text).toBe(session.items[1]?.problem);
  });

  it("takes a press meant for the item before for what it is", async () => {
    const session = practice();
    await submit(session);
    expect(session.next(performance.now() + 10)).toBe(false);
    expect(session.feedback).not.toBeNull();
  });

  it("goes through all items as their author would, and is told once when all are done", async () => {
    const onAllDone = vi.fn();
    const session = practice({ onAllDone });
    for (const item of session.items) {
      expect(await submit(session)).toBe(item.id);
      expect(session.feedback?.grade).toMatchObject({ right: true, same: session.feedback?.grade.asked });
      session.next(Infinity);
    }
    expect(onAllDone).toHaveBeenCalledOnce();
    expect([session.allDone, session.shows, session.foundCount]).toEqual([true, true, session.items.length]);
  });

  it("goes on where it was left, in this browser and for this account only", async () => {
    const kept = shelf();
    await submit(practice({ shelf: kept }));
    expect(practice({ shelf: kept }).doneCount).toBe(1);
    expect(practice({ shelf: kept, account: 8 }).doneCount).toBe(0);
    expect(practice({ shelf: kept, protocol: "step-by-step" }).doneCount).toBe(0);
  });

  it("starts anew where the browser keeps rubbish under its name", () => {
    expect(practice({ shelf: shelf({ "labelapp-practice 7 whole-solution": "{oops" }) }).doneCount).toBe(0);
    expect(practice({ shelf: shelf({ "labelapp-practice 7 whole-solution": '["a"]' }) }).doneCount).toBe(0);
  });

  it("has new numbers when everything is practised once more", async () => {
    const session = practice();
    const [first] = await claims(session);
    session.again();
    const [again] = await claims(session);
    expect(again?.problem).toEqual(first?.problem);
    expect(again?.id).not.toBe(first?.id);
  });

  it("knows no item of the server's and keeps no history", async () => {
    const session = practice();
    expect(await session.api.mine()).toMatchObject({ ok: true, body: { results: [] } });
    expect((await session.api.amend(1, {} as SubmissionBody)).ok).toBe(false);
  });
});

describe("practised conversations in the server's place", () => {
  /** Rate each turn as its author would, and write what is to be written, until the final answer is stated. */
  async function converse(of: Practice, item: PracticeTalk): Promise<Conversation> {
    const [claim] = await claims(of);
    if (!claim?.turns) throw new Error("no conversation on offer");
    let talk = conversation(claim.turns);
    for (;;) {
      const turn = item.turns[talk.at];
      for (const { ratings } of turn?.offered ?? []) talk = converseOnce(talk, { do: "rate", rating: ratings[0] ?? -1 });
      if (mustWrite(talk)) talk = converseOnce(talk, { do: "write", writing: { text: turn?.own ?? "", answer: "" } });
      if (standing(talk).can === "submit") break;
      const answer = await of.api.talk?.answer(claim.id, { client_key: "k", ...answerOf(talk) });
      if (!answer?.ok) throw new Error("no answer");
      talk = caughtUp(talk, answer.body.turns);
    }
    await of.api.submit(claim.id, { client_key: "k", label: talkLabel(talk, "solution", 1) });
    return talk;
  }

  it("go from turn to turn to the final answer, all as their author would have it", async () => {
    const session = practice({ protocol: "step-by-step" });
    for (const item of en.talks) {
      const talk = await converse(session, item);
      expect(talk.turns).toHaveLength(item.turns.length);
      expect(stepAt(talk, talk.at)).toMatch(new RegExp(`${item.reference}$`));
      expect(session.feedback).toMatchObject({ item: { id: item.id }, grade: { right: true } });
      expect(session.feedback?.grade.same).toBe(session.feedback?.grade.asked);
      session.next(Infinity);
    }
    expect(session.allDone).toBe(true);
  });

  it("keep later turns after a correction that leaves the choice, and drop them after one that does not", () => {
    const [item] = en.talks;
    if (!item) throw new Error("no talks");
    const rated = (...ratings: Rating[]) => ({ client_key: "k", turn: 0, ratings: ratings.map((rating) => ({ rating, flagged: false })) });
    const second = answeredTurns(item, firstTurns(item), rated(1, 0, -1));
    const third = answeredTurns(item, second, { ...rated(0, 1, -1), turn: 1 });
    expect(third).toHaveLength(3);
    expect(answeredTurns(item, third, rated(1, 1, -1))).toHaveLength(3);
    expect(answeredTurns(item, third, rated(-1, 0, -1)).map(({ state }) => state)).toEqual(["answered", "open"]);
  });

  it("ask for a step of one's own behind the end of the script", () => {
    const item = { ...(en.talks[0] as PracticeTalk), turns: [{ offered: [{ text: "x", ratings: [1 as const], why: "" }] }] };
    const turns = answeredTurns(item, firstTurns(item), { client_key: "k", turn: 0, ratings: [{ rating: 1, flagged: false }] });
    expect(turns[1]).toMatchObject({ state: "open", alternatives: [], failed: true });
  });
});

describe("the practice items", () => {
  it("are the same in both languages but for their words", () => {
    const shape = ({ solutions }: PracticeContent) =>
      solutions.map(({ id, reference, answer, steps, alternatives, badProblem }) => ({
        id,
        reference,
        answer,
        bad: badProblem !== undefined,
        steps: steps.map(({ ratings }) => ratings),
        alternatives: alternatives?.map(({ ratings }) => ratings),
      }));
    expect(shape(de)).toEqual(shape(en));
    const talks = (content: PracticeContent) =>
      content.talks.map(({ id, reference, turns }) => ({ id, reference, turns: turns.map(({ offered, own }) => [offered.map(({ ratings }) => ratings), own !== undefined]) }));
    expect(talks(de)).toEqual(talks(en));
  });

  it.each([["en", en], ["de", de]] as const)("say why of each step that is asked about (%s)", (_, { solutions, talks }) => {
    for (const { lesson, turns } of talks) {
      expect(lesson).not.toBe("");
      for (const { ratings, why } of turns.flatMap(({ offered }) => offered)) expect(why !== "").toBe(ratings.length > 0);
    }
    for (const { id, steps, alternatives = [], lesson } of solutions) {
      expect(lesson, id).not.toBe("");
      for (const { ratings, why } of [...steps, ...alternatives]) expect(why !== "", `${id}: ${why}`).toBe(ratings.length > 0);
    }
  });

  it("ask about nothing after the step that must be Bad, and about everything before it", () => {
    for (const item of en.solutions.filter(({ badProblem }) => badProblem === undefined)) {
      const { places, none } = errorPlaces(item);
      const last = none ? item.steps.length - 1 : Math.max(...places);
      expect(item.steps.map(({ ratings }) => ratings.length > 0), item.id).toEqual(item.steps.map((_, index) => index <= last));
    }
  });

  it("hold every kind of surprise: several reasonable places, a wrong reference, a bad problem, alternatives, none wrong", () => {
    expect(en.solutions.some((item) => errorPlaces(item).places.length > 1)).toBe(true);
    expect(en.solutions.some(({ answer, reference, steps }) => answer !== reference && steps.every(({ ratings }) => !ratings.includes(-1)))).toBe(true);
    expect(en.solutions.some(({ badProblem }) => badProblem)).toBe(true);
    expect(en.solutions.some(({ alternatives }) => alternatives)).toBe(true);
  });

  it("come in the page's language, and in English for any other", async () => {
    expect((await contentIn("de")).words.next).toBe(de.words.next);
    expect((await contentIn("fr")).words.next).toBe(en.words.next);
  });
});
