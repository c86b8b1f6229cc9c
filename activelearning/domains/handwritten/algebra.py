"""Algebra."""

from activelearning.domains.handwritten.worked import Problem, worked

_SUBJECT = "Algebra"

_ROOT_EQUATION = Problem(
    text=r"Find the sum of all real solutions of the equation $\sqrt{2x+3} = x$.",
    answer="3",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "3",
            r"""
+ The left side is never negative, so any solution must satisfy $x \ge 0$.

+ Squaring both sides gives $2x + 3 = x^2$, that is, $x^2 - 2x - 3 = 0$.

+ This factors as $(x-3)(x+1) = 0$, so the candidates are $x = 3$ and $x = -1$.

+ Since $x \ge 0$ is needed, $x = -1$ drops out: indeed $\sqrt{2 \cdot (-1) + 3} = 1 \ne -1$.

+ And $x = 3$ does work, because $\sqrt{2 \cdot 3 + 3} = \sqrt{9} = 3$. So $3$ is the only solution, and the sum is $3$.
""",
        ),
        worked(
            "2",
            r"""
+ To get rid of the root we square both sides: $2x + 3 = x^2$.

+ Bringing everything to one side, $x^2 - 2x - 3 = 0$.

- Squaring keeps the solutions the same, so the solutions of $\sqrt{2x+3} = x$ are exactly the roots of this quadratic.

|+ Squaring may have brought in roots that do not solve $\sqrt{2x+3} = x$, so we find the roots of the quadratic and test each of them.

|- A quadratic with leading coefficient $1$ has the product of its roots as their sum, so the sum is $-3$.

. By Vieta's formulas the sum of the roots of $x^2 - 2x - 3$ is $2$.
""",
        ),
    ),
)

_RECIPROCALS = Problem(
    text=r"Let $x$ be a nonzero real number with $x + \dfrac{1}{x} = 3$. Find the value of $x^3 + \dfrac{1}{x^3}$.",
    answer="18",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "18",
            r"""
+ Let us cube the given equation, since the cubes that we want appear at the ends of the expansion.

+ We have $\left(x + \frac{1}{x}\right)^3 = x^3 + 3x^2 \cdot \frac{1}{x} + 3x \cdot \frac{1}{x^2} + \frac{1}{x^3}$.

+ The two middle terms are $3x + \frac{3}{x} = 3\left(x + \frac{1}{x}\right) = 9$.

+ Hence $27 = x^3 + \frac{1}{x^3} + 9$.

+ So $x^3 + \frac{1}{x^3} = 27 - 9 = 18$.
""",
        ),
        worked(
            "18",
            r"""
+ First the squares: $x^2 + \frac{1}{x^2} = \left(x + \frac{1}{x}\right)^2 - 2 = 9 - 2 = 7$.

+ For a sum of cubes we use $a^3 + b^3 = (a+b)(a^2 - ab + b^2)$ with $a = x$ and $b = \frac{1}{x}$.

0 Here $a + b$ is the number $3$ that we were given.

+ Because $ab = 1$, the second factor is $7 - 1 = 6$.

+ Therefore $x^3 + \frac{1}{x^3} = 3 \cdot 6 = 18$.
""",
        ),
        worked(
            "24",
            r"""
+ We cube both sides of $x + \frac{1}{x} = 3$, which gives $27$ on the right.

- On the left, the mixed terms cancel down to a constant: $\left(x + \frac{1}{x}\right)^3 = x^3 + \frac{1}{x^3} + 3$,
since $x \cdot \frac{1}{x} = 1$.

|+ On the left, $\left(x + \frac{1}{x}\right)^3 = x^3 + \frac{1}{x^3} + 3\left(x + \frac{1}{x}\right)$, since $x \cdot \frac{1}{x} = 1$.

|- On the left, a cube of a sum is the sum of the cubes: $\left(x + \frac{1}{x}\right)^3 = x^3 + \frac{1}{x^3}$.

. Comparing the two sides, $x^3 + \frac{1}{x^3} + 3 = 27$.

. Therefore $x^3 + \frac{1}{x^3} = 24$.
""",
        ),
    ),
)

_COAT = Problem(
    text=(
        r"A coat costs $\$80$. The shop raises its price by $25\%$, and in the winter sale it takes $25\%$ off the new price. "
        "How many dollars does the coat cost in the sale?"
    ),
    answer="75",
    subject=_SUBJECT,
    level="1",
    attempts=(
        worked(
            "75",
            r"""
+ A rise of $25\%$ multiplies the price by $\frac{5}{4}$.

+ So before the sale the coat costs $\frac{5}{4} \cdot \$80 = \$100$.

+ In the sale the shop takes $25\%$ of this new price off, which is $\$25$.

+ The coat then costs $\$100 - \$25 = \$75$.
""",
        ),
        worked(
            "80",
            r"""
+ The price is raised by $25\%$ of $\$80$, which is $\$20$.

0 So the price goes up first and comes down again later.

- The discount takes off the same $25\%$, so the price falls by $\$20$ again.

|+ The discount is $25\%$ of the new price $\$100$, so the price falls by $\$25$.

|- The discount is $25\%$ of the new price $\$105$, so the price falls by $\$26.25$.

. The rise and the discount cancel each other, and the coat costs $\$80 + \$20 - \$20 = \$80$.
""",
        ),
    ),
)

_ONE_ROOT = Problem(
    text=r"For how many real numbers $k$ does the equation $kx^2 + 6x + k - 8 = 0$ have exactly one real solution $x$?",
    answer="3",
    subject=_SUBJECT,
    level="4",
    attempts=(
        worked(
            "3",
            r"""
+ For $k = 0$ the equation is linear, so we treat this case by itself.

+ It then reads $6x - 8 = 0$ and has the single solution $x = \frac{4}{3}$. So $k = 0$ counts.

+ For $k \ne 0$ the equation is quadratic and has exactly one real solution exactly when its discriminant is zero:
$$36 - 4k(k-8) = 0.$$

+ Dividing by $-4$ gives $k^2 - 8k - 9 = 0$, that is, $(k-9)(k+1) = 0$.

+ So $k = 9$ or $k = -1$, both different from $0$.

+ Altogether the values are $-1$, $0$ and $9$, which makes $3$.
""",
        ),
        worked(
            "2",
            r"""
- The equation is quadratic in $x$, so it has exactly one real solution exactly when its discriminant vanishes.

|+ If $k \ne 0$, the equation is quadratic, and it has exactly one real solution exactly when its discriminant vanishes.

|0 We want to know for which $k$ there is exactly one solution.

. The discriminant is $6^2 - 4k(k-8) = 36 - 4k^2 + 32k$.

. Setting it to zero and dividing by $-4$, we get $k^2 - 8k - 9 = 0$.

. The left side factors as $(k-9)(k+1)$, so $k = 9$ or $k = -1$.

. For $k = 9$ the equation is $9x^2 + 6x + 1 = (3x+1)^2 = 0$, and for $k = -1$ it is $-(x-3)^2 = 0$, so both work.

. Hence there are $2$ such values of $k$.
""",
        ),
    ),
)

_LOGARITHMS = Problem(
    text=r"Solve $\log_2 x + \log_2 (x-6) = 4$ for real $x$.",
    answer="8",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "8",
            r"""
+ Both logarithms need positive arguments, so $x > 6$.

+ A sum of logarithms is the logarithm of the product: $\log_2\bigl(x(x-6)\bigr) = 4$.

+ Hence $x(x-6) = 2^4 = 16$, or $x^2 - 6x - 16 = 0$.

+ We factor: $(x-8)(x+2) = 0$, which gives $x = 8$ or $x = -2$.

+ Only $x = 8$ is greater than $6$, so the solution is $x = 8$.
""",
        ),
        worked(
            "11",
            r"""
+ For the logarithms to exist we need $x > 6$.

- We put the two logarithms together: $\log_2 x + \log_2 (x-6) = \log_2 (2x - 6)$.

|+ We put the two logarithms together: $\log_2 x + \log_2 (x-6) = \log_2 \bigl(x(x-6)\bigr)$.

|- We put the two logarithms together: $\log_2 x + \log_2 (x-6) = \log_2 \dfrac{x}{x-6}$.

. So $\log_2 (2x-6) = 4$ means $2x - 6 = 2^4 = 16$.

. Then $2x = 22$ and $x = 11$.

. Since $11 > 6$, the value is allowed, and the solution is $x = 11$.
""",
        ),
    ),
)

_REMAINDER = Problem(
    text=r"Find the remainder when the polynomial $x^{100}$ is divided by $x^2 - 3x + 2$.",
    answer="(2^{100}-1)x + 2 - 2^{100}",
    subject=_SUBJECT,
    level="5",
    attempts=(
        worked(
            "(2^{100}-1)x + 2 - 2^{100}",
            r"""
+ The divisor has degree $2$, so the remainder has the form $ax + b$ and
$$x^{100} = (x^2 - 3x + 2)\,q(x) + ax + b.$$

+ Since $x^2 - 3x + 2 = (x-1)(x-2)$, the first term on the right vanishes at $x = 1$ and at $x = 2$.

+ Putting in these two values gives
$$\begin{aligned} a + b &= 1, \\ 2a + b &= 2^{100}. \end{aligned}$$

+ Subtracting the first equation from the second, $a = 2^{100} - 1$.

+ Then $b = 1 - a = 2 - 2^{100}$, and the remainder is $(2^{100}-1)x + 2 - 2^{100}$.
""",
        ),
        worked(
            "(2^{100}-1)x - 2^{100}",
            r"""
+ Let the remainder be $ax + b$. Its degree is less than that of the divisor $x^2 - 3x + 2 = (x-1)(x-2)$.

+ At $x = 1$ the divisor is zero, so $1^{100} = a + b$.

+ At $x = 2$ it is zero as well, so $2^{100} = 2a + b$.

+ The difference of the two equations is $a = 2^{100} - 1$.

- From $a + b = 1$ we get $b = 1 - (2^{100} - 1) = -2^{100}$.

|+ From $a + b = 1$ we get $b = 1 - (2^{100} - 1) = 2 - 2^{100}$.

|- From $a + b = 1$ we get $b = 1 + (2^{100} - 1) = 2^{100}$.

. So the remainder is $(2^{100}-1)x - 2^{100}$.
""",
        ),
    ),
)

PROBLEMS = (_ROOT_EQUATION, _RECIPROCALS, _COAT, _ONE_ROOT, _LOGARITHMS, _REMAINDER)
