import { describe, expect, it } from "vitest";
import type { Claim, Turn } from "./api";
import {
  answerOf, caughtUp, choiceOf, composed, conversation, converse, foreseen, fromTalkClaim, okayChain, readTalkDraft, standing, stepAt, talkLabel, toTalkDraft,
  type Conversation, type TalkAction,
} from "./conversation";

const turn = (alternatives: readonly string[], more: Partial<Turn> = {}): Turn => ({
  number: 0, state: "open", alternatives, order: alternatives.map((_, index) => index), ratings: null, written: null, chosen: null, failed: false, ...more,
});
const answered = (text: string, rating: 1 | 0, number = 0): Turn =>
  turn([text, "no"], { number, state: "answered", ratings: [{ rating, flagged: false }, { rating: -1, flagged: false }], chosen: 0 });
const after = (talk: Conversation, ...actions: TalkAction[]) => actions.reduce(converse, talk);
const rate = (...ratings: (-1 | 0 | 1)[]): TalkAction[] => ratings.map((rating) => ({ do: "rate", rating }));
const marks = (...ratings: (number | null)[]) => ratings.map((rating) => ({ rating: rating as -1 | 0 | 1 | null, flagged: false }));

describe("a turn", () => {
  it("moves to the next card with each rating and can go on when all are rated", () => {
    const talk = after(conversation([turn(["a", "b"])]), ...rate(-1));
    expect([talk.card, standing(talk)]).toEqual([1, { can: "nothing", left: 1 }]);
    expect(standing(after(talk, ...rate(1)))).toEqual({ can: "go_on", drops: 0 });
  });

  it("goes on with the first Great in the drawn order, else the first Okay, else nothing", () => {
    const drawn = turn(["a", "b", "c"], { order: [2, 0, 1] });
    expect(choiceOf(drawn, marks(1, 1, 0))).toBe(0);
    expect(choiceOf(drawn, marks(-1, 0, 0))).toBe(2);
    expect(choiceOf(drawn, marks(-1, -1, -1))).toBeNull();
  });

  it("asks for a step of one's own where all are Bad, and a flag is no praise", () => {
    const bad = after(conversation([turn(["a", "b"])]), ...rate(-1), { do: "flag" });
    expect(standing(bad)).toEqual({ can: "write" });
    const written = after(bad, { do: "write", writing: { text: " Mine. ", answer: "" } });
    expect(answerOf(written)).toEqual({ turn: 0, ratings: [{ rating: -1, flagged: false }, { rating: null, flagged: true }], written: { text: "Mine.", flagged: false } });
  });

  it("foresees the choice as soon as nothing unrated can come before it", () => {
    const drawn = conversation([turn(["a", "b", "c"], { order: [1, 0, 2] })]);
    expect(foreseen(drawn)).toBe(1);
    expect(foreseen(after(drawn, { do: "rate", rating: -1, card: 1 }))).toBe(0);
    expect(foreseen(after(drawn, { do: "rate", rating: 0, card: 1 }, { do: "rate", rating: 0, card: 0 }, { do: "rate", rating: 1, card: 2 }))).toBe(2);
  });

  it("foresees past a final answer, which nothing follows", () => {
    const answer = "So.\n\n# Answer\n\n14";
    const mixed = conversation([turn([answer, "on", "and on"])]);
    expect(foreseen(mixed)).toBe(1);
    expect(foreseen(after(mixed, { do: "rate", rating: 1, card: 2 }))).toBe(1);
    expect(foreseen(after(mixed, ...rate(-1, 1)))).toBe(1);
    expect(foreseen(after(mixed, ...rate(1)))).toBeNull();
    expect(foreseen(after(mixed, ...rate(0, -1, -1)))).toBeNull();
  });

  it("ends with a step that states the final answer, offered or written", () => {
    const last = conversation([turn(["So.\n\n# Answer\n\n14"])]);
    expect(standing(after(last, ...rate(1)))).toEqual({ can: "submit" });
    const own = after(last, ...rate(-1), { do: "write", writing: { text: "So.", answer: "$14$" } });
    expect([standing(own), stepAt(own, 0)]).toEqual([{ can: "submit" }, "So.\n\n# Answer\n\n$14$"]);
    expect(composed({ text: "a", answer: " " })).toBe("a");
  });
});

describe("the way back", () => {
  const talk = conversation([answered("one", 1), answered("two", 0, 1), turn(["x", "y"], { number: 2 })]);

  it("undoes one rating at a time, then opens the turn before", () => {
    const said = after(talk, ...rate(-1), { do: "undo" });
    expect([said.at, said.said[2]?.marks[0]?.rating, said.card]).toEqual([2, null, 0]);
    expect(after(said, { do: "undo" }).at).toBe(1);
  });

  it("keeps the later turns where the chosen one stays the best, and says how many it drops else", () => {
    const opened = after(talk, { do: "open", turn: 0 });
    expect(standing(after(opened, { do: "rate", rating: 0, card: 0 }))).toEqual({ can: "go_on", drops: 0 });
    expect(standing(after(opened, { do: "rate", rating: 1, card: 1 }))).toEqual({ can: "go_on", drops: 0 });
    expect(standing(after(opened, { do: "rate", rating: -1, card: 0 }, { do: "rate", rating: 1, card: 1 }))).toEqual({ can: "go_on", drops: 2 });
  });

  it("goes card by card through a turn that is laid open again", () => {
    expect(after(talk, { do: "open", turn: 0 }, ...rate(1)).card).toBe(1);
  });

  it("forgets a correction that was not sent when another turn is opened", () => {
    const left = after(talk, { do: "open", turn: 0 }, { do: "rate", rating: -1, card: 0 }, { do: "open", turn: 2 });
    expect(left.said[0]?.marks[0]?.rating).toBe(1);
  });

  it("counts Okay steps in a row", () => {
    const okay = [0, 1, 2, 3].map((number) => answered(`${number}`, 0, number));
    expect(okayChain(conversation([answered("go", 1), ...okay, turn(["x"])]))).toBe(4);
    expect(okayChain(talk)).toBe(1);
  });

  it("a submitted label takes ratings that keep its way and no others", () => {
    const fixed = conversation([answered("one", 1), answered("end\n\n# Answer\n\n1", 1, 1)], true);
    const other = after(fixed, { do: "open", turn: 0 }, { do: "rate", rating: 0, card: 1 });
    expect(other.said[0]?.marks[1]?.rating).toBe(0);
    expect(after(other, { do: "rate", rating: -1, card: 0 })).toBe(other);
    expect(standing(other)).toEqual({ can: "submit" });
  });
});

describe("the label", () => {
  it("is a PRM800K phase 1 record of what was said", () => {
    const talk = after(conversation([answered("one", 1), turn(["x"], { number: 1 })]), ...rate(-1), { do: "write", writing: { text: "Mine", answer: "3" } });
    expect(talkLabel(talk, "solution", 1234.4)).toEqual({
      steps: [
        { completions: [{ text: "one", rating: 1, flagged: false }, { text: "no", rating: -1, flagged: false }], human_completion: null, chosen_completion: 0 },
        { completions: [{ text: "x", rating: -1, flagged: false }], human_completion: { text: "Mine\n\n# Answer\n\n3", rating: null, source: "human", flagged: false }, chosen_completion: null },
      ],
      total_time: 1234,
      finish_reason: "solution",
    });
  });

  it("ends with an unfinished step where it is given up", () => {
    const label = talkLabel(after(conversation([answered("one", 1), turn(["x", "y"])]), ...rate(1)), "give_up", 5);
    expect(label.steps[1]).toEqual({ completions: null, human_completion: null, chosen_completion: null });
  });
});

describe("drafts", () => {
  const claim = (draft: unknown): Claim => ({
    id: 1, problem: { text: "p", answer: null }, steps: [], answer: null, alternatives: {}, turns: [turn(["a", "b"])], draft, draft_version: 1, expires_at: "",
  });
  const draft = toTalkDraft(after(conversation([turn(["a", "b"])]), ...rate(-1), { do: "write", writing: { text: "half", answer: "" } }), 900, "tab", 7);

  it("come back with marks, half-written text and time", () => {
    const { talk, activeMs } = fromTalkClaim(claim(draft), null);
    expect([talk.said[0]?.marks[0]?.rating, talk.said[0]?.writing.text, talk.card, activeMs]).toEqual([-1, "half", 1, 900]);
  });

  it("of another turn or another kind change nothing", () => {
    for (const other of [{ ...draft, turn: 3 }, { ...draft, marks: [] }, { v: 1, marks: [[1, false]] }, null, "x"]) {
      expect(fromTalkClaim(claim(other), null).talk).toEqual(conversation([turn(["a", "b"])]));
    }
    expect(readTalkDraft({ ...draft, marks: [{ rating: 2, flagged: false }] })).toBeNull();
  });

  it("what was typed stays when the server only says the same again", () => {
    const talk = after(conversation([turn(["a", "b"])]), ...rate(-1));
    expect(caughtUp(talk, [turn(["a", "b"])]).said[0]?.marks[0]?.rating).toBe(-1);
    expect(caughtUp(talk, [answered("a", 1), turn(["c"], { number: 1 })]).at).toBe(1);
  });
});
