"""ProcessBench (arXiv 2412.06559): is the first wrong step found, and are solutions without one left alone?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from activelearning.evaluation.shares import harmonic, share

NO_ERROR = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessBenchReport:
    """`error_accuracy`: the share of solutions with an error whose prediction is exactly its index; `correct_accuracy`: the share of the
    others for which none was predicted; `f1`: their harmonic mean. None where there is nothing to take a share of."""

    error_accuracy: float | None
    correct_accuracy: float | None
    f1: float | None
    with_error: int
    without_error: int

    def as_dict(self) -> dict[str, float | int | None]:
        return asdict(self)


def predicted(good: Sequence[float], *, threshold: float) -> int:
    """The 0-based first step whose P(good) is under the threshold, `NO_ERROR` for none."""
    return next((index for index, score in enumerate(good) if score < threshold), NO_ERROR)


def report(*, labels: Sequence[int], predictions: Sequence[int | None]) -> ProcessBenchReport:
    """Both are 0-based first wrong steps, -1 for none; one entry a solution. A prediction of None (none was made) is wrong."""
    pairs = list(zip(labels, predictions, strict=True))
    found = [label == said for label, said in pairs if label != NO_ERROR]
    spared = [label == said for label, said in pairs if label == NO_ERROR]
    error_accuracy, correct_accuracy = share(found), share(spared)
    return ProcessBenchReport(
        error_accuracy=error_accuracy,
        correct_accuracy=correct_accuracy,
        f1=harmonic(error_accuracy, correct_accuracy),
        with_error=len(found),
        without_error=len(spared),
    )


def average_f1(reports: Mapping[str, ProcessBenchReport]) -> float | None:
    """The mean over the subsets; None where one of them has none."""
    values = [found.f1 for found in reports.values()]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
