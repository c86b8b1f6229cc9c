// The guide in English; the examples are our own.

import type { Guide } from "./guide";

const PAIRS = "What is the sum of the whole numbers from $1$ to $40$?";

export const en: Guide = {
  ratings: [
    {
      rating: 1,
      meaning:
        "Right, to the point, free of oddities, checked in about 30 seconds without paper, and it moves the solution on: what a good student might try next, even if another path turns out to be better.",
      examples: [
        { problem: PAIRS, step: "Pair the first number with the last, the second with the last but one, and so on: each pair makes $41$.", why: "Right, seen at a glance, and the solution rests on it." },
        { problem: "Solve $x^2 - 6x + 5 = 0$.", step: "The quadratic formula gives $x = 3 \\pm \\sqrt{9 - 5}$.", why: "Factoring would be shorter. This gets there as well, and Great need not be the best." },
      ],
    },
    {
      rating: 0,
      meaning: "All of that, but the solution stands where it stood: it says the problem again, encourages, announces, or goes round in a pattern.",
      examples: [
        { problem: PAIRS, step: "We have to add up forty numbers, the smallest of which is $1$.", why: "True, and the problem said so." },
        { problem: PAIRS, step: "The pairs are a good idea. Let us go on with them.", why: "Nothing wrong with it, and nothing new in it." },
      ],
    },
    {
      rating: -1,
      meaning:
        "Anything wrong or unreasonable: a false sentence, a conclusion that does not follow, off the subject, gibberish, a dead end that is plain at once. Also what is right but cannot be checked, because the work is left out or a picture or link is needed that is not there.",
      examples: [
        { problem: PAIRS, step: "That makes $40$ pairs, so the sum is $40 \\cdot 41 = 1640$.", why: "Forty numbers make twenty pairs." },
        { problem: PAIRS, step: "It is easy to see that the sum is $820$.", why: "820 is right, but nothing here lets anybody check it." },
        { problem: "Which numbers $x$ satisfy $x^2 = 9$?", step: "The root of $9$ is $3$, so $x = 3$.", why: "A case is missing: −3. A final answer is Great only where it follows from complete reasoning." },
      ],
    },
  ],
  unsure: "None of the three fits. Use it sparingly; it may stand beside a rating or in its place.",
  fineNotes: "Judge the substance, not spelling or style. The reference answer may be wrong; trust the steps.",
  course: {
    "whole-solution": [
      "Rate the steps from the top, up to the first Bad one or to the end. After the first Bad step nothing more is asked.",
      "Then you may say what is wrong, and rate the alternatives to that step, all or none.",
      "Up to the moment you submit, every rating can be changed; afterwards the last ten items can be opened again.",
      "Give up after two or three minutes of being stuck. Report a problem as bad where it needs something that is not shown, is unclear because of something false, asks nothing definite, or has four or more parts.",
    ],
    "step-by-step": [
      "Rate every one of the steps on offer. The solution goes on from one of the Great ones; where there is none, from one that is Okay.",
      "Where all of them are Bad, write the next step yourself: one idea, one short step that would be Great, not the whole way.",
      "It ends when a step states the final answer. Earlier turns can be opened and corrected until then.",
      "Give up after two or three minutes of being stuck. Report a problem as bad where it needs something that is not shown, is unclear because of something false, asks nothing definite, or has four or more parts.",
    ],
  },
  words: {
    course: "How an item goes",
    examples: "Examples",
    project: "In this project",
    practise: "Practise with examples",
    toDesk: "Go to the desk",
  },
};
