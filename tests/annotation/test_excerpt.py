"""The beginning of a text in a list: no formula is cut in two."""

import pytest

from annotation.templatetags.words import excerpt


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("How many are there?", "How many are there?"),
        ("How many are there in all of the boxes?", "How many are there in a…"),
        ("Find all $x$ with $x^2 = 4$, please.", "Find all $x$ with…"),
        ("Find $x$, $y$ and \\(z + 1 = 4\\), please.", "Find $x$, $y$ and…"),
        ("Solve this: $$x^2 + 2x + 1 = 0$$ and say why", "Solve this:…"),
        ("Find \\[\\frac{1}{2} + \\frac{3}{4}\\] soon", "Find…"),
        ("A \\begin{align}\\begin{a}\\end{a}x\\end{align}", "A…"),
        ("It costs $5 and not more than that, they said", "It costs…"),
        ("$x + y + z + u + v + w = 12$ is what we know", "$x + y + z + u + v + w…"),
    ],
)
def test_no_formula_is_cut_in_two(text: str, shown: str) -> None:
    assert excerpt(text, 24) == shown
