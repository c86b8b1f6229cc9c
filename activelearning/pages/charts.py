"""What the charts of the rounds' pages draw, as `frontend/src/charts/line.ts` reads it: shares in per cent, None where there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from activelearning.evaluation.shares import wilson
from activelearning.models import Round

Chart = dict[str, Any]


def learning_curve(rounds: Sequence[Round]) -> Chart | None:
    """Step AUC and best-of-N (at the most samples) of every measured model along the rounds, with their intervals; None under two."""
    measured = [(row, row.reward_model.metrics) for row in rounds if _is_measured(row)]
    measured.sort(key=lambda pair: pair[0].number)
    if len(measured) < 2:
        return None
    auc = _series(
        gettext("Step AUC"), [(found.get("step_auc"), found.get("step_auc_interval")) for _, found in measured]
    )
    sampled = _series(gettext("Best of N"), [_last(row.outcome.get("best_of_n")) for row, _ in measured])
    kept = [series for series in (auc, sampled) if any(value is not None for value in series["values"])]
    return _chart([row.number for row, _ in measured], kept, gettext("Round"), scale="whole") if kept else None


def _is_measured(row: Round) -> bool:
    return bool(getattr(row, "reward_model", None) and row.reward_model.metrics)


def _last(sampled: Mapping[str, Any] | None) -> tuple[float | None, dict[str, Any] | None]:
    if not sampled:
        return None, None
    mean, low, high = (sampled["prm"][name][-1] for name in ("mean", "low", "high"))
    return mean, None if low is None else {"low": low, "high": high}


def best_of_n(sampled: Mapping[str, Any] | None) -> Chart | None:
    """The model's pick, the majority's and a perfect one along N; None under two N."""
    if not sampled or len(sampled["n"]) < 2:
        return None
    names = {"prm": gettext("Reward model"), "majority": gettext("Majority"), "pass_at_n": gettext("Any right")}
    series = [_along(label, sampled[name], banded=name == "prm") for name, label in names.items() if sampled.get(name)]
    return _along_n(sampled["n"], series)


def of_two(found: Mapping[str, Any], one: str, other: str) -> Chart | None:
    """Best-of-N of two models on the same problems."""
    best = found.get("best_of_n")
    if not best or len(best["one"]["n"]) < 2:
        return None
    series = [_along(name, best[place]["prm"], banded=True) for name, place in ((one, "one"), (other, "other"))]
    return _along_n(best["one"]["n"], series)


def calibration(step: Mapping[str, Any] | None) -> Chart | None:
    """What was so against what was said, a point a bin; None under two bins."""
    bins = (step or {}).get("bins") or []
    if len(bins) < 2:
        return None
    said = [_percent(one["predicted"]) for one in bins]
    series = [
        _series(gettext("Found good"), [(one["observed"], _spread(one)) for one in bins]),
        {"label": gettext("As said"), "values": said},
    ]
    return _chart(said, series, gettext("P(good) that the model gives (%)"))


def _spread(one: Mapping[str, Any]) -> dict[str, float]:
    """A bin of few steps says little."""
    low, high = wilson(one["observed"] * one["steps"], one["steps"])
    return {"low": low, "high": high}


def _along(label: str, curve: Mapping[str, Any], *, banded: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"label": label, "values": [_percent(value) for value in curve["mean"]]}
    if banded:
        found |= {end: [_percent(value) for value in curve[end]] for end in ("low", "high")}
    return found


def _series(label: str, points: Sequence[tuple[float | None, Mapping[str, Any] | None]]) -> dict[str, Any]:
    return {
        "label": label,
        "values": [_percent(value) for value, _ in points],
        "low": [_percent(interval["low"] if interval else None) for _, interval in points],
        "high": [_percent(interval["high"] if interval else None) for _, interval in points],
    }


def _along_n(ns: Sequence[int], series: Sequence[dict[str, Any]]) -> Chart:
    return _chart(ns, series, gettext("N, solutions sampled for a problem"), scale="log")


def _chart(x: Sequence[Any], series: Sequence[dict[str, Any]], x_label: str, *, scale: str = "linear") -> Chart:
    return {"x": list(x), "series": list(series), "x_label": x_label, "y_label": "%", "scale": scale}


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)
