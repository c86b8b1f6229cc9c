"""What a report says, in plain sentences made of its own numbers: also where it does not pay, and what must not be claimed of it."""

from collections.abc import Mapping
from typing import Any

Report = Mapping[str, Any]

_RULES = {
    "majority": "majority voting",
    "orm": "the outcome reward model",
    "zero_label": "its own beginning without a label",
    "orm_same": "an outcome reward model of the same solutions",
}
_METRICS = {"step_auc": "step AUC"}


def findings(report: Report) -> list[str]:
    """A sentence or two each, in the order in which they matter."""
    told = _along_n(report) if report["experiment"] == "best-of-n" else _along_labels(report)
    return [*told, *_cautions(report)]


def _along_n(report: Report) -> list[str]:
    n, prm = report["n"], report["prm"]
    top = n[-1]
    told = [
        f"At N = {top} the process reward model solves {_value(prm, -1)} of the problems; "
        f"{_value(report['pass_at_n'], -1)} have a right solution among their samples."
    ]
    for other in ("majority", "orm", "zero_label", "orm_same"):
        if report.get(other):
            told.append(_against(report, other))
    rise = prm["mean"][-1] - prm["mean"][-2] if len(n) > 1 else 0.0
    if rise > 0:
        told.append(f"It is still rising at the largest N: {_points(rise)} from N = {n[-2]} to {top}.")
    elif len(n) > 1:
        best = max(range(len(n)), key=lambda place: prm["mean"][place])
        told.append(
            f"It no longer rises at the largest N: best at N = {n[best]} ({prm['mean'][best]:.1%}). Among more samples there are more that "
            "mislead it."
        )
    if report.get("majority"):
        orm, votes = report["orm"]["mean"][-1], report["majority"]["mean"][-1]
        word = "above" if orm > votes else "not above"
        told.append(f"The outcome reward model is {word} majority voting at N = {top} ({orm:.1%} against {votes:.1%}).")
    orm, nothing = report["orm"]["mean"][-1], report["zero_label"]["mean"][-1]
    if orm <= nothing:
        told.append(
            f"Training on outcomes does not pay: with no label at all as much is solved or more ({nothing:.1%} against {orm:.1%})."
        )
    if report.get("majority") and report["majority"]["mean"][-1] < report["majority"]["mean"][0]:
        told.append(
            "Votes get worse with N: in most problems most solutions share one wrong answer, as this domain is made."
        )
    return told


def _against(report: Report, other: str) -> str:
    name = _RULES[other]
    gap = report["differences"].get(f"prm_less_{other}")
    if gap is None:
        return f"Beside {name}: {_value(report[other], -1)}."
    wins = sum(row[-1] > 0 for row in gap["per_seed"])
    ahead = gap["mean"][-1]
    word = "ahead of" if ahead > 0 else "behind" if ahead < 0 else "away from"
    said = f"It is {_points(abs(ahead))} {word} {name} ({_value(report[other], -1)})"
    said += f", in {wins} of {len(gap['per_seed'])} seeds ahead"
    if gap["low"] is not None:
        said += f"; the interval of the difference is {_signed(gap['low'][-1])} to {_signed(gap['high'][-1])}"
        said += _meeting(report["prm"], report[other])
    middle = len(report["n"]) // 2
    grows = gap["mean"][-1] > gap["mean"][middle]
    return f"{said}. From N = {report['n'][middle]} on the gap {'grows' if grows else 'does not grow'}."


def _meeting(ours: Report, theirs: Report) -> str:
    apart = ours["low"][-1] > theirs["high"][-1] or ours["high"][-1] < theirs["low"][-1]
    return ", and the two intervals do not meet" if apart else ", and the two intervals meet"


def _along_labels(report: Report) -> list[str]:
    told = []
    labels = report["labels"]
    for strategy, found in report["ratio"].items():
        told.append(_ratio(strategy, found))
        behind = [
            count
            for place, count in enumerate(labels)
            if report[strategy]["mean"][place] <= report["uniform"]["mean"][place]
        ]
        if behind:
            listed = ", ".join(map(str, behind))
            told.append(
                f"With {listed} labels {_strategy(strategy)} does not pay: it is level with uniform choice or behind it."
            )
    controls = report["controls"]
    metric = _METRICS.get(report["metric"]) or f"best of {report['n']}"
    first = f"Measured by {metric}. With no label: {_value(controls['zero_label'], 0)}; with the first labels alone: "
    told.append(
        f"{first}{_value(controls['first_labels'], 0)}; uniform choice with {labels[-1]} labels: {_value(report['uniform'], -1)}."
    )
    return told


def _ratio(strategy: str, found: Report) -> str:
    name = _strategy(strategy)
    said = f"Uniform choice needs {found['value']:.2f} times the labels of {name} for the same accuracy"
    if found["beyond"]:
        said += (
            f" or more, for at {found['beyond']} of the curve's places {name} is above all that uniform choice reached"
        )
    if found["low"] is None:
        return f"{said}; there is no interval."
    sure = found["low"] > 1.0 or found["high"] < 1.0
    interval = f"95 % interval over seeds {found['low']:.2f} to {found['high']:.2f}"
    return f"{said} ({interval}{'' if sure else ', which has 1 in it: not shown'})."


def _cautions(report: Report) -> list[str]:
    told = []
    seeds = report["seeds"]
    if seeds["also_tuned_on"]:
        listed = ", ".join(map(str, seeds["also_tuned_on"]))
        told.append(f"Settings were chosen by looking at the seeds {listed}: nothing may be claimed from this report.")
    if len(seeds["reported"]) < 5:
        told.append(f"{len(seeds['reported'])} seeds are few: a claim needs 5 or more.")
    if report["settings"].get("documents"):
        told.append(
            f"All models begin from a small language model that read {report['settings']['documents']:,} worked solutions of this domain, "
            "some with wrong lines taken back. It stands in for a pretrained model; its own word without a label is the zero-label control."
        )
    return told


def _strategy(name: str) -> str:
    return "80/20" if name == "mixed" else name.replace("_", " ")


def _value(line: Report, place: int) -> str:
    said = f"{line['mean'][place]:.1%}"
    return said if line["low"] is None else f"{said} ({line['low'][place]:.1%} to {line['high'][place]:.1%})"


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}"
