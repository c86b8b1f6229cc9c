"""What `verdict.py` found, and why a model was promoted or not, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from activelearning.verdict import Finding

Facts = Mapping[str, Any]


def told(finding: Finding) -> str:
    """One or two plain sentences; a rule of a later version is told by its name."""
    tell = _WORDS.get(finding["rule"])
    return tell(finding["facts"]) if tell else str(finding["rule"])


def points(value: float) -> str:
    """A difference of shares, signed, in percentage points."""
    return gettext("%(points)s points") % {"points": _signed(value)}


def between(interval: Facts) -> str:
    """`+1.0 to +7.2 points`"""
    return gettext("%(low)s to %(high)s points") % {end: _signed(interval[end]) for end in ("low", "high")}


def _signed(value: float) -> str:
    shown = number_format(abs(round(value * 100, 1)), 1)
    return f"{'−' if round(value * 100, 1) < 0 else '+'}{shown}"


def share(value: float) -> str:
    return gettext("%(share)s%%") % {"share": number_format(round(value * 100), 0)}


def gain_told(name: str, gain: Facts) -> str:
    """`step AUC +4.1 points (95 % interval +1.0 to +7.2 points)`"""
    n = number_format(gain.get("n", 0), force_grouping=True)
    what = gettext("step AUC") if name == "step_auc" else gettext("best of %(n)s") % {"n": n}
    said = {"what": what, "difference": points(gain["difference"])}
    if gain["interval"] is None:
        return gettext("%(what)s %(difference)s") % said
    return gettext("%(what)s %(difference)s (95 %% interval %(interval)s)") % {
        **said,
        "interval": between(gain["interval"]),
    }


def promotion_told(reason: str, *, promoted: bool) -> str:
    return {
        "never": gettext("It did not become the current model: by its settings that is done by hand."),
        "first": gettext("It became the current model: there was none."),
        "always": gettext("It became the current model: by its settings the newest always does."),
        "no_worse": gettext("It became the current model: it is not worse than the one before."),
        "worse": gettext("It did not become the current model: it is worse than the current one."),
        "not_compared": gettext(
            "It did not become the current model: nothing shows that it is no worse than the current one."
        ),
    }.get(reason, gettext("yes") if promoted else gettext("no"))


def control_told(control: Facts) -> str:
    """What became of the comparison with labels drawn by chance; why there was none."""
    why_not = control.get("why_not")
    if why_not is None:
        gain = control["difference"]["step_auc"]
        if gain["difference"] is None:
            return gettext("Too few labels are held out to compare them.")
        labels = number_format(control["by_chance"], force_grouping=True)
        return gettext("Trained on %(labels)s labels of all kinds instead of %(labels)s drawn by chance: %(gain)s.") % {
            "labels": labels,
            "gain": gain_told("step_auc", gain),
        }
    said = {"by_chance": control.get("by_chance"), "labels": control.get("labels"), "least": control.get("least")}
    return {
        "off": gettext("Not compared with labels drawn by chance: the round was not asked to."),
        "nothing_measured": gettext("Not compared with labels drawn by chance: nothing is measured."),
        "too_few": gettext(
            "Not compared with labels drawn by chance: %(by_chance)s of %(labels)s labels are, and %(least)s are needed."
        )
        % said,
        "nearly_all_by_chance": gettext(
            "Not compared with labels drawn by chance: %(by_chance)s of %(labels)s labels are drawn by chance themselves."
        )
        % said,
    }.get(why_not, str(why_not))


def why_not_told(why: str) -> str:
    """Why a model could not be compared with the one before."""
    return {
        "other_kind": gettext("it is a model of another kind"),
        "files_gone": gettext("its files are gone or changed"),
        "unknown_training": gettext("nobody knows any more which problems it learnt from"),
        "cannot_be_opened": gettext("it cannot be opened any more"),
    }.get(why, why)


# --- a rule a function ----------------------------------------------------------------------------------------------


def _gains(facts: Facts) -> str:
    return "; ".join(gain_told(name, gain) for name, gain in facts["gains"].items())


def _inflated(facts: Facts) -> str:
    return gettext(
        "Its scores promise too much: of the last items drawn by chance the model gave %(mean)s on average, and labellers "
        "found %(right)s right (%(labelled)s labels)."
    ) % _promise(facts)


def _inflation_grows(facts: Facts) -> str:
    return gettext(
        "Scores and labels part further than a round before: the last chosen items scored %(mean)s on average and "
        "%(right)s were right, a gap of %(gap)s after %(before)s."
    ) % {**_promise(facts), "gap": points(facts["gap"]), "before": points(facts["gap_before"])}


def _promise(facts: Facts) -> dict[str, str]:
    return {
        "mean": share(facts["mean_score"]),
        "right": share(facts["right"]),
        "labelled": number_format(facts["labelled"], force_grouping=True),
    }


def _narrower(facts: Facts) -> str:
    said = {"share": share(facts["share"]), "before": share(facts["before"])}
    if facts["of"] == "problems":
        return gettext("The choice narrows: %(share)s as many different problems as items, after %(before)s.") % said
    return gettext("The choice narrows: %(share)s as many different answers as items, after %(before)s.") % said


def _near_identical(facts: Facts) -> str:
    return gettext("%(share)s of the chosen solutions say the same as another chosen one.") % {
        "share": share(facts["share"])
    }


def _overconfident(facts: Facts) -> str:
    said = {"error": points(facts["error"]).removeprefix("+")}
    if facts["before"] is None:
        return gettext("Its probabilities are not to be believed: they are off by %(error)s on average.") % said
    before = points(facts["before"]).removeprefix("+")
    return gettext(
        "Its probabilities are less to be believed than before: off by %(error)s on average, after %(before)s."
    ) % {**said, "before": before}


def _one_sided(facts: Facts) -> str:
    return gettext("%(share)s of the labelled solutions are right: there is little difference to learn.") % {
        "share": share(facts["share"])
    }


def _graders_part(facts: Facts) -> str:
    return gettext(
        "The two graders part on %(share)s of the answers: those count as undecided and are not chosen as convincing wrong."
    ) % {"share": share(facts["share"])}


def _chance_is_better(facts: Facts) -> str:
    return gettext(
        "As many labels drawn by chance teach more than the labels that there are: step AUC %(difference)s for these."
    ) % {"difference": points(facts["difference"])}


_WORDS: dict[str, Callable[[Facts], str]] = {
    "not_measured": lambda _: gettext("Nobody can say whether it helped: nothing was measured."),
    "first_round": lambda _: gettext("The first model: there is none before it to compare with."),
    "not_compared": lambda facts: (
        gettext("Nobody can say whether it helped: of the model before, %(why)s.") % {"why": why_not_told(facts["why"])}
    ),
    "too_little": lambda _: gettext(
        "Nobody can say whether it helped: too few problems are measured on that the model before did not learn from."
    ),
    "helped": lambda facts: gettext("It helped: %(gains)s.") % {"gains": _gains(facts)},
    "hurt": lambda facts: gettext("It got worse: %(gains)s.") % {"gains": _gains(facts)},
    "mixed": lambda facts: gettext("Better in one and worse in the other: %(gains)s.") % {"gains": _gains(facts)},
    "no_difference": lambda facts: (
        gettext("No difference that could not be chance: %(gains)s.") % {"gains": _gains(facts)}
    ),
    "inflated": _inflated,
    "inflation_grows": _inflation_grows,
    "narrower": _narrower,
    "near_identical": _near_identical,
    "overconfident": _overconfident,
    "one_sided": _one_sided,
    "graders_part": _graders_part,
    "chance_is_better": _chance_is_better,
}
