"""The experiments' figures: lines with their intervals, told apart in grey by line and marker, shares on an axis from 0."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from activelearning.evaluation.figures import INK, LINES, PALE, STYLE

Look = tuple[str, str, Any, str]  # name in the figure, colour, line, marker

_LOOKS: dict[str, Look] = {
    **LINES,
    "zero_label": ("No label at all", "#56748f", (0, (3, 1, 1, 1)), "v"),
    "uniform": ("Uniform choice", INK, (0, (1.2, 1.2)), "^"),
    "mixed": ("80/20", "#0072b2", "-", "o"),
    "convincing_wrong": ("Convincing wrong", "#d55e00", (0, (5, 1.6)), "s"),
    "uncertainty": ("Uncertainty", "#009e73", (0, (5, 1.4, 1, 1.4)), "D"),
}
_SPARE: Look = ("", "#7a4e9f", (0, (2, 2)), "x")
_ALONG_N = ("prm", "orm", "weighted_prm", "majority", "zero_label", "pass_at_n")
_METRICS = {"step_auc": "Step AUC on other problems"}


def along_n(report: Mapping[str, Any]) -> Figure:
    """Problems solved along N; the band is the 95 % interval of the mean over seeds."""
    with mpl.rc_context(STYLE):
        figure, axes = _empty(report["n"], "N, solutions sampled for a problem")
        for rule in _ALONG_N:
            if report.get(rule):
                _draw(axes, report["n"], report[rule], _LOOKS[rule])
        axes.set_ylabel("Problems solved")
        figure.legend(loc="outside upper center", ncols=3, columnspacing=1.3)
        return figure


def along_labels(report: Mapping[str, Any]) -> Figure:
    """What each strategy's labels are worth along their number, with what no label and any pick would reach."""
    with mpl.rc_context(STYLE):
        labels = report["labels"]
        figure, axes = _empty(labels, "Labelled solutions")
        for strategy in report["strategies"]:
            look = _LOOKS.get(strategy, (strategy.replace("_", " "), *_SPARE[1:]))
            _draw(axes, labels, report[strategy], look)
        for name in ("zero_label", "pass_at_n"):
            if name in report["controls"]:
                label, _, style, _ = _LOOKS[name]
                value = report["controls"][name]["mean"][0]
                axes.axhline(
                    value, color=PALE, linestyle=style, linewidth=1.2, label=label.replace("@N", f"@{report.get('n')}")
                )
        axes.set_ylabel(_METRICS.get(report["metric"]) or f"Problems solved, best of {report['n']}")
        figure.legend(loc="outside upper center", ncols=3, columnspacing=1.3)
        return figure


def _empty(places: Sequence[int], label: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.8, 4.1), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    axes.set_xlabel(label)
    axes.xaxis.set_major_locator(FixedLocator([float(place) for place in places]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: f"{place:,.0f}"))
    axes.set_ylim(0.0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
    axes.grid(axis="y")
    return figure, axes


def _draw(axes: Any, places: Sequence[int], line: Mapping[str, Any], look: Look) -> None:
    label, colour, style, marker = look
    if line["low"] is not None:
        axes.fill_between(places, line["low"], line["high"], color=colour, alpha=0.13, linewidth=0)
    face = colour if marker in ("o", "^") else "white"
    if marker == "x":
        face = colour
    axes.plot(places, line["mean"], color=colour, linestyle=style, marker=marker, label=label, markerfacecolor=face)
