"""Did the round help? Rules by name over a round's figures (`outcome.py`). Pure: the same figures give the same findings.

A finding is a rule that holds, with its tone and the numbers that it rests on; the first is the verdict, the others are warnings. Nothing
is called better or worse unless a 95 % interval of the paired difference says so.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

LEAST_LABELS = 10  # under so many labelled items a share says nothing
INFLATION = 0.15  # mean score of items drawn by chance, above the upper end of what labellers found right
INFLATION_GROWTH = 0.1  # of the same gap on the items that the strategy chose, against the round before
NEAR_IDENTICAL = 0.2  # share of the chosen that say what another says
NARROWER = 2 / 3  # of the share of different problems (or answers) that rounds before chose
CALIBRATION = 0.1  # expected calibration error
CALIBRATION_GROWTH = 0.05
ONE_SIDED = 0.05  # share of the rarer kind among labelled solutions
GRADERS = 0.1  # share of answers on which the two graders part

Figures = Mapping[str, Any]
Finding = dict[str, Any]
GOOD, BAD, WARN, PLAIN = "good", "bad", "warn", "plain"


def findings(figures: Figures) -> list[Finding]:
    """The verdict first, then every warning whose rule holds, in the order of `WARNINGS`."""
    return [verdict(figures), *(found for rule in WARNINGS if (found := rule(figures)) is not None)]


def verdict(figures: Figures) -> Finding:
    """Exactly one of: not_measured, first_round, not_compared, helped, hurt, mixed, no_difference, too_little."""
    if not figures.get("step", {}).get("solutions") and not figures.get("best_of_n"):
        return _finding("not_measured", WARN)
    against = figures.get("against") or {}
    if not against.get("model"):
        return _finding("first_round", PLAIN)
    if against.get("why_not"):
        return _finding("not_compared", WARN, why=against["why_not"], against=against["model"])
    gains = gains_of(against)
    known = {name: gain for name, gain in gains.items() if gain["interval"] is not None}
    if not known:
        return _finding("too_little", PLAIN, against=against["model"])
    up = {name: gain for name, gain in known.items() if gain["interval"]["low"] > 0}
    down = {name: gain for name, gain in known.items() if gain["interval"]["high"] < 0}
    facts = {"against": against["model"], "gains": known}
    if up and down:
        return _finding("mixed", WARN, **facts, up=sorted(up), down=sorted(down))
    if up:
        return _finding("helped", GOOD, **facts, up=sorted(up))
    if down:
        return _finding("hurt", BAD, **facts, down=sorted(down))
    return _finding("no_difference", PLAIN, **facts)


def gains_of(against: Figures) -> dict[str, Figures]:
    """The two differences that count: step AUC, and best-of-N at the most samples; those that could be said at all."""
    found: dict[str, Figures] = {}
    step = (against.get("step") or {}).get("step_auc")
    if step and step["difference"] is not None:
        found["step_auc"] = step
    sampled = against.get("best_of_n")
    if sampled and sampled["differences"] and sampled["n"][-1] > 1:
        found["best_of_n"] = {**sampled["differences"][-1], "n": sampled["n"][-1]}
    return found


# --- signs of instability -------------------------------------------------------------------------------------------


def inflated(figures: Figures) -> Finding | None:
    """Of the last round's items drawn by chance, the scores promise more than labellers found: no strategy explains that."""
    last = _last(figures).get("by_chance") or {}
    if (last.get("labelled") or 0) < LEAST_LABELS or last.get("right_interval") is None:
        return None
    if last["mean_score"] - last["right_interval"]["high"] <= INFLATION:
        return None
    return _finding("inflated", BAD, **_promise(last))


def inflation_grows(figures: Figures) -> Finding | None:
    """Of what the strategy chose, scores and labels part further than a round before. That they part at all is what it looks for."""
    rounds = [row for row in figures.get("chosen", []) if (row["by_strategy"].get("labelled") or 0) >= LEAST_LABELS]
    if len(rounds) < 2:
        return None
    now, before = (_gap(row["by_strategy"]) for row in rounds[:2])
    if now - before <= INFLATION_GROWTH:
        return None
    return _finding("inflation_grows", WARN, **_promise(rounds[0]["by_strategy"]), gap=now, gap_before=before)


def narrower(figures: Figures) -> Finding | None:
    """What was chosen now spreads over fewer different problems or answers than what rounds before chose."""
    now = figures.get("diversity") or {}
    earlier = [row for row in now.get("earlier", []) if row["chosen"] >= LEAST_LABELS]
    if (now.get("chosen") or 0) < LEAST_LABELS or not earlier:
        return None
    for name in ("problems", "answers"):
        before = median(row[name] / row["chosen"] for row in earlier)
        share = now[name] / now["chosen"]
        if share < NARROWER * before:
            return _finding("narrower", WARN, of=name, share=share, before=before)
    return None


def near_identical(figures: Figures) -> Finding | None:
    """Labellers would be asked the same thing over and over."""
    now = figures.get("diversity") or {}
    looked = now.get("texts") or 0
    if looked < LEAST_LABELS or now["near_identical"] / looked <= NEAR_IDENTICAL:
        return None
    return _finding("near_identical", WARN, share=now["near_identical"] / looked)


def overconfident(figures: Figures) -> Finding | None:
    """Probabilities that are not to be believed, and less so than before where that is known."""
    error = (figures.get("step") or {}).get("calibration_error")
    before = (figures.get("against") or {}).get("calibration_error")
    if error is None or error <= CALIBRATION or (before is not None and error - before <= CALIBRATION_GROWTH):
        return None
    return _finding("overconfident", WARN, error=error, before=before)


def one_sided(figures: Figures) -> Finding | None:
    """Nearly all labelled solutions are right, or nearly all wrong: there is little difference to learn."""
    labels = figures.get("labels") or {}
    if (labels.get("solutions") or 0) < LEAST_LABELS:
        return None
    share = labels["right"] / labels["solutions"]
    return _finding("one_sided", WARN, share=share) if min(share, 1 - share) < ONE_SIDED else None


def graders_part(figures: Figures) -> Finding | None:
    """ "Wrong" is what the graders say: where they part, the strategy looks at less than there is."""
    graders = figures.get("graders") or {}
    if (graders.get("graded") or 0) < LEAST_LABELS or graders["parted"] / graders["graded"] <= GRADERS:
        return None
    return _finding("graders_part", WARN, share=graders["parted"] / graders["graded"])


def chance_is_better(figures: Figures) -> Finding | None:
    """As many labels drawn by chance teach more than as many of those that there are."""
    gain = ((figures.get("control") or {}).get("difference") or {}).get("step_auc") or {}
    interval = gain.get("interval")
    if interval is None or interval["high"] >= 0:
        return None
    return _finding("chance_is_better", WARN, difference=gain["difference"], interval=interval)


WARNINGS: Sequence[Callable[[Figures], Finding | None]] = (
    inflated,
    inflation_grows,
    narrower,
    near_identical,
    overconfident,
    one_sided,
    graders_part,
    chance_is_better,
)


def _finding(rule: str, tone: str, **facts: Any) -> Finding:
    return {"rule": rule, "tone": tone, "facts": facts}


def _last(figures: Figures) -> Figures:
    """Of the rounds before that have labels, the latest."""
    return next(iter(figures.get("chosen", [])), {})


def _gap(row: Figures) -> float:
    return float(row["mean_score"] - row["right"] / row["labelled"])


def _promise(row: Figures) -> dict[str, Any]:
    return {"mean_score": row["mean_score"], "right": row["right"] / row["labelled"], "labelled": row["labelled"]}
