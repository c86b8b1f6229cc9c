"""Calculus."""

from activelearning.domains.handwritten.worked import Problem, worked

_SUBJECT = "Calculus"

_LIMIT = Problem(
    text=r"Find $\displaystyle\lim_{x \to 0} \frac{1 - \cos 2x}{x^2}$.",
    answer="2",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "2",
            r"""
+ By the double-angle formula $\cos 2x = 1 - 2\sin^2 x$, so $1 - \cos 2x = 2 \sin^2 x$.

+ The quotient is therefore $2\left(\frac{\sin x}{x}\right)^2$.

+ It is known that $\lim_{x \to 0} \frac{\sin x}{x} = 1$.

+ So the limit is $2 \cdot 1^2 = 2$.
""",
        ),
        worked(
            r"\frac{1}{2}",
            r"""
+ For $x \to 0$ numerator and denominator both tend to $0$, so l'Hôpital's rule may be applied.

- Differentiating both of them, we get $\lim_{x \to 0} \frac{\sin 2x}{2x}$.

|+ Differentiating both of them, we get $\lim_{x \to 0} \frac{2 \sin 2x}{2x}$.

|- Differentiating both of them, we get $\lim_{x \to 0} \frac{-2 \sin 2x}{2x}$.

. This is again of the form $\frac{0}{0}$.

. The derivatives are now $\cos 2x$ and $2$.

. So the limit is $\frac{\cos 0}{2} = \frac{1}{2}$.
""",
        ),
    ),
)

_BY_PARTS = Problem(
    text=r"Evaluate $\displaystyle\int_0^1 x e^x \, dx$.",
    answer="1",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "1",
            r"""
+ We integrate by parts with $u = x$ and $v' = e^x$, so that $u' = 1$ and $v = e^x$.

+ This gives
$$\int_0^1 x e^x \, dx = \Bigl[x e^x\Bigr]_0^1 - \int_0^1 e^x \, dx.$$

+ The first term is $e - 0 = e$.

+ The remaining integral is $e - 1$.

+ So the value is $e - (e - 1) = 1$.
""",
        ),
        worked(
            "2e - 1",
            r"""
+ The integrand is a product, so we integrate by parts. Let $u = x$ and $dv = e^x \, dx$, hence $du = dx$ and $v = e^x$.

- Then $\int_0^1 x e^x \, dx = \Bigl[x e^x\Bigr]_0^1 + \int_0^1 e^x \, dx$.

|+ Then $\int_0^1 x e^x \, dx = \Bigl[x e^x\Bigr]_0^1 - \int_0^1 e^x \, dx$.

|- Then $\int_0^1 x e^x \, dx = \Bigl[\frac{x^2}{2} e^x\Bigr]_0^1$.

. The bracket is $1 \cdot e - 0 = e$.

. The integral on the right is $e - 1$.

. Altogether we have $e + (e - 1) = 2e - 1$.
""",
        ),
    ),
)

_LARGEST = Problem(
    text=r"Find the largest value of $f(x) = x^3 - 3x$ on the interval $[-2, 3]$.",
    answer="18",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "18",
            r"""
+ A continuous function on a closed interval takes its largest value at a critical point or at an end.

+ The derivative is $f'(x) = 3x^2 - 3 = 3(x-1)(x+1)$, so the critical points are $x = 1$ and $x = -1$.

+ There $f(1) = -2$ and $f(-1) = 2$.

+ At the ends $f(-2) = -8 + 6 = -2$ and $f(3) = 27 - 9 = 18$.

+ The largest of these four values is $18$.
""",
        ),
        worked(
            "2",
            r"""
+ We differentiate: $f'(x) = 3x^2 - 3$.

+ The derivative vanishes where $x^2 = 1$, that is, at $x = 1$ and $x = -1$. Both lie in the interval.

+ The second derivative $f''(x) = 6x$ is negative at $x = -1$, so $f$ has a local maximum there.

- As this is the only local maximum inside the interval, $f$ takes its largest value there.

|+ This is the only local maximum inside the interval, so we compare its value with the values at the two ends.

|- As $f''(1) = 6$ is positive, $f$ takes its largest value at $x = 1$.

. We compute $f(-1) = -1 + 3 = 2$, so the largest value is $2$.
""",
        ),
    ),
)

_AREA = Problem(
    text=r"Find the total area of the regions enclosed by the curve $y = x^3 - x$ and the $x$-axis.",
    answer=r"\frac{1}{2}",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            r"\frac{1}{2}",
            r"""
+ The curve meets the axis where $x(x-1)(x+1) = 0$, so at $-1$, $0$ and $1$.

+ It lies above the axis for $-1 < x < 0$ and below it for $0 < x < 1$.

+ The function is odd, so both regions have the same area, and the total is $2\int_0^1 (x - x^3) \, dx$.

+ The integral is $\left[\frac{x^2}{2} - \frac{x^4}{4}\right]_0^1 = \frac{1}{4}$.

+ So the total area is $\frac{1}{2}$.
""",
        ),
        worked(
            "0",
            r"""
+ First we find where the curve meets the axis: $x^3 - x = x(x^2 - 1) = 0$ gives $x = -1, 0, 1$.

- So the total area is given by the integral of the function from the first to the last of these points,
$\int_{-1}^{1} (x^3 - x) \, dx$.

|+ So the total area is $\int_{-1}^{0} (x^3 - x) \, dx - \int_{0}^{1} (x^3 - x) \, dx$, as the curve lies below the axis on $(0, 1)$.

|- So the total area is $\int_{0}^{1} (x^3 - x) \, dx$.

. An antiderivative is $\frac{x^4}{4} - \frac{x^2}{2}$.

. It has the value $-\frac{1}{4}$ at both ends, so the integral is $0$.

. This fits the symmetry of the curve: the parts cancel each other, and the area is $0$.
""",
        ),
    ),
)

_IMPLICIT = Problem(
    text=r"Find the slope of the tangent to the curve $x^2 + xy + y^2 = 7$ at the point $(1, 2)$.",
    answer=r"-\frac{4}{5}",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            r"-\frac{4}{5}",
            r"""
0 The point lies on the curve, since $1 + 2 + 4 = 7$.

+ We differentiate the equation with respect to $x$ and treat $y$ as a function of $x$:
$$2x + y + x\,\frac{dy}{dx} + 2y\,\frac{dy}{dx} = 0.$$

+ So $\frac{dy}{dx} = -\frac{2x + y}{x + 2y}$.

+ At $(1, 2)$ this is $-\frac{2 + 2}{1 + 4} = -\frac{4}{5}$.
""",
        ),
        worked(
            r"-\frac{2}{5}",
            r"""
+ Since $y$ depends on $x$, we differentiate both sides with respect to $x$ and write $y'$ for $\frac{dy}{dx}$.

+ The squares give $2x$ and $2yy'$, and the constant $7$ gives $0$.

- The mixed term $xy$ gives $xy'$.

|+ The mixed term $xy$ gives $y + xy'$.

|- The mixed term $xy$ gives $1 \cdot y'$.

. Altogether $2x + xy' + 2yy' = 0$, so $y' = -\frac{2x}{x + 2y}$.

. At the point $(1, 2)$ the slope is $-\frac{2}{5}$.
""",
        ),
    ),
)

PROBLEMS = (_LIMIT, _BY_PARTS, _LARGEST, _AREA, _IMPLICIT)
