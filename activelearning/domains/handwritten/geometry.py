"""Geometry, plane and with vectors."""

from activelearning.domains.handwritten.worked import Problem, worked

_SUBJECT = "Geometry"

_INRADIUS = Problem(
    text=r"The legs of a right triangle are $5$ and $12$. Find the radius of its inscribed circle.",
    answer="2",
    subject=_SUBJECT,
    level="2",
    attempts=(
        worked(
            "2",
            r"""
+ By the Pythagorean theorem the hypotenuse is $\sqrt{5^2 + 12^2} = \sqrt{169} = 13$.

+ The area is $\frac{1}{2} \cdot 5 \cdot 12 = 30$.

+ The perimeter is $5 + 12 + 13 = 30$, so the semiperimeter is $s = 15$.

+ The area of a triangle is $rs$, where $r$ is the radius of the inscribed circle.

+ So $r = \frac{30}{15} = 2$.
""",
        ),
        worked(
            "1",
            r"""
+ The hypotenuse is $\sqrt{25 + 144} = 13$, so the perimeter is $5 + 12 + 13 = 30$.

+ The two legs are base and height of the triangle, so its area is $\frac{5 \cdot 12}{2} = 30$.

0 We know the area and the perimeter now.

- The area of a triangle is its perimeter times the radius of its inscribed circle, so $30 = 30r$.

|+ The area of a triangle is half its perimeter times the radius of its inscribed circle, so $30 = 15r$.

|- The radius of the inscribed circle is half the hypotenuse, so $r = \frac{13}{2}$.

. Therefore $r = 1$.
""",
        ),
    ),
)

_ALTITUDE = Problem(
    text=(
        r"In triangle $ABC$ we have $AB = 13$, $BC = 14$ and $CA = 15$. "
        r"Find the length of the altitude from $A$ to $\overline{BC}$."
    ),
    answer="12",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            "12",
            r"""
+ The semiperimeter is $s = \frac{13 + 14 + 15}{2} = 21$.

+ By Heron's formula the area is $\sqrt{21 \cdot 8 \cdot 7 \cdot 6}$.

+ This is $\sqrt{7056} = 84$.

+ The area is also $\frac{1}{2} \cdot BC \cdot h = 7h$, so $h = \frac{84}{7} = 12$.
""",
        ),
        worked(
            "12",
            r"""
+ Let $H$ be the foot of the altitude, $h = AH$ and $x = BH$, so that $HC = 14 - x$.

+ The right triangles $ABH$ and $ACH$ give
$$\begin{aligned} h^2 + x^2 &= 169, \\ h^2 + (14-x)^2 &= 225. \end{aligned}$$

+ Subtracting, $(14-x)^2 - x^2 = 56$, that is, $196 - 28x = 56$.

+ So $x = 5$.

+ Then $h^2 = 169 - 25 = 144$ and $h = 12$.
""",
        ),
        worked(
            r"2\sqrt{30}",
            r"""
+ Let $H$ be the foot of the altitude from $A$, so that $\angle AHB = 90^\circ$.

- The altitude meets $\overline{BC}$ at its midpoint, so $BH = 7$.

|+ Put $x = BH$, so that $HC = 14 - x$, and use both right triangles.

|- The altitude bisects the angle at $A$, so $BH : HC = 13 : 15$ and $BH = 6.5$.

. In the right triangle $ABH$ we have $AH^2 = AB^2 - BH^2 = 169 - 49 = 120$.

. So the altitude is $AH = \sqrt{120} = 2\sqrt{30}$.
""",
        ),
    ),
)

_PARALLELOGRAM = Problem(
    text=(
        "Find the area of the parallelogram that is spanned by the vectors "
        r"$\vec{a} = \begin{pmatrix} 1 \\ 2 \\ 2 \end{pmatrix}$ and $\vec{b} = \begin{pmatrix} 2 \\ -1 \\ 2 \end{pmatrix}$."
    ),
    answer=r"\sqrt{65}",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            r"\sqrt{65}",
            r"""
+ The area is $|\vec{a}|\,|\vec{b}| \sin\theta$, where $\theta$ is the angle between the vectors.

+ Both have length $\sqrt{1 + 4 + 4} = \sqrt{4 + 1 + 4} = 3$.

+ Their dot product is $1 \cdot 2 + 2 \cdot (-1) + 2 \cdot 2 = 4$, so $\cos\theta = \frac{4}{9}$.

+ Then $\sin\theta = \sqrt{1 - \frac{16}{81}} = \frac{\sqrt{65}}{9}$.

+ The area is $3 \cdot 3 \cdot \frac{\sqrt{65}}{9} = \sqrt{65}$.
""",
        ),
        worked(
            r"\sqrt{65}",
            r"""
+ The area is the length of the cross product $\vec{a} \times \vec{b}$.

+ We compute
$$\vec{a} \times \vec{b} = \begin{pmatrix} 2 \cdot 2 - 2 \cdot (-1) \\ 2 \cdot 2 - 1 \cdot 2 \\ 1 \cdot (-1) - 2 \cdot 2 \end{pmatrix}
= \begin{pmatrix} 6 \\ 2 \\ -5 \end{pmatrix}.$$

+ As a check, $\vec{a} \cdot (\vec{a} \times \vec{b}) = 6 + 4 - 10 = 0$, as it should be.

+ The area is $\sqrt{36 + 4 + 25} = \sqrt{65}$.
""",
        ),
        worked(
            "7",
            r"""
+ We need the length of the cross product of the two vectors.

+ Its first component is $2 \cdot 2 - 2 \cdot (-1) = 4 + 2 = 6$.

+ Its second component is $2 \cdot 2 - 1 \cdot 2 = 4 - 2 = 2$.

- Its third component is $1 \cdot (-1) - 2 \cdot 2 = -1 + 4 = 3$.

|+ Its third component is $1 \cdot (-1) - 2 \cdot 2 = -1 - 4 = -5$.

|- Its third component is $1 \cdot 2 - 2 \cdot (-1) = 2 + 2 = 4$.

. So the area is $\sqrt{6^2 + 2^2 + 3^2} = \sqrt{49} = 7$.
""",
        ),
    ),
)

_SEGMENT = Problem(
    text=(
        r"In a circle of radius $6$, a chord is seen from the centre under an angle of $120^\circ$. "
        "Find the area of the smaller region between the chord and the circle."
    ),
    answer=r"12\pi - 9\sqrt{3}",
    subject=_SUBJECT,
    level="3",
    attempts=(
        worked(
            r"12\pi - 9\sqrt{3}",
            r"""
+ The region is a circular sector of $120^\circ$ without the triangle formed by the chord and the two radii.

+ The sector is a third of the circle, so its area is $\frac{1}{3} \cdot 36\pi = 12\pi$.

+ The triangle has area $\frac{1}{2} \cdot 6 \cdot 6 \cdot \sin 120^\circ = 18 \cdot \frac{\sqrt{3}}{2} = 9\sqrt{3}$.

+ The difference is $12\pi - 9\sqrt{3}$.
""",
        ),
        worked(
            r"12\pi - 9",
            r"""
+ We subtract the area of a triangle from the area of a sector.

+ The sector covers $\frac{120}{360} = \frac{1}{3}$ of the circle, which is $12\pi$.

+ The triangle has two sides of length $6$ with $120^\circ$ between them, so its area is $18 \sin 120^\circ$.

- Since $\sin 120^\circ = \frac{1}{2}$, the triangle has area $9$.

|+ Since $\sin 120^\circ = \sin 60^\circ = \frac{\sqrt{3}}{2}$, the triangle has area $9\sqrt{3}$.

|- Since $\sin 120^\circ = -\frac{\sqrt{3}}{2}$, the triangle has area $-9\sqrt{3}$.

. Hence the region has area $12\pi - 9$.
""",
        ),
    ),
)

_TRAPEZOID = Problem(
    text=(
        "The parallel sides of a trapezoid have lengths $2$ and $14$. A segment parallel to them, with its ends on the legs, divides the "
        "trapezoid into two parts of equal area. How long is the segment?"
    ),
    answer="10",
    subject=_SUBJECT,
    level="5",
    attempts=(
        worked(
            "10",
            r"""
+ We extend the legs until they meet in a point $P$. The sides $2$, $x$ (the segment) and $14$ then belong to similar triangles with
the common vertex $P$.

+ The areas of similar triangles are as the squares of their sides, so they are $4q$, $x^2 q$ and $196q$ for some $q > 0$.

+ The two parts of the trapezoid are differences of these: $(x^2 - 4)q$ and $(196 - x^2)q$.

+ They are equal when $2x^2 = 200$.

+ So $x^2 = 100$ and $x = 10$.
""",
        ),
        worked(
            "8",
            r"""
0 Let $h$ be the height of the trapezoid.

+ The area of the whole trapezoid is $\frac{2 + 14}{2} \cdot h = 8h$, so each part has area $4h$.

- For the parts to be equal the segment must lie half-way between the two parallel sides.

|+ If the segment has length $x$ and lies at distance $y$ from the side of length $2$, we need $\frac{2 + x}{2} \cdot y = 4h$.

|- Each part is a trapezoid of area $4h$, and so each of them has the height $4$.

. A segment half-way between the parallel sides is the midline, and its length is the mean of theirs.

. So its length is $\frac{2 + 14}{2} = 8$.
""",
        ),
    ),
)

PROBLEMS = (_INRADIUS, _ALTITUDE, _PARALLELOGRAM, _SEGMENT, _TRAPEZOID)
