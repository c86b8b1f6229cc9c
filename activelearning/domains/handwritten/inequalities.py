"""Inequalities."""

from activelearning.domains.handwritten.worked import Problem, worked

_SUBJECT = "Inequalities"

_LEAST_SUM = Problem(
    text=r"Find the least value of $x^2 + \dfrac{16}{x}$ over all real $x > 0$.",
    answer="12",
    subject=_SUBJECT,
    level="4",
    attempts=(
        worked(
            "12",
            r"""
+ We split the second term so that the product of all terms no longer depends on $x$:
$$x^2 + \frac{16}{x} = x^2 + \frac{8}{x} + \frac{8}{x}.$$

+ All three terms are positive, so by the inequality of arithmetic and geometric means the sum is at least
$3\sqrt[3]{x^2 \cdot \frac{8}{x} \cdot \frac{8}{x}} = 3\sqrt[3]{64} = 12$.

+ Equality needs $x^2 = \frac{8}{x}$, that is, $x^3 = 8$, so $x = 2$.

+ Indeed $2^2 + \frac{16}{2} = 4 + 8 = 12$, so the least value is $12$.
""",
        ),
        worked(
            r"8\sqrt[3]{4}",
            r"""
+ For $x > 0$ both terms are positive, so we may compare arithmetic and geometric means.

+ This gives $x^2 + \frac{16}{x} \ge 2\sqrt{x^2 \cdot \frac{16}{x}} = 8\sqrt{x}$.

- The least value is reached where equality holds, which is at $x^2 = \frac{16}{x}$, or $x = \sqrt[3]{16}$.

|+ Equality would need $x = \sqrt[3]{16}$, but the bound $8\sqrt{x}$ itself depends on $x$, so it does not give us the least value yet.

|- The least value is reached where the bound $8\sqrt{x}$ is least, so as $x$ goes to $0$.

. There both terms are equal to $\sqrt[3]{16}^{\,2} = \sqrt[3]{256} = 4\sqrt[3]{4}$.

. So the least value is $2 \cdot 4\sqrt[3]{4} = 8\sqrt[3]{4}$.
""",
        ),
        worked(
            "12",
            r"""
+ Let $f(x) = x^2 + \frac{16}{x}$ and look at a few values first.

+ We get $f(1) = 1 + 16 = 17$, $f(2) = 4 + 8 = 12$ and $f(4) = 16 + 4 = 20$.

0 So the function comes down from $17$ to $12$ and goes up again to $20$.

- Therefore the least value over all $x > 0$ is the smallest of these values, $f(2)$.

. Hence the least value is $12$.
""",
        ),
    ),
)

_ABSOLUTE = Problem(
    text=r"How many integers $x$ satisfy $|2x - 5| < x + 1$?",
    answer="4",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "4",
            r"""
+ We write the absolute value by cases:
$$|2x-5| = \begin{cases} 2x - 5 & \text{if } x \ge \frac{5}{2}, \\ 5 - 2x & \text{if } x < \frac{5}{2}. \end{cases}$$

+ In the first case $2x - 5 < x + 1$ means $x < 6$, so $\frac{5}{2} \le x < 6$.

+ In the second case $5 - 2x < x + 1$ means $3x > 4$, so $\frac{4}{3} < x < \frac{5}{2}$.

+ Together the solutions are $\frac{4}{3} < x < 6$.

+ The integers in this interval are $2, 3, 4, 5$, so there are $4$.
""",
        ),
        worked(
            "5",
            r"""
+ If $2x - 5 \ge 0$, the inequality reads $2x - 5 < x + 1$, which gives $x < 6$.

+ If $2x - 5 < 0$, it reads $-(2x-5) < x + 1$, that is, $-2x + 5 < x + 1$.

- Collecting terms, $-3x < -4$, and dividing by $-3$ gives $x < \frac{4}{3}$.

|+ Collecting terms, $-3x < -4$, and dividing by $-3$ turns the sign around: $x > \frac{4}{3}$.

|- Collecting terms, $-3x < 4$, and so $x > -\frac{4}{3}$.

. So the first case gives all $x$ with $\frac{5}{2} \le x < 6$, and the second all $x < \frac{4}{3}$.

. As $|2x-5| \ge 0$, the right side must be positive, so also $x > -1$.

. The integers are $0, 1$ from the second case and $3, 4, 5$ from the first, so there are $5$.
""",
        ),
    ),
)

_FRACTION = Problem(
    text=r"Solve the inequality $\dfrac{x-1}{x+2} \ge 2$. Give the answer as an interval.",
    answer="[-5,-2)",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "[-5,-2)",
            r"""
+ We must not multiply by $x + 2$ without knowing its sign, so we bring everything to one side:
$$\frac{x-1}{x+2} - 2 \ge 0.$$

+ With a common denominator the left side is $\frac{x - 1 - 2x - 4}{x+2} = \frac{-x-5}{x+2}$.

+ Multiplying by $-1$ turns the sign around: $\frac{x+5}{x+2} \le 0$.

+ A quotient is at most zero where numerator and denominator have different signs or the numerator is zero:
$x + 5 \ge 0$ and $x + 2 < 0$.

+ So $-5 \le x < -2$, which is the interval $[-5,-2)$.
""",
        ),
        worked(
            r"(-\infty,-5]",
            r"""
+ The fraction is defined for all $x \ne -2$.

- We multiply both sides by $x + 2$ to clear the denominator: $x - 1 \ge 2(x+2)$.

|+ For $x > -2$ the denominator is positive, and multiplying by it gives $x - 1 \ge 2(x+2)$.

|- We multiply both sides by $x + 2$ to clear the denominator: $x - 1 \ge 2x + 2$.

. Expanding the right side, $x - 1 \ge 2x + 4$.

. Subtracting $x$ and $4$ from both sides, $-5 \ge x$.

. This does not meet the excluded value $x = -2$, so the solution is the interval $(-\infty,-5]$.
""",
        ),
    ),
)

PROBLEMS = (_LEAST_SUM, _ABSOLUTE, _FRACTION)
