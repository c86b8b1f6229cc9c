// Practice in English. The items are our own, and each shows one thing.

import type { PracticeContent } from "./content";

export const en: PracticeContent = {
  words: {
    headline: {
      found: (step) => `You found the error: step ${step}.`,
      foundOneOf: (step, others) => `Step ${step} is a reasonable place for the error; so is ${others}.`,
      noneToFind: "Right: there is no error to find.",
      missed: (expected) => `There is an error: ${expected}.`,
      elsewhere: (yours, expected) => `The error is at ${expected}, not at step ${yours}.`,
      noneThere: (yours) => `There is no error here, not at step ${yours} either.`,
      badProblem: "Right: the problem itself is bad.",
      notBadProblem: "The problem is fine; its solution can be graded.",
      overlookedBadProblem: "The problem itself is bad: report it instead of grading the steps.",
      gaveUp: "You gave up on this one. Here is what was expected.",
      goodWay: "Right: every step that the solution went on with is a reasonable one.",
      badWay: (turn) => `The solution went on with a Bad step: step ${turn}.`,
    },
    step: (n) => `step ${n}`,
    or: "or",
    stepByStep: "Step by step",
    turn: (n) => `Step ${n}`,
    written: "You wrote",
    ours: "We might write",
    ownHint: "Is yours one idea, right, checkable at a glance, and a step on? Then it is as good as this one.",
    alternatives: "Alternatives",
    yours: "You said",
    expected: "Expected",
    verdict: { same: "as expected", other: "differs", open: "open", unasked: "after the first Bad step nothing is asked" },
    matched: (same, asked) => `${same} of ${asked} ratings as expected`,
    lesson: "What this one shows",
    next: "Next one",
    finishUp: "Finish",
    doneTitle: "That was the practice",
    doneHint: (found, total) =>
      found === total
        ? `You judged all ${total} as expected. The desk holds real work; the keys are the same.`
        : `You judged ${found} of ${total} as expected. Below stands what each of them shows; on the desk the instructions are always one key away.`,
    toDesk: "Go to the desk",
    again: "Practise once more",
  },
  solutions: [
    {
      id: "great-or-okay",
      lesson: "Great moves the solution on. A true sentence that moves nothing is Okay, however friendly it sounds.",
      problem: "A baker puts $4$ rolls into each bag. She fills $6$ bags, and $3$ rolls are left over. How many rolls did she bake?",
      reference: "27",
      steps: [
        {
          text: "We are asked how many rolls the baker baked.",
          ratings: [0],
          why: "It says the question again: right, and no step further.",
        },
        { text: "The full bags hold $6 \\cdot 4 = 24$ rolls.", ratings: [1], why: "Right, checked at a glance, and half of the way." },
        {
          text: "Multiplication is a handy tool for equal groups like these bags.",
          ratings: [0],
          why: "True and on the subject, but the solution stands where it stood before.",
        },
        {
          text: "With the $3$ rolls left over she baked $24 + 3 = 27$ rolls.\n\n# Answer\n\n27",
          ratings: [1],
          why: "The answer follows from complete reasoning.",
        },
      ],
      answer: "27",
    },
    {
      id: "slip",
      lesson: "The first wrong step ends it. What is built on the slip is not asked about, even where it is worked out neatly.",
      problem: "A train leaves at $9{:}40$ and arrives at $12{:}15$. How many minutes does the journey take?",
      reference: "155",
      steps: [
        { text: "From $9{:}40$ to $12{:}40$ it is $3$ hours, that is $3 \\cdot 60 = 180$ minutes.", ratings: [1], why: "Right, and a good start: a round number of hours first." },
        { text: "The train arrives before $12{:}40$, namely $35$ minutes earlier.", ratings: [-1], why: "From 12:15 to 12:40 it is 25 minutes, not 35." },
        { text: "So the journey takes $180 - 35 = 145$ minutes.\n\n# Answer\n\n145", ratings: [], why: "" },
      ],
      answer: "145",
    },
    {
      id: "does-not-follow",
      lesson: "Ask of every \"so\": does it follow? A sentence that sounds like the one before it may still be false.",
      problem: "The square of the whole number $n$ is divisible by $12$. What is the largest whole number that is certain to divide $n$?",
      reference: "6",
      steps: [
        { text: "Since $12 = 2^2 \\cdot 3$, both $2$ and $3$ divide $n^2$.", ratings: [1], why: "Right, and the primes are what decides here." },
        {
          text: "A prime that divides a square divides the number itself, and the same goes for products of primes.",
          ratings: [-1, 1],
          why: "True of products of different primes, false of 4 = 2 · 2: some stop here already, others let it pass.",
        },
        {
          text: "Now $12 = 2 \\cdot 2 \\cdot 3$ is such a product and divides $n^2$, so it divides $n$.",
          ratings: [-1],
          why: "It does not follow: for n = 6 the square is 36, and 12 divides 36 but not 6.",
        },
        { text: "So the largest number that is certain to divide $n$ is $12$.\n\n# Answer\n\n12", ratings: [], why: "" },
      ],
      answer: "12",
    },
    {
      id: "right-by-a-wrong-way",
      lesson: "The answer beside the problem is right, and so is the number at the end. The way is not, and the way is what you grade.",
      problem: "A rectangle is $3$ cm wide and $6$ cm long. How long is its border, in centimetres?",
      reference: "18",
      steps: [
        { text: "The border goes once around the rectangle: the question is for its perimeter.", ratings: [0, 1], why: "Naming what is asked for: a restatement to some, a first move to others." },
        { text: "The perimeter is the product of the two sides, $3 \\cdot 6 = 18$.", ratings: [-1], why: "The product of the sides is the area. That 3 + 6 + 3 + 6 is 18 as well is an accident." },
        { text: "The border is $18$ cm long.\n\n# Answer\n\n18", ratings: [], why: "" },
      ],
      answer: "18",
    },
    {
      id: "leap",
      lesson: "Right is not enough. What cannot be checked in about 30 seconds without paper is Bad. Alternatives to it are rated like steps.",
      problem: "How many whole numbers from $1$ to $1000$ have digits that add up to $5$?",
      reference: "21",
      steps: [
        {
          text: "Write each number below $1000$ with three digits $a$, $b$, $c$, with zeros in front where it has fewer; $1000$ itself does not count, as its digits add up to $1$.",
          ratings: [1],
          why: "Right, and all numbers now look alike.",
        },
        { text: "So we count the ways to write $a + b + c = 5$ with digits $a$, $b$, $c$.", ratings: [1, 0], why: "The problem in a form that can be counted; to some no more than a restatement." },
        { text: "There are $21$ of them.\n\n# Answer\n\n21", ratings: [-1], why: "21 is right, but the whole counting is left out: nobody checks that in their head in 30 seconds." },
      ],
      answer: "21",
      alternatives: [
        {
          text: "For $a = 0$ there are $6$ pairs $(b, c)$, for $a = 1$ there are $5$, and so on down to $1$ for $a = 5$: together $6 + 5 + 4 + 3 + 2 + 1 = 21$.\n\n# Answer\n\n21",
          ratings: [1],
          why: "Each case can be checked, and the sum is right.",
        },
        { text: "Choose the places of the five units among the three digits: that is $\\binom{5}{3} = 10$.\n\n# Answer\n\n10", ratings: [-1], why: "It counts something else, and the answer is wrong." },
      ],
    },
    {
      id: "bad-problem",
      lesson: "A problem that leans on something not shown is reported with Bad problem, whatever the steps say.",
      problem: "The figure shows a square and, shaded in it, a triangle. The square is $6$ cm wide. How large is the shaded part, in square centimetres?",
      reference: "18",
      badProblem: "The figure is not there, and without it nobody can know which triangle is shaded.",
      steps: [
        { text: "The area of the square is $6^2 = 36$ square centimetres.", ratings: [], why: "" },
        { text: "The triangle takes up half of the square, so it has $36 : 2 = 18$ square centimetres.\n\n# Answer\n\n18", ratings: [], why: "" },
      ],
      answer: "18",
    },
    {
      id: "wrong-reference",
      lesson: "The reference answer may be wrong. Where every step holds, trust the steps.",
      problem: "Five friends meet, and each shakes hands once with every other. How many handshakes are there?",
      reference: "20",
      steps: [
        { text: "Each of the $5$ friends shakes hands with the $4$ others, which makes $5 \\cdot 4 = 20$.", ratings: [1], why: "Right so far: it counts what each of the friends does, and does not call that the answer yet." },
        { text: "In this every handshake is counted twice, once for each of the two who shake hands.", ratings: [1], why: "Just the thing that has to be noticed." },
        { text: "So there are $20 : 2 = 10$ handshakes.\n\n# Answer\n\n10", ratings: [1], why: "It follows. The reference answer of 20 forgot to halve." },
      ],
      answer: "10",
    },
    {
      id: "stalling",
      lesson: "Okay stays Okay, however many of them follow one another. A long chain is dull, not wrong.",
      problem: "Find the number $x$ with $3x + 7 = 22$.",
      reference: "5",
      steps: [
        { text: "We are looking for a number $x$ for which $3x + 7$ is $22$.", ratings: [0], why: "The problem once more." },
        { text: "Equations like this one can be solved in several ways.", ratings: [0], why: "True, and nothing comes of it." },
        { text: "With the sides swapped it reads $22 = 3x + 7$.", ratings: [0], why: "Right, and not a bit easier than before." },
        { text: "Swapped back it is $3x + 7 = 22$ again.", ratings: [0], why: "Back where it started: stalling, but nothing is wrong." },
        { text: "Taking $7$ from both sides leaves $3x = 15$.", ratings: [1], why: "Now it moves." },
        { text: "A third of that is $x = 5$.\n\n# Answer\n\n5", ratings: [1], why: "The answer follows, and it can be checked: 3 · 5 + 7 = 22." },
      ],
      answer: "5",
    },
  ],
  talks: [
    {
      id: "rate-all",
      lesson: "Every step on offer is rated, not only the one you would take. The solution goes on from a Great one, drawn at random.",
      problem: "The border of a rectangle is $26$ cm long, and one of its sides $5$ cm. How large is its area, in square centimetres?",
      reference: "40",
      turns: [
        {
          offered: [
            { text: "Two neighbouring sides together are half of the border, $26 : 2 = 13$ cm.", ratings: [1], why: "Right, and it leads to the other side." },
            { text: "A rectangle has four sides, and opposite ones are equally long.", ratings: [0, 1], why: "True. To some only what everybody knows, to others a useful start." },
            { text: "The area is $26 \\cdot 5 = 130$ square centimetres.\n\n# Answer\n\n130", ratings: [-1], why: "Border times side is no area, even though an answer stands below it." },
          ],
        },
        {
          offered: [
            { text: "Now we should find out how long the other side is.", ratings: [0], why: "An announcement: right, and nothing is found out yet." },
            { text: "Half of the border is $13$ cm, so the other side is $13 - 5 = 8$ cm long.", ratings: [1], why: "Right, and nearly all of the way." },
            { text: "The other side is $26 - 5 = 21$ cm long.", ratings: [-1], why: "That takes one side from the whole border; three sides are left." },
          ],
        },
        {
          offered: [
            { text: "With $5 + 8 = 13$ the area is $13$ square centimetres.\n\n# Answer\n\n13", ratings: [-1], why: "The sides are multiplied for an area, not added." },
            { text: "Sides of $5$ cm and $8$ cm make an area of $5 \\cdot 8 = 40$ square centimetres.\n\n# Answer\n\n40", ratings: [1], why: "The answer follows from what stands above." },
          ],
        },
      ],
    },
    {
      id: "okay-goes-on",
      lesson: "Where none is Great, an Okay step is enough to go on. It need not be called Great for that.",
      problem: "What is the last digit of $7^{10}$?",
      reference: "9",
      turns: [
        {
          offered: [
            { text: "The last digit of a power of $7$ is always $7$.", ratings: [-1], why: "Already 7 · 7 = 49 ends in 9." },
            { text: "We want to know in which digit $7^{10}$ ends.", ratings: [0], why: "The question once more: right, and no step further." },
          ],
        },
        {
          offered: [
            { text: "The powers $7$, $7^2$, $7^3$, $7^4$ end in $7$, $9$, $3$, $1$, and from there on the digits repeat.", ratings: [1], why: "Each digit follows from the one before, and the pattern decides the question." },
            { text: "Since $7 \\cdot 10 = 70$, the power $7^{10}$ ends in $0$.\n\n# Answer\n\n0", ratings: [-1], why: "A power is no product with the exponent." },
          ],
        },
        {
          offered: [
            { text: "Divided by $4$, the exponent $10$ leaves $2$, so the last digit is $2$.\n\n# Answer\n\n2", ratings: [-1], why: "The remainder says which of the four digits it is, not the digit itself." },
            { text: "After eight powers the digits have repeated twice, so $7^{10}$ ends as $7^2$ does, in $9$.\n\n# Answer\n\n9", ratings: [1], why: "It follows from the pattern, and the answer is complete." },
          ],
        },
      ],
    },
    {
      id: "write-it",
      lesson: "Where all are Bad, write the next step: one idea that you would call Great yourself, not the whole way.",
      problem: "After a discount of $20\\,\\%$ a coat costs $40$ euros. What did it cost before?",
      reference: "50",
      turns: [
        {
          offered: [
            { text: "The discount is $20\\,\\%$ of $40$ euros, that is $8$ euros, so the coat cost $48$ euros.\n\n# Answer\n\n48", ratings: [-1], why: "The discount was taken from the old price, not from the new one." },
            { text: "With the discount put back it is $40 + 20 = 60$ euros.", ratings: [-1], why: "Per cent are not euros." },
            { text: "One sees at once that it cost $50$ euros.\n\n# Answer\n\n50", ratings: [-1], why: "50 is right, and nothing lets anybody check it." },
          ],
          own: "The new price is $80\\,\\%$ of the old one, so $40$ euros are $80\\,\\%$ of it.",
        },
        {
          offered: [
            { text: "The new price is $80\\,\\%$ of the old one, so $10\\,\\%$ of the old one are $40 : 8 = 5$ euros, and all of it is $50$ euros.\n\n# Answer\n\n50", ratings: [1], why: "Each part can be checked, and the answer follows." },
            { text: "And $80\\,\\%$ of $40$ euros are $32$ euros.\n\n# Answer\n\n32", ratings: [-1], why: "That goes the wrong way: before the discount it cost more." },
          ],
        },
      ],
    },
  ],
};
