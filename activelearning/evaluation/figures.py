"""The figures of a report, as a paper would print them: told apart in grey by line and marker, the same bytes for the same numbers."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from activelearning.evaluation.best_of_n import Curve
from activelearning.evaluation.calibration import Calibration
from activelearning.evaluation.shares import wilson

ENDINGS = (".svg", ".png")
DPI = 200
INK, PALE = "#1a1a1a", "#8c8c8c"
STYLE: Any = {
    "font.family": "DejaVu Sans",  # matplotlib brings it along: the same on every machine
    "font.size": 9,
    "axes.labelsize": 9.5,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "legend.handlelength": 2.8,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "svg.hashsalt": "labelapp",  # else the ids in an SVG are drawn by chance
    "svg.fonttype": "path",
}
# Name in the figure, colour (Okabe and Ito's, by falling weight in grey), line, marker.
LINES: dict[str, tuple[str, str, Any, str]] = {
    "prm": ("Process reward model", "#0072b2", "-", "o"),
    "orm": ("Outcome reward model", "#d55e00", (0, (5, 1.6)), "s"),
    "weighted_prm": ("Vote weighted by PRM", "#009e73", (0, (5, 1.4, 1, 1.4)), "D"),
    "majority": ("Majority vote", INK, (0, (1.2, 1.2)), "^"),
    "pass_at_n": ("Any right (pass@N)", PALE, (0, (8, 2, 1, 2, 1, 2)), ""),
}
_SPARE = (("#0072b2", "-", "o"), ("#d55e00", (0, (5, 1.6)), "s"), ("#009e73", (0, (5, 1.4, 1, 1.4)), "D"))


def best_of_n(ns: Sequence[int], curves: Mapping[str, Curve]) -> Figure:
    """Share of problems solved along N; the band is one standard deviation of one trial to either side.

    The names of `LINES` stand as they are drawn there; others are drawn under their own name.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.8, 3.9), layout="constrained")
        axes = figure.add_subplot()
        spare = cycle(_SPARE)
        for name, curve in curves.items():
            label, colour, line, marker = LINES.get(name) or (name, *next(spare))
            middle, spread = list(curve.mean), list(curve.std)
            low = [m - s for m, s in zip(middle, spread, strict=True)]
            high = [m + s for m, s in zip(middle, spread, strict=True)]
            if name != "pass_at_n":
                axes.fill_between(ns, low, high, color=colour, alpha=0.13, linewidth=0)
            face = colour if marker in ("o", "^") else "white"
            axes.plot(ns, middle, color=colour, linestyle=line, marker=marker, label=label, markerfacecolor=face)
        _along_n(axes, ns)
        axes.set_ylabel("Problems solved")
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
        axes.grid(axis="y")
        # Outside: whatever the curves do, no word lies on a line.
        figure.legend(loc="outside upper center", ncols=2 if len(curves) in (2, 4) else 3, columnspacing=1.3)
        return figure


def _along_n(axes: Any, ns: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("N, solutions sampled for a problem")
    axes.xaxis.set_major_locator(FixedLocator([float(n) for n in _apart(ns)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))


def _apart(ns: Sequence[int], factor: float = 1.5) -> list[int]:
    """Those N whose labels do not run into each other on a log scale; the last one always."""
    kept = [ns[-1]]
    for n in reversed(ns[:-1]):
        if kept[-1] / n >= factor:
            kept.append(n)
    return kept[::-1]


def reliability(found: Mapping[str, Calibration]) -> Figure:
    """What was said against what was so, each bin with its 95 % interval; under it how often each was said."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.1, 5.0), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        upper.plot([0, 1], [0, 1], color=PALE, linewidth=0.9, linestyle=(0, (4, 3)), label="Perfect")
        for number, ((name, calibration), (colour, line, marker)) in enumerate(
            zip(found.items(), cycle(_SPARE), strict=False)
        ):
            bins = [one for one in calibration.bins if one.predicted is not None]
            label = name if calibration.error is None else f"{name} (error {calibration.error:.3f})"
            predicted, observed = [one.predicted for one in bins], [one.observed for one in bins]
            low, high = (
                zip(*(wilson((one.observed or 0.0) * one.steps, one.steps) for one in bins), strict=True)
                if bins
                else ((), ())
            )
            upper.vlines(predicted, low, high, color=colour, linewidth=0.9, alpha=0.6)
            upper.plot(
                predicted,
                observed,
                color=colour,
                linestyle=line,
                marker=marker,
                label=label,
                markerfacecolor=colour if number % 2 == 0 else "white",
            )
            edges = [one.low for one in calibration.bins] + [1.0]
            shares = [one.steps / max(calibration.steps, 1) for one in calibration.bins]
            lower.stairs(
                shares, edges, color=colour, fill=number == 0, alpha=0.35 if number == 0 else 1.0, linestyle=line
            )
        upper.set(ylabel="Share of steps that are good", ylim=(-0.02, 1.02), xlim=(-0.02, 1.02))
        lower.set(xlabel="P(good) that the model gives", ylabel="Steps")
        for axes in (upper, lower):
            axes.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
            axes.grid()
        figure.legend(loc="outside upper center", ncols=1)
        return figure


def write(figure: Figure, path: Path) -> None:
    """As SVG or PNG by the file's ending; appears whole."""
    if path.suffix not in ENDINGS:
        raise ValueError(f"a figure is written as {' or '.join(ENDINGS)}, not {path.suffix or 'without an ending'}")
    beside = path.with_name(f".{path.name}.new")
    try:
        with mpl.rc_context(STYLE):
            # No date: the same numbers are the same file.
            metadata = {"Date": None, "Creator": None} if path.suffix == ".svg" else {"Software": None}
            figure.savefig(beside, format=path.suffix[1:], dpi=DPI, metadata=metadata)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
