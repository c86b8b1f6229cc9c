"""Right, wrong, undecided: where both verdicts agree, where they do not, and what is never parsed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation.formats.registry import FORMATS, ReadContext
from annotation.formats.rows import Refusal
from annotation.grading import Grade, Grader, grade
from annotation.grading.child import Expression, Limit, NotInGrammar, all_zero, symbolic
from annotation.grading.equivalence import verdict_of


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as made:
        yield made


@pytest.mark.parametrize(
    ("strict", "symbolic", "verdict"),
    [
        (True, True, "right"),
        (False, False, "wrong"),
        (True, False, "undecided"),
        (False, True, "undecided"),
        (None, True, "undecided"),
        (False, None, "undecided"),
        (None, None, "undecided"),
    ],
)
def test_only_agreement_decides(strict: bool | None, symbolic: bool | None, verdict: str) -> None:
    assert verdict_of(strict, symbolic) == verdict


@pytest.mark.parametrize(
    ("given", "truth"),
    [
        ("18", "18"), ("18.00", "18"), ("$1,234", "1234"), ("\\$5", "5"), ("\\frac{1}{2}", "0.5"), ("x+1", "1+x"),
        ("2\\sqrt{2}", "\\sqrt{8}"),
        ("x^2+2x+1", "(x+1)^2"), ("(1,2)", "(1, 2)"), ("50\\%", "50"), ("90^\\circ", "90"), ("x=3", "3"), ("6-5i", "-5i+6"),
        ("\\text{Evelyn}", "\\text{Evelyn}"), ("10\\text{ cm}", "10"), ("(-\\infty,2)", "(-\\infty, 2)"),
    ],
)  # fmt: skip
def test_right_answers_are_right(grader: Grader, given: str, truth: str) -> None:
    assert grader.grade(given, truth).verdict == "right"


@pytest.mark.parametrize(
    ("given", "truth"),
    [
        ("17", "18"),
        ("1.8", "18"),
        ("[1,2)", "(1,2)"),
        ("\\frac{1}{3}", "0.333"),
        ("x+1", "x+2"),
        ("-3", "3"),
        ("(1,2)", "(2,1)"),
        ("1,2", "1"),
    ],
)
def test_wrong_answers_are_wrong(grader: Grader, given: str, truth: str) -> None:
    assert grader.grade(given, truth).verdict == "wrong"


@pytest.mark.parametrize(
    ("given", "truth", "strict", "symbolic"),
    [
        ("\\frac{2}{4}", "\\frac{1}{2}", False, True),  # not reduced
        ("2+1", "3", False, True),
        ("1,111,111,111", "1111111111", False, True),
        ("\\text{Tuesday}", "\\text{tues}", True, False),
    ],
)
def test_where_the_two_differ_a_person_is_asked(
    grader: Grader, given: str, truth: str, strict: bool, symbolic: bool
) -> None:
    found = grader.grade(given, truth)
    assert (found.verdict, found.strict, found.symbolic) == ("undecided", strict, symbolic)


@pytest.mark.parametrize("given", [None, "", " \n"])
def test_no_answer_is_wrong(grader: Grader, given: str | None) -> None:
    assert grader.grade(given, "3") == Grade("wrong", False, False, 0.0)


@pytest.mark.parametrize("truth", [None, "", " "])
def test_without_a_truth_nothing_is_decided(grader: Grader, truth: str | None) -> None:
    assert grader.grade("3", truth) == Grade("undecided", None, None, 0.0)


def test_plain_numbers_need_no_child_process() -> None:
    with Grader() as grader:
        assert [
            found.verdict
            for found in grader.grade_all([("18", "18"), ("17", "18.5"), ("$1,000", "1000.00"), ("a b", "a b")])
        ] == [
            "right",
            "wrong",
            "right",
            "right",
        ]
        assert grader._sandbox.started == 0


@pytest.mark.parametrize(
    ("given", "truth"),
    [
        (a, b)
        for a in ("0", "-3", "3.0", "1,000", "0.25", "$7", "-\\$7.50", "999,999.999999")
        for b in ("0.0", "3", "1000", "\\$7", "-7.5", "0.250001")
    ],
)
def test_plain_numbers_get_the_verdict_that_math_verify_gives(given: str, truth: str) -> None:
    assert grade(given, truth).symbolic is symbolic(given, truth)


HOSTILE = [
    "9**9**9", "9^{9^{9}}", "10^{10^{10}}", "9999999!", "(((1000!)!)!)", "9" * 10_000, "\\frac{1}{" * 500 + "}" * 500,
    "2^{2^{2^{2^{2^2}}}}",
    "factorial(10**7)", "isprime(10**400+1)", "\\binom{10^9}{10^8}", "(" * 1000 + "1" + ")" * 1000, "e^{e^{e^{e^{e^e}}}}",
    "x" * 50_000, "\\sin(10^{10^{10}})", "10^{-10^{10}}",
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a63_what_is_too_large_is_undecided_and_the_worker_lives(grader: Grader, number: int) -> None:
    found = grader.grade(HOSTILE[number], "3")
    assert found.verdict == "undecided"
    assert found.seconds <= 2.0
    assert grader.grade("x+1", "1+x").verdict == "right"


@pytest.mark.parametrize("given", ["(x+y+z+w)^{60}", "\\prod_{k=1}^{1000000} k"])
def test_a63_what_is_too_slow_is_undecided_within_two_seconds(given: str) -> None:
    with Grader() as grader:
        found = grader.grade(given, "3")
        assert found.verdict == "undecided"
        assert found.seconds <= 2.0
        assert grader.grade("2y", "y+y").verdict == "right"


@pytest.mark.parametrize("side", ["given", "truth"])
@pytest.mark.parametrize(
    "payload",
    [
        '__import__("os").system("touch {canary}")',
        "__import__('pathlib').Path('{canary}').touch()",
        "().__class__.__bases__[0].__subclasses__()",
        "(lambda: open('{canary}', 'w'))()",
        "open('{canary}','w').write('x')",
        "os.system('touch {canary}')",
        "\\text{{__import__('os').system('touch {canary}')}}",
    ],
)
def test_a64_python_in_an_answer_never_runs(grader: Grader, tmp_path: Path, payload: str, side: str) -> None:
    canary = tmp_path / "canary"
    text = payload.format(canary=canary)
    found = grader.grade(text, "3") if side == "given" else grader.grade("3", text)
    assert found.verdict == "undecided"
    assert not canary.exists()


def test_a_repeated_answer_is_graded_once(grader: Grader) -> None:
    assert grader.grade("y+1", "1+y") is grader.grade("y+1", "1+y")


@pytest.mark.parametrize(
    "text", ["2x", "2*x", "x2", "sqrt(4)x", "x+x", "3x-x", "x*2**1", "(x)(2)", "2x^1", "-(-2x)", "4x/2", "2!x", "[2]x"]
)
def test_the_small_grammar_reads_products_without_a_sign(text: str) -> None:
    assert all_zero([["2x", text]]) is True


@pytest.mark.parametrize("text", ["", "2,3", "x=2", "2+", "(2", "2)", "sqrt", "°", "1;2", "2^", "!", "import os"])
def test_what_is_not_in_the_small_grammar_is_unequal_for_the_released_rules(text: str) -> None:
    with pytest.raises(NotInGrammar):
        Expression(text).value()
    assert all_zero([["2", text]]) is False


@pytest.mark.parametrize(
    "text", ["9**9**9", "(10!)!", "2^(5000)", "9999!", "((" * 40 + "1" + "))" * 40, "1+" * 3000 + "1", "1" * 600]
)
def test_what_is_too_large_for_the_small_grammar_is_undecided(text: str) -> None:
    with pytest.raises(Limit):
        Expression(text).value()
    assert all_zero([["2", text]]) is None


def test_grading_agrees_with_the_published_verdicts_of_5276_real_solutions(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where one boolean is needed, an undecided answer counts as strict says. Each disagreement is listed."""
    disagreements: list[str] = []
    count = 0
    with (shared_data / "gsm8k" / "example_model_solutions.jsonl").open("rb") as stream, Grader() as grader:
        for read in FORMATS["gsm8k"].read(stream, ReadContext("pool")):
            assert not isinstance(read, Refusal)
            line, row = read
            found = grader.grade(row.answer, row.problem.answer)  # type: ignore[union-attr]
            right = found.strict if found.verdict == "undecided" else found.verdict == "right"
            count += 1
            if right is not row.published_correct:  # type: ignore[union-attr]
                disagreements.append(f"line {line}: {row!r}: {found}")
    with capsys.disabled():
        print(f"\nanswers graded {count}, disagreements {len(disagreements)}", *disagreements, sep=os.linesep)
    assert count == 5276
    assert len(disagreements) <= count // 1000
