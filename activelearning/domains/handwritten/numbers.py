"""Number theory and sequences."""

from activelearning.domains.handwritten.worked import Problem, worked

_SUBJECT = "Number Theory"
_SEQUENCES = "Sequences"

_POWER = Problem(
    text=r"Find the remainder when $3^{2026}$ is divided by $7$.",
    answer="4",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "4",
            r"""
+ By Fermat's little theorem $3^6 \equiv 1 \pmod 7$, because $7$ is prime and does not divide $3$.

+ So only the exponent modulo $6$ matters.

+ We have $2026 = 6 \cdot 337 + 4$.

+ Hence $3^{2026} \equiv 3^4 = 81 \pmod 7$.

+ Since $81 = 7 \cdot 11 + 4$, the remainder is $4$.
""",
        ),
        worked(
            "6",
            r"""
0 We look for a power of $3$ that leaves the remainder $1$.

- Since $7$ is prime, Fermat's little theorem says $3^7 \equiv 1 \pmod 7$.

|+ Since $7$ is prime and does not divide $3$, Fermat's little theorem says $3^6 \equiv 1 \pmod 7$.

|- Since $3^2 = 9 \equiv 2 \pmod 7$, we have $3^4 \equiv 1 \pmod 7$.

. Dividing the exponent, $2026 = 7 \cdot 289 + 3$.

. Therefore $3^{2026} \equiv 3^3 = 27 \pmod 7$.

. As $27 = 3 \cdot 7 + 6$, the remainder is $6$.
""",
        ),
    ),
)

_SQUARE_DIVISORS = Problem(
    text=r"How many positive divisors of $7200$ are perfect squares?",
    answer="12",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "12",
            r"""
+ First we factor: $7200 = 72 \cdot 100 = 2^5 \cdot 3^2 \cdot 5^2$.

+ A divisor $2^a 3^b 5^c$ is a perfect square exactly when $a$, $b$ and $c$ are all even.

+ So $a \in \{0, 2, 4\}$, $b \in \{0, 2\}$ and $c \in \{0, 2\}$.

+ These choices are independent, so there are $3 \cdot 2 \cdot 2 = 12$ such divisors.
""",
        ),
        worked(
            "2",
            r"""
+ The prime factorization is $7200 = 2^5 \cdot 3^2 \cdot 5^2$.

+ For a perfect square each exponent has to be even.

- So the exponent of $2$ is $2$ or $4$, that of $3$ is $2$, and that of $5$ is $2$.

|+ So the exponent of $2$ is $0$, $2$ or $4$, that of $3$ is $0$ or $2$, and that of $5$ is $0$ or $2$.

|0 So we have to count the even exponents that are possible.

. Multiplying the number of choices gives $2 \cdot 1 \cdot 1 = 2$ square divisors.
""",
        ),
    ),
)

_CONGRUENCES = Problem(
    text=(
        "Find the smallest positive integer $x$ with "
        r"$$\begin{cases} x \equiv 1 \pmod 3, \\ x \equiv 2 \pmod 5, \\ x \equiv 3 \pmod 7. \end{cases}$$"
    ),
    answer="52",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "52",
            r"""
+ By the second congruence $x = 5k + 2$ for some integer $k \ge 0$.

+ The third one becomes $5k + 2 \equiv 3 \pmod 7$, or $5k \equiv 1 \pmod 7$.

+ Since $5 \cdot 3 = 15 \equiv 1 \pmod 7$, this means $k \equiv 3 \pmod 7$, so $x = 17 + 35t$.

+ Modulo $3$ we have $17 \equiv 2$ and $35 \equiv 2$, so the first congruence becomes $2 + 2t \equiv 1 \pmod 3$.

+ Then $2t \equiv -1 \equiv 2 \pmod 3$, so $t \equiv 1 \pmod 3$.

+ The smallest choice is $t = 1$, which gives $x = 17 + 35 = 52$.
""",
        ),
        worked(
            "87",
            r"""
+ We start with the two larger moduli. From $x \equiv 2 \pmod 5$ we have $x = 5k + 2$.

+ Then $5k + 2 \equiv 3 \pmod 7$ gives $5k \equiv 1$, and multiplying by $3$ gives $k \equiv 3 \pmod 7$.

+ So $x = 5(7t + 3) + 2 = 35t + 17$.

+ It remains to satisfy $35t + 17 \equiv 1 \pmod 3$, that is, $2t + 2 \equiv 1 \pmod 3$.

- This is $2t \equiv -1 \equiv 1 \pmod 3$, and multiplying by $2$ gives $t \equiv 2 \pmod 3$.

|+ This is $2t \equiv -1 \equiv 2 \pmod 3$, and multiplying by $2$ gives $t \equiv 1 \pmod 3$.

|- This is $2t \equiv 1 - 2 = -1 \equiv 0 \pmod 3$, so $t \equiv 0 \pmod 3$.

. With $t = 2$ we obtain $x = 35 \cdot 2 + 17 = 87$.
""",
        ),
    ),
)

_INTEGER_QUOTIENT = Problem(
    text=r"For how many positive integers $n$ is $\dfrac{n^2 + 7}{n + 3}$ an integer?",
    answer="3",
    subject=_SUBJECT,
    level="4",
    attempts=(
        worked(
            "3",
            r"""
+ We divide: $n^2 + 7 = (n+3)(n-3) + 16$.

+ So $\frac{n^2+7}{n+3} = n - 3 + \frac{16}{n+3}$, which is an integer exactly when $n + 3$ divides $16$.

+ Since $n \ge 1$, we have $n + 3 \ge 4$, so $n + 3$ is $4$, $8$ or $16$.

+ This gives $n = 1$, $n = 5$ and $n = 13$, so there are $3$ such integers.
""",
        ),
        worked(
            "5",
            r"""
+ Polynomial division gives $\frac{n^2+7}{n+3} = n - 3 + \frac{16}{n+3}$.

+ Hence the fraction is an integer exactly when $n + 3$ is a divisor of $16$.

+ The positive divisors of $16$ are $1, 2, 4, 8, 16$.

- Each of these five divisors gives one positive integer $n$.

|+ The divisors $1$ and $2$ would make $n$ negative, so only $4$, $8$ and $16$ give a positive integer $n$.

|- Of these only $8$ and $16$ give a positive integer $n$.

. So there are $5$ positive integers $n$.
""",
        ),
        worked(
            "3",
            r"""
+ We try small values. For $n = 1$ the fraction is $\frac{8}{4} = 2$, an integer.

+ For $n = 2, 3, 4$ it is $\frac{11}{5}$, $\frac{16}{6}$ and $\frac{23}{7}$, none of them an integer.

+ For $n = 5$ it is $\frac{32}{8} = 4$, and for $n = 13$ it is $\frac{176}{16} = 11$, both integers.

- The values become rarer and rarer, so there cannot be any others.

. So the integers are $1$, $5$ and $13$, and there are $3$ of them.
""",
        ),
    ),
)

_ZEROS = Problem(
    text=r"In how many zeros does the decimal number $125!$ end?",
    answer="31",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "31",
            r"""
+ Each zero at the end stands for a factor $10 = 2 \cdot 5$.

+ There are more factors $2$ than factors $5$ in $125!$, so we count the factors $5$.

+ By Legendre's formula their number is
$$\left\lfloor \frac{125}{5} \right\rfloor + \left\lfloor \frac{125}{25} \right\rfloor + \left\lfloor \frac{125}{125} \right\rfloor.$$

+ This is $25 + 5 + 1 = 31$, so $125!$ ends in $31$ zeros.
""",
        ),
        worked(
            "30",
            r"""
+ The number of zeros is the number of factors $5$ in $125!$, as factors $2$ are more frequent.

+ Every fifth number contributes a factor $5$, which makes $25$ of them from $1$ to $125$.

+ Every multiple of $25$ contributes a second one, which makes $5$ more.

- No number up to $125$ contributes a third factor $5$, so the count is complete.

|+ The number $125 = 5^3$ contributes a third factor $5$, which makes one more.

|- Every multiple of $50$ contributes a third one, which makes $2$ more.

. Therefore $125!$ ends in $25 + 5 = 30$ zeros.
""",
        ),
    ),
)

_TELESCOPE = Problem(
    text=r"Evaluate $\displaystyle\sum_{k=1}^{8} \frac{1}{k(k+2)}$ as a fraction in lowest terms.",
    answer=r"\frac{29}{45}",
    subject=_SEQUENCES,
    level="3",
    attempts=(
        worked(
            r"\frac{29}{45}",
            r"""
+ Partial fractions give $\frac{1}{k(k+2)} = \frac{1}{2}\left(\frac{1}{k} - \frac{1}{k+2}\right)$.

+ In the sum all terms cancel but the first two positive and the last two negative ones:
$$\sum_{k=1}^{8} \frac{1}{k(k+2)} = \frac{1}{2}\left(1 + \frac{1}{2} - \frac{1}{9} - \frac{1}{10}\right).$$

+ The bracket is $\frac{90 + 45 - 10 - 9}{90} = \frac{116}{90}$.

+ Half of it is $\frac{58}{90} = \frac{29}{45}$.
""",
        ),
        worked(
            r"\frac{9}{20}",
            r"""
+ We write each term as a difference: $\frac{1}{k(k+2)} = \frac{1}{2}\left(\frac{1}{k} - \frac{1}{k+2}\right)$.

0 Sums of differences like these telescope.

- Everything between the first and the last fraction cancels, and $\frac{1}{2}\left(1 - \frac{1}{10}\right)$ remains.

|+ The fractions $\frac{1}{3}, \dots, \frac{1}{8}$ cancel, and
$\frac{1}{2}\left(1 + \frac{1}{2} - \frac{1}{9} - \frac{1}{10}\right)$ remains.

|- The fractions $\frac{1}{2}, \dots, \frac{1}{8}$ cancel, and $\frac{1}{2}\left(1 - \frac{1}{9}\right)$ remains.

. So the sum is $\frac{1}{2} \cdot \frac{9}{10} = \frac{9}{20}$.
""",
        ),
    ),
)

_RECURRENCE = Problem(
    text=r"A sequence is given by $a_1 = 1$ and $a_{n+1} = 2a_n + 3$ for $n \ge 1$. Find $a_{10}$.",
    answer="2045",
    subject=_SEQUENCES,
    level="3",
    attempts=(
        worked(
            "2045",
            r"""
+ We look for a constant $c$ such that $a_{n+1} + c = 2(a_n + c)$; comparing with the rule gives $c = 3$.

+ So $b_n = a_n + 3$ satisfies $b_{n+1} = 2b_n$.

+ Its first term is $b_1 = 4$, hence $b_n = 4 \cdot 2^{n-1} = 2^{n+1}$.

+ Therefore $a_n = 2^{n+1} - 3$.

+ In particular $a_{10} = 2^{11} - 3 = 2045$.
""",
        ),
        worked(
            "4093",
            r"""
+ Adding $3$ to both sides of the rule, $a_{n+1} + 3 = 2a_n + 6 = 2(a_n + 3)$.

+ So the numbers $a_n + 3$ form a geometric sequence with ratio $2$, starting at $a_1 + 3 = 4$.

- Its terms are $a_n + 3 = 4 \cdot 2^n$.

|+ Its terms are $a_n + 3 = 4 \cdot 2^{n-1}$.

|- Its terms are $a_n + 3 = (4 \cdot 2)^{n-1}$.

. For $n = 10$ this is $a_{10} + 3 = 4 \cdot 1024 = 4096$.

. Hence $a_{10} = 4096 - 3 = 4093$.
""",
        ),
    ),
)

_GEOMETRIC = Problem(
    text=(
        "The sum of an infinite geometric series with real terms is $6$, and the sum of the squares of its terms is $12$. "
        "Find the first term."
    ),
    answer="3",
    subject=_SEQUENCES,
    level="4",
    attempts=(
        worked(
            "3",
            r"""
+ Let $a$ be the first term and $r$ the ratio, with $|r| < 1$. Then $\frac{a}{1-r} = 6$.

+ The squares form a geometric series with first term $a^2$ and ratio $r^2$, so $\frac{a^2}{1-r^2} = 12$.

+ As $1 - r^2 = (1-r)(1+r)$, dividing the second equation by the first gives $\frac{a}{1+r} = 2$.

+ So $a = 6 - 6r$ and $a = 2 + 2r$, which gives $8r = 4$ and $r = \frac{1}{2}$.

+ Hence $a = 6 - 6 \cdot \frac{1}{2} = 3$.
""",
        ),
        worked(
            "2",
            r"""
+ With first term $a$ and ratio $r$ the sum is $\frac{a}{1-r} = 6$.

- Squaring each term gives a geometric series with first term $a^2$ and the same ratio, so $\frac{a^2}{1-r} = 12$.

|+ Squaring each term gives a geometric series with first term $a^2$ and ratio $r^2$, so $\frac{a^2}{1-r^2} = 12$.

|- Squaring each term squares the sum as well, so the two sums would have to be $6$ and $36$.

. Dividing the second equation by the first, $a = \frac{12}{6} = 2$.

. The first equation then gives $1 - r = \frac{1}{3}$, so $r = \frac{2}{3}$, and since $|r| < 1$ the series converges.

. The first term is therefore $2$.
""",
        ),
    ),
)

PROBLEMS = (
    _POWER, _SQUARE_DIVISORS, _CONGRUENCES, _INTEGER_QUOTIENT, _ZEROS, _TELESCOPE, _RECURRENCE, _GEOMETRIC,
)  # fmt: skip
