"""Counting and probability."""

from activelearning.domains.handwritten.worked import Problem, worked

_SUBJECT = "Counting & Probability"

_BANANA = Problem(
    text=r"In how many ways can the letters of BANANA be arranged so that the two N's do not stand side by side?",
    answer="40",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "40",
            r"""
+ Without any condition there are $\frac{6!}{3!\,2!} = 60$ arrangements, since A appears three times and N twice.

+ Now we count those in which the N's are side by side, by gluing them into one block.

+ Then five things are arranged: the block, B and three A's. That gives $\frac{5!}{3!} = 20$ arrangements.

+ So $60 - 20 = 40$ arrangements keep the N's apart.
""",
        ),
        worked(
            "40",
            r"""
+ We first arrange the other letters, A, A, A and B. There are $4$ ways, one for each place of the B.

+ These four letters leave five gaps for the N's: before them, between them and after them.

+ The N's are kept apart when they go into different gaps, and since they are alike this is a choice of $\binom{5}{2} = 10$.

+ Together there are $4 \cdot 10 = 40$ arrangements.
""",
        ),
        worked(
            "20",
            r"""
+ There are $\frac{6!}{3! \cdot 2!} = \frac{720}{12} = 60$ arrangements in all.

+ We subtract those in which the two N's stand side by side and form a block.

- The block and the other four letters can be arranged in $\frac{5!}{3!} = 20$ ways, and the N's in the block in $2$
ways, so there are $40$.

|+ The block and the other four letters can be arranged in $\frac{5!}{3!} = 20$ ways, and within the block the two N's
are alike, so there are $20$.

|- The block and the other four letters can be arranged in $5! = 120$ ways, so there are $120$.

. So $60 - 40 = 20$ arrangements remain.
""",
        ),
    ),
)

_DICE = Problem(
    text=r"Two fair dice are rolled. What is the probability that the sum is at least $9$?",
    answer=r"\frac{5}{18}",
    subject=_SUBJECT,
    level="1",
    attempts=(
        worked(
            r"\frac{5}{18}",
            r"""
+ There are $6 \cdot 6 = 36$ equally likely outcomes if we tell the dice apart.

+ The sum is $9$ in $4$ of them, $10$ in $3$, $11$ in $2$ and $12$ in $1$.

+ Together these are $4 + 3 + 2 + 1 = 10$ outcomes.

+ So the probability is $\frac{10}{36} = \frac{5}{18}$.
""",
        ),
        worked(
            r"\frac{2}{7}",
            r"""
+ The sums in question are $9$, $10$, $11$ and $12$.

+ As pairs of numbers shown they come about as $\{3,6\}$, $\{4,5\}$, $\{4,6\}$, $\{5,5\}$, $\{5,6\}$ and $\{6,6\}$.

- In all there are $\binom{6}{2} + 6 = 21$ such pairs, and each of them is equally likely.

|+ In all there are $\binom{6}{2} + 6 = 21$ such pairs, but one with two different numbers is twice as likely as one with equal numbers.

|- In all there are $6^2 = 36$ such pairs, and each of them is equally likely.

. Six of the $21$ pairs are good, so the probability is $\frac{6}{21} = \frac{2}{7}$.
""",
        ),
    ),
)

_BOXES = Problem(
    text=(
        "Box $A$ holds three red balls and one white ball, box $B$ holds two red and two white balls. One of the boxes is chosen by a fair "
        "coin, and two balls are drawn from it without putting the first one back. The first ball is red. What is the probability that "
        "the second one is red as well?"
    ),
    answer=r"\frac{8}{15}",
    subject=_SUBJECT,
    level="4",
    attempts=(
        worked(
            r"\frac{8}{15}",
            r"""
+ Let $R_1$ and $R_2$ say that the first and the second ball are red. We want $P(R_2 \mid R_1) = \frac{P(R_1 \cap R_2)}{P(R_1)}$.

+ The first ball is red with probability $P(R_1) = \frac{1}{2} \cdot \frac{3}{4} + \frac{1}{2} \cdot \frac{2}{4} = \frac{5}{8}$.

+ Both are red with probability $\frac{3}{4} \cdot \frac{2}{3} = \frac{1}{2}$ from box $A$ and
$\frac{2}{4} \cdot \frac{1}{3} = \frac{1}{6}$ from box $B$.

+ So $P(R_1 \cap R_2) = \frac{1}{2}\left(\frac{1}{2} + \frac{1}{6}\right) = \frac{1}{3}$.

+ The answer is $\frac{1}{3} : \frac{5}{8} = \frac{8}{15}$.
""",
        ),
        worked(
            r"\frac{1}{2}",
            r"""
+ If the box is $A$, two of the three balls left after the first red one are red, so the second is red with probability $\frac{2}{3}$.

+ If the box is $B$, one of the three balls left is red, so the second is red with probability $\frac{1}{3}$.

- The box was chosen by a fair coin, so given what we saw each box still has probability $\frac{1}{2}$.

|+ A red first ball makes box $A$ more likely: given it, the boxes have the probabilities $\frac{3}{5}$ and $\frac{2}{5}$.

|- A red first ball makes box $A$ more likely: given it, the boxes have the probabilities $\frac{3}{4}$ and $\frac{1}{2}$.

. Hence the probability is $\frac{1}{2} \cdot \frac{2}{3} + \frac{1}{2} \cdot \frac{1}{3} = \frac{1}{2}$.
""",
        ),
    ),
)

_COMMITTEE = Problem(
    text=(
        "A committee of five is chosen from six women and four men. "
        "In how many ways can this be done if at least two men are to be in it?"
    ),
    answer="186",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "186",
            r"""
+ Without the condition there are $\binom{10}{5} = 252$ committees.

+ We subtract those with no man, $\binom{6}{5} = 6$ of them.

+ We also subtract those with exactly one man, $\binom{4}{1}\binom{6}{4} = 4 \cdot 15 = 60$ of them.

+ So $252 - 6 - 60 = 186$ committees have at least two men.
""",
        ),
        worked(
            "336",
            r"""
+ At least two of the five places go to men.

+ We choose two of the four men for these places, in $\binom{4}{2} = 6$ ways.

- The other three members can be any of the eight people left, so each committee arises from one of $6 \cdot \binom{8}{3}$ choices.

|+ If there are exactly two men, the other three members are women, which can be chosen in $\binom{6}{3} = 20$ ways.

|- The other three members are women, so there are $6 \cdot \binom{6}{3} = 120$ committees in all.

. Now $\binom{8}{3} = 56$.

. Hence there are $6 \cdot 56 = 336$ committees.
""",
        ),
    ),
)

_GREATER_DIE = Problem(
    text=(
        "Two fair dice are rolled. Let $M$ be the greater of the two numbers shown (or their common value). "
        "Find the expected value of $M$."
    ),
    answer=r"\frac{161}{36}",
    subject=_SUBJECT,
    level="5",
    attempts=(
        worked(
            r"\frac{161}{36}",
            r"""
+ Since $M$ takes the values $1$ to $6$, its expected value is $\sum_{k=1}^{6} P(M \ge k)$.

+ Both dice show less than $k$ with probability $\left(\frac{k-1}{6}\right)^2$, so $P(M \ge k) = 1 - \frac{(k-1)^2}{36}$.

+ Summing, $E(M) = 6 - \frac{0 + 1 + 4 + 9 + 16 + 25}{36}$.

+ This is $6 - \frac{55}{36} = \frac{161}{36}$.
""",
        ),
        worked(
            r"\frac{125}{36}",
            r"""
+ We use $E(M) = \sum_{k=1}^{6} P(M \ge k)$, which holds for variables with values $1, \dots, 6$.

+ For each $k$ we have $P(M \ge k) = 1 - P(M \le k-1)$.

- Both dice must show at most $k$ for this, so $P(M \ge k) = 1 - \frac{k^2}{36}$.

|+ Here $M \le k-1$ means that both dice show at most $k - 1$, so $P(M \ge k) = 1 - \frac{(k-1)^2}{36}$.

|- Here $M \le k-1$ means that one of the dice shows at most $k - 1$, so $P(M \ge k) = 1 - \frac{k-1}{6}$.

. The squares add up to $1 + 4 + 9 + 16 + 25 + 36 = 91$.

. So $E(M) = 6 - \frac{91}{36} = \frac{125}{36}$.
""",
        ),
    ),
)

PROBLEMS = (_BANANA, _DICE, _BOXES, _COMMITTEE, _GREATER_DIE)
