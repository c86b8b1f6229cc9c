"""Did the round help? Each rule on figures made by hand."""

from typing import Any

import pytest
from django.utils import translation

from activelearning import verdict, verdict_words


def gain(difference: float, low: float, high: float) -> dict[str, Any]:
    return {"difference": difference, "interval": {"low": low, "high": high}}


def figures(auc: dict[str, Any] | None = None, best: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    against: dict[str, Any] = {"model": 7, "step": {"step_auc": auc} if auc else None, "best_of_n": None}
    if best:
        against["best_of_n"] = {"n": [1, 4], "differences": [gain(0.0, 0.0, 0.0), best]}
    return {"step": {"solutions": 40}, "against": against, **more}


UP, DOWN, FLAT = gain(0.1, 0.02, 0.2), gain(-0.1, -0.2, -0.01), gain(0.01, -0.05, 0.07)


@pytest.mark.parametrize(
    ("auc", "best", "said"),
    [
        (UP, None, "helped"),
        (UP, FLAT, "helped"),
        (FLAT, UP, "helped"),
        (DOWN, FLAT, "hurt"),
        (None, DOWN, "hurt"),
        (UP, DOWN, "mixed"),
        (FLAT, FLAT, "no_difference"),
        (gain(0.1, 0.0, 0.2), None, "no_difference"),
        ({"difference": 0.3, "interval": None}, None, "too_little"),
        ({"difference": None, "interval": None}, None, "too_little"),
        (None, None, "too_little"),
    ],
)
def test_the_verdict_follows_from_the_paired_intervals_alone(auc: Any, best: Any, said: str) -> None:
    assert verdict.verdict(figures(auc, best))["rule"] == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"against": None}, "first_round"),
        ({"against": {"model": 7, "why_not": "files_gone"}}, "not_compared"),
        ({"step": {"solutions": 0}, "best_of_n": None}, "not_measured"),
        ({"step": {"solutions": 0}, "best_of_n": {"n": [1]}}, "helped"),
    ],
)
def test_where_nothing_can_be_compared_the_verdict_says_why(changed: dict[str, Any], said: str) -> None:
    assert verdict.verdict({**figures(UP), **changed})["rule"] == said


def test_the_gain_in_best_of_n_is_that_at_the_most_samples() -> None:
    assert verdict.verdict(figures(None, UP))["facts"]["gains"]["best_of_n"] == {**UP, "n": 4}


def items(labelled: int, right: int, mean: float, high: float = 0.5) -> dict[str, Any]:
    return {"labelled": labelled, "right": right, "mean_score": mean, "right_interval": {"low": 0.0, "high": high}}


def chosen(*by_strategy: dict[str, Any], by_chance: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    nothing = {"labelled": 0, "right": 0, "mean_score": None, "right_interval": None}
    return [
        {"round": 9 - n, "by_strategy": row, "by_chance": by_chance or nothing} for n, row in enumerate(by_strategy)
    ]


def varied(chosen: int, problems: int, answers: int, near: int = 0, earlier: tuple[int, ...] = ()) -> dict[str, Any]:
    before = [{"chosen": 100, "problems": each, "answers": 100} for each in earlier]
    found = {"chosen": chosen, "problems": problems, "answers": answers}
    return {**found, "texts": chosen, "near_identical": near, "earlier": before}


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        # Drawn by chance and scored 0.9 on average; at most 0.7 of them may be right.
        ({"chosen": chosen(items(0, 0, 0.0), by_chance=items(30, 15, 0.9, 0.7))}, "inflated"),
        ({"chosen": chosen(items(0, 0, 0.0), by_chance=items(30, 15, 0.8, 0.7))}, ""),
        ({"chosen": chosen(items(0, 0, 0.0), by_chance=items(9, 1, 0.99, 0.4))}, ""),
        # What the strategy looks for, convincing wrong answers, is no sign by itself ...
        ({"chosen": chosen(items(50, 5, 0.9))}, ""),
        ({"chosen": chosen(items(50, 5, 0.9), items(50, 6, 0.88))}, ""),
        # ... that it grows is one.
        ({"chosen": chosen(items(50, 5, 0.95), items(50, 20, 0.8))}, "inflation_grows"),
        ({"diversity": varied(100, 30, 100, earlier=(90, 60, 80))}, "narrower"),
        ({"diversity": varied(100, 60, 30, earlier=(80,))}, "narrower"),
        ({"diversity": varied(100, 60, 90, earlier=(80,))}, ""),
        ({"diversity": varied(100, 3, 3)}, ""),
        ({"diversity": varied(100, 90, 90, near=21)}, "near_identical"),
        ({"diversity": varied(100, 90, 90, near=20)}, ""),
        ({"step": {"solutions": 40, "calibration_error": 0.2}}, "overconfident"),
        ({"step": {"solutions": 40, "calibration_error": 0.1}}, ""),
        ({"labels": {"solutions": 100, "right": 4}}, "one_sided"),
        ({"labels": {"solutions": 100, "right": 96}}, "one_sided"),
        ({"labels": {"solutions": 100, "right": 50}}, ""),
        ({"graders": {"graded": 100, "parted": 11}}, "graders_part"),
        ({"graders": {"graded": 9, "parted": 9}}, ""),
        ({"control": {"difference": {"step_auc": DOWN}}}, "chance_is_better"),
        ({"control": {"difference": {"step_auc": FLAT}}}, ""),
        ({"control": {"why_not": "off"}}, ""),
    ],
)
def test_each_sign_of_instability_has_its_rule(more: dict[str, Any], warned: str) -> None:
    said = [found["rule"] for found in verdict.findings(figures(FLAT, **more))]
    assert said == ["no_difference", *([warned] if warned else [])]


def test_a_calibration_that_was_as_bad_before_is_no_news() -> None:
    found = figures(FLAT, step={"solutions": 40, "calibration_error": 0.2})
    found["against"]["calibration_error"] = 0.18
    assert [one["rule"] for one in verdict.findings(found)] == ["no_difference"]
    found["against"]["calibration_error"] = 0.1
    assert verdict.findings(found)[1]["facts"] == {"error": 0.2, "before": 0.1}


def test_the_narrowing_names_what_narrowed_and_by_how_much() -> None:
    found = verdict.findings(figures(FLAT, diversity=varied(100, 30, 100, earlier=(90, 60, 80))))[1]
    assert found == {"rule": "narrower", "tone": "warn", "facts": {"of": "problems", "share": 0.3, "before": 0.8}}


def test_every_finding_has_words_in_both_languages() -> None:
    gaps = chosen(items(50, 5, 0.95), items(50, 20, 0.8), by_chance=items(30, 15, 0.9, 0.7))
    found = [
        *(
            verdict.verdict(one)
            for one in (figures(UP, FLAT), figures(DOWN), figures(UP, DOWN), figures(FLAT), figures())
        ),
        verdict.verdict({}),
        verdict.verdict(figures() | {"against": None}),
        verdict.verdict(figures() | {"against": {"model": 7, "why_not": "files_gone"}}),
        *verdict.findings(figures(FLAT, chosen=gaps, diversity=varied(100, 30, 100, near=30, earlier=(90,)))),
        *verdict.findings(figures(FLAT, labels={"solutions": 100, "right": 1}, graders={"graded": 10, "parted": 9})),
        *verdict.findings(
            figures(FLAT, step={"solutions": 9, "calibration_error": 0.3}, control={"difference": {"step_auc": DOWN}})
        ),
    ]
    assert {one["rule"] for one in found} == set(verdict_words._WORDS)
    for one in found:
        with translation.override("en"):
            english = verdict_words.told(one)
        with translation.override("de"):
            german = verdict_words.told(one)
        assert english != one["rule"]
        assert english != german


def test_a_gain_is_told_in_points_with_its_interval() -> None:
    with translation.override("en"):
        said = verdict_words.told(verdict.verdict(figures(UP)))
    assert said == "It helped: step AUC +10.0 points (95 % interval +2.0 to +20.0 points)."
