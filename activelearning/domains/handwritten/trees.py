"""Problems of our own to be solved step by step, with ready-made next steps: some right, some wrong, some that only look different.

A tree is written as an outline: what is indented below a step may follow it, and `=> 5` at the end of a step states the final answer.
Where a branch ends without one, the labeller writes or a live supplier goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_INDENT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    text: str
    answer: str
    outline: str

    def line(self) -> dict[str, Any]:
        """The record of the `step-tree` format."""
        return {"problem": self.text, "answer": self.answer, "tree": grown(self.outline)}


def grown(outline: str) -> list[dict[str, Any]]:
    """The nodes of an outline, each `{text, next}`."""
    root: list[dict[str, Any]] = []
    path = [root]
    for depth, text in _steps(outline):
        node: dict[str, Any] = {"text": text, "next": []}
        path[depth].append(node)
        path[depth + 1 :] = [node["next"]]
    return root


def _steps(outline: str) -> Iterator[tuple[int, str]]:
    for line in outline.strip("\n").split("\n"):
        step = line.lstrip(" ")
        text, _, answer = step.partition(" => ")
        yield (len(line) - len(step)) // _INDENT, f"{text}\n\n# Answer\n\n{answer}" if answer else text


TREES = (
    Tree(
        text=r"The sum of two numbers is $20$ and their difference is $6$. What is the larger of the two?",
        answer="13",
        outline=r"""
Let us call the larger number $x$ and the smaller one $y$. Then $x + y = 20$ and $x - y = 6$.
    Adding the two equations gives $2x = 26$.
        So $x = 13$, and the larger number is $13$. => 13
        So $x = 52$, and the larger number is $52$. => 52
        Now we divide both sides by $2$.
            That gives $x = 13$. => 13
            That gives $x = 24$. => 24
    Adding the two equations gives $2x=26$
    Adding the two equations gives $2x = 14$.
    Subtracting the second equation from the first gives $2y = 14$.
        So $y = 7$, and then $x = 20 - 7 = 13$. => 13
        So $y = 7$, and that is the answer. => 7
    We have two equations in two unknowns.
        Adding them gives $2x = 26$.
            Therefore $x = 13$. => 13
        Multiplying them gives $x^2 - y^2 = 120$.
Let us call the larger number $x$. Then the smaller one is $20 - x$.
    Their difference is $x - (20 - x) = 6$.
        So $2x - 20 = 6$.
            Then $2x = 26$ and $x = 13$. => 13
            Then $2x = 14$ and $x = 7$. => 7
        So $20 = 6$, which is impossible.
    Their difference is $x - 20 - x = 6$.
The larger number must be $20 - 6 = 14$. => 14
Half of $20$ is $10$, and half of $6$ is $3$.
    The numbers lie $3$ to either side of $10$, so they are $13$ and $7$. The larger one is $13$. => 13
    So the numbers are $10$ and $3$.
""",
    ),
    Tree(
        text=r"A rectangle is $3$ cm longer than it is wide, and its area is $40$ square centimetres. How wide is it, in centimetres?",
        answer="5",
        outline=r"""
Let $w$ be the width in centimetres. Then the length is $w + 3$, and $w(w+3) = 40$.
    So $w^2 + 3w - 40 = 0$.
        This factors as $(w + 8)(w - 5) = 0$.
            A width is positive, so $w = 5$. => 5
            So $w = 8$. => 8
            So $w = -8$ or $w = 5$.
                Only the second one is a width, so the rectangle is $5$ cm wide. => 5
        This factors as $(w + 5)(w - 8) = 0$.
        By the quadratic formula, $w = \frac{-3 \pm \sqrt{9 + 160}}{2} = \frac{-3 \pm 13}{2}$.
            The positive root is $w = 5$. => 5
            The positive root is $w = 10$. => 10
    So $w^2 + 3w = 40$
        Let us complete the square: $\left(w + \frac{3}{2}\right)^2 = 40 + \frac{9}{4} = \frac{169}{4}$.
            So $w + \frac{3}{2} = \frac{13}{2}$, as a width is positive, and $w = 5$. => 5
    So $w^2 + 3 = 40$.
Let $w$ be the width in centimetres. Then the length is $3w$, and $3w^2 = 40$.
Let $l$ be the length in centimetres. Then the width is $l - 3$, and $l(l - 3) = 40$.
    So $l^2 - 3l - 40 = 0$, which factors as $(l - 8)(l + 5) = 0$.
        The length is $8$, so the width is $8 - 3 = 5$. => 5
        The length is $8$. => 8
""",
    ),
    Tree(
        text=r"How many positive divisors does $72$ have?",
        answer="12",
        outline=r"""
We factor it: $72 = 2^3 \cdot 3^2$.
    A divisor is $2^a \cdot 3^b$ with $0 \le a \le 3$ and $0 \le b \le 2$.
        So there are $4 \cdot 3 = 12$ of them. => 12
        So there are $3 \cdot 2 = 6$ of them. => 6
        There are $4$ choices for $a$ and $3$ choices for $b$.
            Together that makes $4 \cdot 3 = 12$ divisors. => 12
            Together that makes $4 + 3 = 7$ divisors. => 7
    The prime factors are $2, 2, 2, 3, 3$, so there are $5$ divisors. => 5
    Let us look at the exponents.
        They are $3$ and $2$.
            Let us look at them once more.
            One more than each is $4$ and $3$, and their product counts the divisors: $12$. => 12
We factor it: $72 = 2^2 \cdot 3^3$.
We list them in pairs: $1 \cdot 72$, $2 \cdot 36$, $3 \cdot 24$, $4 \cdot 18$, $6 \cdot 12$, $8 \cdot 9$.
    That is $6$ pairs of different numbers, so $12$ divisors. => 12
    That is $6$ divisors. => 6
""",
    ),
    Tree(
        text=r"Find all real numbers $x$ with $|2x - 3| = x$. What is their sum?",
        answer="4",
        outline=r"""
The right side must not be negative, so $x \ge 0$.
    For $x \ge \frac{3}{2}$ we have $2x - 3 = x$, so $x = 3$.
        For $0 \le x < \frac{3}{2}$ we have $3 - 2x = x$, so $x = 1$.
            Both fit, so the sum is $3 + 1 = 4$. => 4
            Only $x = 3$ is large enough, so the sum is $3$. => 3
        That is the only solution, so the sum is $3$. => 3
    We may square both sides: $4x^2 - 12x + 9 = x^2$.
        So $3x^2 - 12x + 9 = 0$, that is, $x^2 - 4x + 3 = 0$.
            By Vieta's formulas the roots have the sum $4$. Both of them, $1$ and $3$, are not negative, so both count. => 4
            By Vieta's formulas the roots have the sum $-4$. => -4
        So $3x^2 = 9$ and $x = \pm\sqrt{3}$.
An absolute value is never negative, so there is no solution.
We drop the bars: $2x - 3 = x$.
    So $x = 3$. => 3
""",
    ),
    Tree(
        text=r"A fair coin is thrown $4$ times. What is the probability of exactly two heads?",
        answer=r"\frac{3}{8}",
        outline=r"""
There are $2^4 = 16$ outcomes, all equally likely.
    Those with exactly two heads are chosen by the places of the heads: $\binom{4}{2} = 6$.
        So the probability is $\frac{6}{16} = \frac{3}{8}$. => \frac{3}{8}
        So the probability is $\frac{6}{16} = \frac{1}{3}$. => \frac{1}{3}
    Exactly two heads is one of the five numbers $0, 1, 2, 3, 4$ of heads, so the probability is $\frac{1}{5}$. => \frac{1}{5}
    There are $16$ outcomes in all.
        We count those with two heads: HHTT, HTHT, HTTH, THHT, THTH, TTHH.
            That is $6$ of $16$, so $\frac{3}{8}$. => \frac{3}{8}
There are $4^2 = 16$ outcomes, all equally likely.
Heads and tails are equally likely, so the probability is $\frac{1}{2}$. => \frac{1}{2}
There are $4 \cdot 2 = 8$ outcomes.
""",
    ),
)
