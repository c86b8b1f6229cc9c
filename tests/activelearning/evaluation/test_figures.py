"""Figures: the same bytes for the same numbers, every rule named, told apart without colour."""

from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from activelearning.evaluation import figures
from activelearning.evaluation.best_of_n import PAPERS_N, Curve
from activelearning.evaluation.calibration import calibration

NS = [1, 2, 4, 8]
CURVES = {
    name: Curve(mean=tuple(0.3 + at * 0.1 + number * 0.02 for at in range(4)), std=(0.05, 0.04, 0.03, 0.0))
    for number, name in enumerate(("prm", "orm", "majority", "weighted_prm", "pass_at_n"))
}
FOUND = {"model": calibration([0.1, 0.9, 0.95], [False, True, True]), "other": calibration([], [])}


@pytest.mark.parametrize("ending", figures.ENDINGS)
def test_the_same_numbers_are_the_same_file(tmp_path: Path, ending: str) -> None:
    for name, draw in (("n", lambda: figures.best_of_n(NS, CURVES)), ("r", lambda: figures.reliability(FOUND))):
        first, second = tmp_path / f"{name}1{ending}", tmp_path / f"{name}2{ending}"
        for path in (first, second):
            figures.write(draw(), path)
        assert first.read_bytes() == second.read_bytes()
        assert b"dc:date" not in first.read_bytes()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_an_svg_is_whole_and_a_png_is_a_png(tmp_path: Path) -> None:
    for path in (tmp_path / "n.svg", tmp_path / "n.png"):
        figures.write(figures.best_of_n(NS, CURVES), path)
    assert ElementTree.parse(tmp_path / "n.svg").getroot().tag.endswith("svg")  # our own file
    assert (tmp_path / "n.png").read_bytes().startswith(b"\x89PNG")


def test_every_curve_is_named_and_no_two_have_the_same_line_and_marker() -> None:
    figure = figures.best_of_n(NS, CURVES | {"a rule of one's own": CURVES["prm"]})
    (axes,) = figure.axes
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == [*(figures.LINES[name][0] for name in CURVES), "a rule of one's own"]
    assert list(axes.lines[0].get_ydata()) == list(CURVES["prm"].mean)
    looks = [(str(figures.LINES[name][2]), figures.LINES[name][3]) for name in CURVES]
    assert all(one[0] != other[0] and one[1] != other[1] for one, other in combinations(looks, 2))


def test_the_band_is_one_standard_deviation_to_either_side() -> None:
    (axes,) = figures.best_of_n(NS, {"prm": CURVES["prm"]}).axes
    (band,) = axes.collections
    heights = {round(float(y), 6) for x, y in band.get_paths()[0].vertices if x == 2}
    assert heights == {round(0.4 - 0.04, 6), round(0.4 + 0.04, 6)}


def test_labels_along_n_do_not_run_into_each_other() -> None:
    (axes,) = figures.best_of_n(PAPERS_N, {"majority": Curve(mean=(0.5,) * 14, std=(0.0,) * 14)}).axes
    ticks = [int(tick) for tick in axes.get_xticks()]
    assert ticks[-1] == 1860
    assert all(high / low >= 1.5 for low, high in pairwise(ticks))


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.svg or \.png, not \.pdf"):
        figures.write(figures.best_of_n(NS, CURVES), tmp_path / "n.pdf")
