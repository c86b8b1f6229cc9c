"""A model's scores against right and wrong answers, as a paper would print them: one histogram a verdict, and the share that is right."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from threading import Lock

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from activelearning.evaluation.figures import DPI, INK, STYLE

# What each is called in the figure, its fill and its hatching: told apart in grey too.
BARS: dict[str, tuple[str, str, str]] = {
    "right": ("Right", "#009e73", ""),
    "wrong": ("Wrong", "#d55e00", "////"),
    "undecided": ("Undecided", "#c8c8c8", "...."),
    "ungraded": ("Not graded", "#ffffff", ""),
}
# matplotlib's settings are the process's, and the web answers in several threads.
_settings = Lock()


def right_shares(counts: Mapping[str, Sequence[int]]) -> list[float | None]:
    """Of those decided in each bin, the share that is right; None where none is decided."""
    pairs = zip(counts["right"], counts["wrong"], strict=True)
    return [right / (right + wrong) if right + wrong else None for right, wrong in pairs]


def scores(counts: Mapping[str, Sequence[int]]) -> Figure:
    """`counts`: of each verdict, how many solutions have a score in each of equal parts of 0 to 1. Empty verdicts are left out."""
    shown = {name: bars for name, bars in counts.items() if sum(bars)}
    bins = len(counts["right"])
    edges = [number / bins for number in range(bins + 1)]
    with _settings, mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.8, 1.4 + 1.1 * (len(shown) + 1)), layout="constrained")
        upper, *others = figure.subplots(len(shown) + 1, 1, sharex=True, squeeze=False)[:, 0]
        shares = [(edges[n] + 0.5 / bins, share) for n, share in enumerate(right_shares(counts)) if share is not None]
        upper.plot([x for x, _ in shares], [y for _, y in shares], color=INK, marker="o")
        upper.set_ylabel("Right")
        upper.set_ylim(-0.05, 1.05)
        upper.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
        upper.grid(axis="y")
        for axes, (name, bars) in zip(others, shown.items(), strict=True):
            label, colour, hatch = BARS[name]
            axes.stairs(bars, edges, fill=True, facecolor=colour, edgecolor=INK, hatch=hatch, linewidth=0.8)
            axes.set_ylabel(label)
            axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
            axes.set_title(f"{sum(bars):,}", loc="right", fontsize=8, pad=2)
        (others or [upper])[-1].set_xlabel("Score of the solution")
        figure.align_ylabels()
        return figure


def png(figure: Figure) -> bytes:
    written = BytesIO()
    with _settings, mpl.rc_context(STYLE):
        figure.savefig(written, format="png", dpi=DPI, metadata={"Software": "labelapp"})
    return written.getvalue()
