import { describe, expect, it } from "vitest";
import type { Label, Mine } from "../api";
import type { Entry } from "../store";
import { LAST, rows, type Row } from "./rows";

const LABEL: Label = { steps: [], total_time: 1, finish_reason: "solution" };
const subject = (text: string) => ({ problem: { text, answer: null }, steps: ["a"], answer: null, alternatives: {} });
const mine = (id: number, at: string, more: Partial<Mine> = {}): Mine => ({ ...subject(`problem ${id}`), id, submitted_at: at, revision: 0, label: LABEL, reason: "", error_kind: "", error_note: "", ...more });
const entry = (key: string, at: string, more: Partial<Entry> = {}): Entry => ({
  client_key: key, account: 7, project: "algebra", kind: "submission", target: 1, body: { client_key: key, label: LABEL }, subject: subject(`entry ${key}`), added: Date.parse(at), state: "waiting", problem: null, ...more,
});
const names = (listed: readonly Row[]) => listed.map((row) => row.problem);

describe("the history", () => {
  it("has what waits among what is stored, the newest first", () => {
    const listed = rows([mine(2, "2026-01-01T10:02:00Z"), mine(1, "2026-01-01T10:00:00Z")], [entry("x", "2026-01-01T10:01:00Z")]);
    expect(listed.map((row) => [row.problem, row.waiting])).toEqual([["problem 2", false], ["entry x", true], ["problem 1", false]]);
  });

  it("is ten items long", () => {
    const many = Array.from({ length: LAST }, (_, n) => mine(n, `2026-01-01T10:0${n}:00Z`));
    expect(names(rows(many, [entry("x", "2026-01-01T11:00:00Z")]))).toHaveLength(LAST);
  });

  it("shows an item once, as it was said last", () => {
    const waiting = entry("x", "2026-01-01T11:00:00Z");
    const correction = entry("y", "2026-01-01T11:01:00Z", { kind: "amendment", target: 0, after: "x", subject: subject("said last") });
    const amendment = entry("z", "2026-01-01T11:02:00Z", { kind: "amendment", target: 5, subject: subject("five, corrected") });
    const listed = rows([mine(5, "2026-01-01T10:00:00Z")], [waiting, correction, amendment]);
    expect(listed.map((row) => [row.problem, row.corrected])).toEqual([["five, corrected", true], ["said last", true]]);
  });

  it("says which were corrected, and leaves out what was refused: that is decided elsewhere on the page", () => {
    const listed = rows([mine(5, "2026-01-01T10:00:00Z", { revision: 2 })], [entry("x", "2026-01-01T11:00:00Z", { state: "aside" })]);
    expect(listed.map((row) => [row.problem, row.corrected])).toEqual([["problem 5", true]]);
  });
});
