"""Linear algebra."""

from activelearning.domains.handwritten.worked import Problem, worked

_SUBJECT = "Linear Algebra"

_DETERMINANT = Problem(
    text=r"Compute the determinant $\begin{vmatrix} 2 & 1 & 3 \\ 0 & -1 & 4 \\ 1 & 2 & 5 \end{vmatrix}$.",
    answer="-19",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "-19",
            r"""
+ The first column holds a zero, so we expand along it:
$$2 \begin{vmatrix} -1 & 4 \\ 2 & 5 \end{vmatrix} - 0 + 1 \begin{vmatrix} 1 & 3 \\ -1 & 4 \end{vmatrix}.$$

+ The first of these is $(-1) \cdot 5 - 4 \cdot 2 = -13$.

+ The second one is $1 \cdot 4 - 3 \cdot (-1) = 7$.

+ So the determinant is $2 \cdot (-13) + 7 = -19$.
""",
        ),
        worked(
            "13",
            r"""
+ We expand along the first column, whose entries are $2$, $0$ and $1$, with the signs $+$, $-$ and $+$.

- The entry $2$ contributes $2 \begin{vmatrix} -1 & 4 \\ 2 & 5 \end{vmatrix} = 2(-5 + 8) = 6$.

|+ The entry $2$ contributes $2 \begin{vmatrix} -1 & 4 \\ 2 & 5 \end{vmatrix} = 2(-5 - 8) = -26$.

|- The entry $2$ contributes $2 \begin{vmatrix} -1 & 4 \\ 2 & 5 \end{vmatrix} = 2(5 - 8) = -6$.

. The entry $0$ contributes nothing.

. The entry $1$ contributes $\begin{vmatrix} 1 & 3 \\ -1 & 4 \end{vmatrix} = 4 + 3 = 7$.

. Together the determinant is $6 + 7 = 13$.
""",
        ),
    ),
)

_NO_SOLUTION = Problem(
    text=(
        "For which real number $a$ does the system "
        r"$$\begin{cases} x + ay = 1, \\ ax + 4y = 2 \end{cases}$$ have no solution?"
    ),
    answer="-2",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "-2",
            r"""
+ The system has exactly one solution when the determinant $\begin{vmatrix} 1 & a \\ a & 4 \end{vmatrix} = 4 - a^2$ is not zero.

+ So only $a = 2$ and $a = -2$ have to be looked at.

+ For $a = 2$ the second equation, $2x + 4y = 2$, is twice the first one, $x + 2y = 1$, and there are infinitely many solutions.

+ For $a = -2$ the equations are $x - 2y = 1$ and $-2x + 4y = 2$. The second one says $x - 2y = -1$, which contradicts the first.

+ So there is no solution exactly for $a = -2$.
""",
        ),
        worked(
            "2",
            r"""
+ A system of two linear equations has a unique solution exactly when its determinant $1 \cdot 4 - a \cdot a = 4 - a^2$ is not zero.

+ It is zero for $a = 2$ and $a = -2$, so one of these must be the number that we look for.

+ For $a = -2$ the first equation reads $x - 2y = 1$ and the second one $-2x + 4y = 2$.

- The second equation is the first one multiplied by $-2$, so for $a = -2$ there are infinitely many solutions.

|+ The first equation multiplied by $-2$ is $-2x + 4y = -2$, which contradicts the second one, so for $a = -2$ there is no solution.

|- The two lines have different slopes, so for $a = -2$ there is exactly one solution.

. So the number must be $a = 2$.
""",
        ),
    ),
)

_PROJECTION = Problem(
    text=(
        r"Find the orthogonal projection of $\vec{v} = \begin{pmatrix} 3 \\ 4 \\ 0 \end{pmatrix}$ onto the line spanned by "
        r"$\vec{u} = \begin{pmatrix} 1 \\ 2 \\ 2 \end{pmatrix}$."
    ),
    answer=r"\begin{pmatrix} 11/9 \\ 22/9 \\ 22/9 \end{pmatrix}",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            r"\begin{pmatrix} 11/9 \\ 22/9 \\ 22/9 \end{pmatrix}",
            r"""
+ The projection is $\dfrac{\vec{v} \cdot \vec{u}}{\vec{u} \cdot \vec{u}}\,\vec{u}$.

+ The dot product of the two vectors is $3 \cdot 1 + 4 \cdot 2 + 0 \cdot 2 = 11$.

+ Also $\vec{u} \cdot \vec{u} = 1 + 4 + 4 = 9$.

+ So the projection is
$$\frac{11}{9} \begin{pmatrix} 1 \\ 2 \\ 2 \end{pmatrix} = \begin{pmatrix} 11/9 \\ 22/9 \\ 22/9 \end{pmatrix}.$$
""",
        ),
        worked(
            r"\begin{pmatrix} 11/3 \\ 22/3 \\ 22/3 \end{pmatrix}",
            r"""
+ We need the dot product of $\vec{v}$ with $\vec{u}$, which is $3 + 8 + 0 = 11$.

+ The length of $\vec{u}$ is $|\vec{u}| = \sqrt{1 + 4 + 4} = 3$.

- The projection of $\vec{v}$ is then $\dfrac{\vec{v} \cdot \vec{u}}{|\vec{u}|}\,\vec{u} = \dfrac{11}{3}\,\vec{u}$.

|+ The projection of $\vec{v}$ is then $\dfrac{\vec{v} \cdot \vec{u}}{|\vec{u}|^2}\,\vec{u} = \dfrac{11}{9}\,\vec{u}$.

|- The projection of $\vec{v}$ is then $(\vec{v} \cdot \vec{u})\,\vec{u} = 11\,\vec{u}$.

. Putting in the entries of $\vec{u}$, we obtain
$$\begin{pmatrix} 11/3 \\ 22/3 \\ 22/3 \end{pmatrix}.$$
""",
        ),
    ),
)

_INVERSE = Problem(
    text=r"Find the inverse of the matrix $\begin{pmatrix} 3 & 5 \\ 1 & 2 \end{pmatrix}$.",
    answer=r"\begin{pmatrix} 2 & -5 \\ -1 & 3 \end{pmatrix}",
    subject=_SUBJECT,
    level="1",
    attempts=(
        worked(
            r"\begin{pmatrix} 2 & -5 \\ -1 & 3 \end{pmatrix}",
            r"""
+ For a matrix with nonzero determinant we have
$$\begin{pmatrix} a & b \\ c & d \end{pmatrix}^{-1} = \frac{1}{ad - bc} \begin{pmatrix} d & -b \\ -c & a \end{pmatrix}.$$

+ Here the determinant is $3 \cdot 2 - 5 \cdot 1 = 1$.

+ So the inverse is $\begin{pmatrix} 2 & -5 \\ -1 & 3 \end{pmatrix}$.

+ A check of the first row of the product: $3 \cdot 2 + 5 \cdot (-1) = 1$ and $3 \cdot (-5) + 5 \cdot 3 = 0$, as it should be.
""",
        ),
        worked(
            r"\begin{pmatrix} 2 & -1 \\ -5 & 3 \end{pmatrix}",
            r"""
+ The determinant of the matrix is $3 \cdot 2 - 5 \cdot 1 = 6 - 5 = 1$, so the inverse exists.

0 Dividing by a determinant of $1$ changes nothing.

- The inverse is obtained by exchanging all entries with the ones opposite to them and changing the signs of $5$ and $1$.

|+ The inverse is obtained by exchanging the two diagonal entries and changing the signs of $5$ and $1$, which stay where they are.

|- The inverse is obtained by putting the reciprocal of each entry in its place.

. This gives $\begin{pmatrix} 2 & -1 \\ -5 & 3 \end{pmatrix}$.
""",
        ),
    ),
)

PROBLEMS = (_DETERMINANT, _NO_SOLUTION, _PROJECTION, _INVERSE)
