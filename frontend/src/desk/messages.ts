// Every word that the desk shows, in English, and the way to another language: an object of the same type in a file of its own, loaded when asked for.

import type { ActionName, Group } from "./keys";
import type { ErrorKind, Rating } from "./state";

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const en = {
  language: "en",
  ratings: { "1": "Great", "0": "Okay", "-1": "Bad" } satisfies Record<`${Rating}`, string>,
  meanings: {
    "1": "right, checkable, and moves the solution on",
    "0": "right and checkable, but makes no progress",
    "-1": "wrong, unreasonable, off-topic, or not checkable in about 30 seconds",
  } satisfies Record<`${Rating}`, string>,
  unsure: "Unsure",
  actions: {
    great: "Great, go on",
    okay: "Okay, go on",
    bad: "Bad, stop here",
    first_error: "All above Great, this one Bad",
    flag: "Unsure about this step",
    undo: "Undo the last rating",
    up: "Move up without rating",
    down: "Move down without rating",
    alternatives: "Rate the alternatives",
    submit: "Submit",
    give_up: "Give up",
    bad_problem: "Bad problem",
    skip: "Give it back, not now",
    history: "Last ten items",
    raw: "Raw text",
    instructions: "Instructions",
    zoom_in: "Larger text",
    zoom_out: "Smaller text",
    zoom_reset: "Usual text size",
    keys: "All keys",
    menu: "Menu",
    close: "Close what is open",
    kind_calculation: "Calculation",
    kind_logic: "Reasoning",
    kind_misread: "Misread problem",
    kind_unexplained: "Not explained",
    kind_off_topic: "Off topic",
    kind_other: "Other",
  } satisfies Record<ActionName, string>,
  /** For buttons with little room; the title says the rest. */
  short: { undo: "Undo", flag: "Unsure", first_error: "Above Great, this Bad", give_up: "Give up", bad_problem: "Bad problem", skip: "Not now", history: "Last ten" },
  /** The meanings in a line each, always in sight. */
  inSight: { "1": "right, and moves on", "0": "right, no progress", "-1": "wrong or not checkable" } satisfies Record<`${Rating}`, string>,
  kinds: {
    calculation: "Calculation",
    logic: "Reasoning",
    misread: "Misread problem",
    unexplained: "Not explained",
    off_topic: "Off topic",
    other: "Other",
  } satisfies Record<ErrorKind, string>,
  groups: {
    rate: "Rate",
    move: "Move",
    finish: "Finish",
    look: "Look",
    wrong: "After the first Bad step: what is wrong",
  } satisfies Record<Group, string>,

  problem: "Problem",
  referenceAnswer: "Reference answer",
  mayBeWrong: "may be wrong",
  solutionAnswer: "Answer",
  steps: "Steps of the solution",
  step: (n: number): string => `Step ${n}`,
  stepOf: (n: number, total: number): string => `Step ${n} of ${total}`,
  alternative: (n: number): string => `Alternative ${n}`,
  notRated: "not rated",
  cannotRender: "shown as source",
  showAll: "Show all",
  laterSteps: (n: number): string => `${plural(n, "later step", "later steps")} not asked about`,
  show: "Show",
  hide: "Hide",

  whatIsWrong: "What is wrong?",
  optional: "optional",
  noteLabel: "In a few words",
  alternativesTitle: (n: number): string => `${plural(n, "alternative", "alternatives")} to step`,
  allOrNone: "optional: rate all or none",

  submit: "Submit",
  submitAmended: "Submit the correction",
  notYet: {
    unfinished: "find the first Bad step, or rate all steps",
    gap: (step: number): string => `step ${step} is not rated yet`,
    alternatives: (left: number): string => `rate all alternatives or none: ${left} left`,
  },
  foundError: (step: number): string => `First Bad step: ${step}`,
  noError: "No Bad step",

  cancel: "Cancel",
  close: "Close",

  saved: "saved",
  saving: "saving…",
  sending: (n: number): string => (n > 1 ? `sending ${n}…` : "saving…"),
  offline: (n: number): string => (n > 0 ? `offline, ${n} waiting` : "offline, kept in this browser"),
  busy: (n: number): string => (n > 0 ? `server is busy, ${n} waiting` : "server is busy, kept in this browser"),
  signedOut: (n: number): string => (n > 0 ? `signed out: sign in to send ${n}` : "signed out: sign in to save"),
  aside: (n: number): string => plural(n, "submission needs you", "submissions need you"),
  notDurable: "This browser keeps nothing on its own (a private window?). Leave this page only when it says saved.",

  signIn: "Sign in",
  someoneElse: "somebody else is signed in",
  absent: {
    nobody: "You are signed out. What you do here is kept in this browser and sent when you sign in.",
    email: "E-mail",
    password: "Password",
    signIn: "Sign in",
    signingIn: "Signing in…",
    later: "Later",
    refused: "E-mail or password is not right.",
    throttled: "Too many tries. Wait a few minutes, then try again; nothing is lost meanwhile.",
    offline: "The server cannot be reached. What you did is kept here; try again in a moment.",
    busy: "The server is busy. Try again in a moment.",
    elsewhere: "One more step is asked for, on the sign-in page. This page goes on by itself when that is done.",
    open: "Open the sign-in page",
    somebodyElse: (name: string, waiting: number): string =>
      waiting > 0
        ? `Somebody else is signed in to this browser now. ${plural(waiting, "submission", "submissions")} of ${name} ${waiting === 1 ? "waits" : "wait"} here, kept for ${name}, and ${waiting === 1 ? "is" : "are"} sent when ${name} signs in again.`
        : `Somebody else is signed in to this browser now. This page still shows the work of ${name}; what ${name} did is kept.`,
    reload: "Go on as the one signed in now",
  },
  retryNow: "Try now",
  today: (n: number): string => `${n} today`,
  activeToday: (ms: number): string => `${clock(ms)} active`,
  theme: "Switch between light and dark",
  languageName: "Language",
  home: "Back to the project",

  loading: "Getting your next solution…",
  readyTitle: "Nothing left to label right now",
  nothingLeft: (n: number): string =>
    n > 0 ? `You labelled ${plural(n, "solution", "solutions")} today. More appears here by itself when a new batch is queued.` : "More appears here by itself when a new batch is queued.",
  sendingRest: "Waiting to send what you submitted",
  sendingRestHint: "It is kept in this browser. The next solutions come as soon as the server answers.",
  pausedTitle: "The project is paused",
  pausedHint: "No new solutions are given out for now. What you submitted is stored. This page goes on by itself.",
  errorTitle: "The desk could not get your work",
  offlineTitle: "No connection",
  offlineHint: "The desk tries again by itself. Nothing you did is lost.",
  signedOutTitle: "You are signed out",
  signedOutHint: "Sign in above and go on where you were. Nothing you did is lost.",
  notAllowed: "This project gives you nothing to label. Ask the person who invited you.",

  leaseLost: "This item was given on while you were away. Your work is kept: go on and submit it, it still counts.",
  changedElsewhere: "This item was also worked on in another tab or on another machine.",
  useOther: "Use that version",
  keepMine: "Keep mine",
  amending: (when: string): string => `You are correcting an item that you submitted at ${when}.`,
  leaveAmending: "Leave it as it was",
  keysTitle: "Keys",

  refused: {
    already_labelled: "You had labelled this solution already, perhaps in another tab. The first label stands; open your history to change it.",
    key_reused: "The server holds another submission under the same key. Open it again and submit once more.",
    superseded: "This item was corrected elsewhere in the meantime.",
    not_found: "The server does not know this item for the account that is signed in now.",
    batch_closed: "The batch was closed before this arrived. The researcher can reopen it; your work is kept here.",
    other: "The server did not accept this.",
  },
  practice: {
    title: "Practice",
    unstored: "nothing here counts",
    progress: (done: number, total: number): string => `${done} of ${total}`,
    practise: "Practise",
    toDesk: "Go to the desk",
    offer: "New here? A few short examples show what each rating is for, with an answer after each. Nothing of it is stored as a label.",
    first: "Practise first",
    notNow: "Not now",
  },
  talk: {
    soFar: "The solution so far",
    noneYet: "Nothing yet: the first step is below.",
    turn: (n: number): string => `Step ${n}: rate every alternative`,
    reopenedTurn: (n: number): string => `Step ${n}, laid open again`,
    why: { great: "Great", okay: "Okay: none was Great", written: "written by you" },
    change: "Change",
    making: "Getting the next step…",
    failed: "No suggestions came for this step. Write it yourself.",
    writeTitle: "All of them are Bad: write the next step",
    writeFirst: "Write the next step",
    guidance: "One idea, one step, not the whole way. Say why it follows, so that it can be checked in half a minute.",
    field: "The next step, with maths between $ signs",
    preview: "As it will be read",
    answerField: "Final answer, if this step states it",
    chain: (n: number): string => `The last ${n} steps made no progress. A step that only stalls again may be Bad; then write one that moves on, or give up.`,
    goOn: "Go on",
    goesOn: "Goes on with",
    ends: "This step states the final answer.",
    corrections: "Ratings may be corrected; the way that the solution took stays.",
    drops: (n: number): string => `This leads another way: ${plural(n, "later step is", "later steps are")} dropped. Press again to go on, or undo.`,
    newTurn: (n: number, cards: number): string => `Step ${n}, ${plural(cards, "alternative", "alternatives")}.`,
    reopened: (n: number): string => `Step ${n} is open again.`,
    goesOnWith: (text: string): string => `Enter goes on with: ${text}`,
    wayStays: "That would lead another way; here only ratings that keep it can be corrected.",
    notYet: (here: { readonly can: string; readonly left?: number }): string =>
      here.can === "nothing" ? `rate all alternatives: ${here.left ?? 0} left` : here.can === "write" ? "write the next step" : "the next step is being made",
    newItem: "Next problem: its solution is built step by step.",
    trouble: { offline: "No connection: this goes on by itself when it is back.", busy: "The server is busy: this goes on by itself.", signed_out: "Signed out: sign in to go on." },
  },
  openAgain: "Open it again",
  sendAgain: "Send it again",
  letGo: "Let it go",
  of: (problem: string): string => `“${problem}”`,

  said: {
    rated: (step: string, rating: string): string => `${step}: ${rating}.`,
    next: (step: string): string => `Now ${step}.`,
    submitted: "Submitted.",
    skipped: "Given back.",
    notSkipped: "No connection: it stays here, after the others.",
    ready: "Ready to submit.",
    undone: "Undone.",
    flagged: (step: string): string => `${step}: unsure.`,
    unflagged: (step: string): string => `${step}: no longer unsure.`,
    newItem: (steps: number): string => `Next solution, ${plural(steps, "step", "steps")}.`,
  },
};

/** Hours and minutes as `0:41`. */
export function clock(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** Minutes and seconds as `1:05`. */
export function minutes(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export type Messages = typeof en;

/** The words of `language` as the page states it (`de`, `de-AT`); English where there is no other. */
export async function messagesIn(language: string): Promise<Messages> {
  return language.startsWith("de") ? (await import("./messages.de")).de : en;
}

/** The locale for `Intl`: how the browser's owner writes the language shown, where they read it at all. */
export function localeOf({ language }: Messages, preferred: readonly string[] = navigator.languages): string {
  return preferred.find((one) => one.split("-")[0] === language) ?? language;
}
