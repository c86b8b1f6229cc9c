"""PRMBench (arXiv 2501.03124): are planted errors told from right steps? The positive class is "this step is right".

Counts are pooled over the steps of all modified solutions; the original ones stand apart, as published: they enter no score, and say how
much is called wrong where nothing is.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedProcess:
    """`good`: P(good) of each step; `errors`: 0-based wrong steps, where one past the end is no step; `classification`: "circular", …

    Both as published: some errors of the published lines lie past the end, and one class is spelt "redundency".
    """

    classification: str
    good: tuple[float, ...]
    errors: frozenset[int]


@dataclass(slots=True)
class Counts:
    """Steps: `right_kept` true positives, `wrong_kept` false positives, `wrong_found` true negatives, `right_lost` false negatives."""

    right_kept: int = 0
    wrong_kept: int = 0
    wrong_found: int = 0
    right_lost: int = 0

    def add(self, judged: JudgedProcess, threshold: float) -> None:
        for index, score in enumerate(judged.good):
            kept = score >= threshold
            if index in judged.errors:
                self.wrong_kept += kept
                self.wrong_found += not kept
            else:
                self.right_kept += kept
                self.right_lost += not kept

    @property
    def f1(self) -> float | None:
        return _f1(self.right_kept, self.wrong_kept, self.right_lost)

    @property
    def negative_f1(self) -> float | None:
        return _f1(self.wrong_found, self.right_lost, self.wrong_kept)

    @property
    def prm_score(self) -> float | None:
        """0.5 F1 + 0.5 negative F1; None where one of the classes is absent."""
        if self.f1 is None or self.negative_f1 is None:
            return None
        return 0.5 * self.f1 + 0.5 * self.negative_f1

    def as_dict(self) -> dict[str, float | int | None]:
        """The scores, and the counts that they are made of."""
        return {"prm_score": self.prm_score, "f1": self.f1, "negative_f1": self.negative_f1, **asdict(self)}


@dataclass(frozen=True, slots=True)
class PrmBenchReport:
    total: Counts
    classes: dict[str, Counts] = field(default_factory=dict)
    originals: Counts = field(default_factory=Counts)


def report(
    judged: Sequence[JudgedProcess], originals: Sequence[JudgedProcess] = (), *, threshold: float = 0.5
) -> PrmBenchReport:
    """Counts of the modified solutions in all and by class, in the order of first sight; of the originals apart."""
    found = PrmBenchReport(Counts())
    for process in judged:
        found.total.add(process, threshold)
        found.classes.setdefault(process.classification, Counts()).add(process, threshold)
    for process in originals:
        found.originals.add(process, threshold)
    return found


def _f1(hits: int, false_alarms: int, misses: int) -> float | None:
    """2TP / (2TP + FP + FN); None where the class neither is there nor was said."""
    total = 2 * hits + false_alarms + misses
    return 2 * hits / total if total else None
