"""The form that starts a round. It parses; what may be is `round_config`'s business, whose refusals come back into the form."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from activelearning import automatic, makers, round_config
from activelearning.generators import sampling
from activelearning.generators.sampling import LINES, NUMBERED, PARAGRAPHS, Sampling
from activelearning.rewardmodel.config import TINY
from activelearning.round_config import RoundConfig
from activelearning.strategies import ensemble
from annotation.errors import DomainError
from annotation.pages.forms import PlainForm

STRATEGY_WORDS = {
    "convincing_wrong": _(
        "Convincing wrong answers: scored high by the model, yet graded wrong. It learns most from them."
    ),
    "mixed": _("80/20: four fifths convincing wrong answers, one fifth the most convincing of what remains."),
    "uncertainty": _("Uncertain ones: scored nearest to a half, where the model is least sure."),
    "grader_disagreement": _("Against the grader: scored high and graded wrong, or scored low and graded right."),
    "vote_disagreement": _("Against the vote: of a problem's answers, the best scored one and the most frequent one."),
    "ensemble": _("By doubt: steps that a model's heads, or its passes with dropout, judge differently."),
    "stratified": _("By subject and level: the same number of each, by chance within."),
    "diversity": _(
        "Unlike each other: as far apart as can be by the model’s last hidden states, from a sample by chance."
    ),
    "relabel": _("Labelled ones on which people disagree: to be labelled again."),
    "uniform": _("By chance: a baseline to compare with."),
}
START_WORDS = {
    "base": _("its base: from scratch, so that nothing is handed down"),
    "current": _("the current model: sooner done, and what it got wrong may stay"),
}
PROMOTION_WORDS = {
    "always": _("always, when it has been measured"),
    "better": _("if it is not worse than the current one on the same problems"),
    "never": _("by hand only"),
}
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?")
BASE_WORDS = {TINY: _("tiny: a small model from scratch, minutes on a CPU")}


STEPS_WORDS = {
    LINES: _("one a line"),
    PARAGRAPHS: _("with an empty line between two"),
    NUMBERED: _("each after “Step 1:”, “Step 2:”"),
}
GENERATOR_WORDS = {
    "pool": _("the pool as it stands: nothing is generated"),
    makers.SCRIPTED: _("a script, for sums of the demo's kind"),
    makers.LOCAL: _("the model folder %(name)s"),
    makers.SERVER: _("the server %(name)s"),
}
SAMPLING = "sampling_"  # what the names of its fields begin with
MORE_OF_THE_CHOICE = ("shares", "drop_near_duplicates", "quality_control", "labels_each", "dropout_passes")
TRAINING_AND_MEASURING = ("start_from", "promote", "uniform_control", "hold_out_percent", "seed")


def generator_choices() -> list[tuple[str, str]]:
    """Each as its word, or as kind and name with a colon between them."""
    return [(_flat(one), str(GENERATOR_WORDS[makers.kind_of(one)]) % _named(one)) for one in makers.known()]


def _flat(generate: str | dict[str, str]) -> str:
    return generate if isinstance(generate, str) else ":".join(*generate.items())


def _named(generate: str | dict[str, str]) -> dict[str, str]:
    return {} if isinstance(generate, str) else {"name": next(iter(generate.values()))}


def strategy_choices() -> list[tuple[str, str]]:
    return [(name, str(words)) for name, words in STRATEGY_WORDS.items()]


def base_choices() -> list[tuple[str, str]]:
    return [(name, str(BASE_WORDS.get(name, name))) for name in round_config.known_bases()]


class RoundForm(PlainForm):
    strategy = forms.ChoiceField(choices=strategy_choices, widget=forms.RadioSelect, label=_("What to choose"))
    shares = forms.CharField(
        required=False,
        label=_("A mix of several instead"),
        help_text=_(
            "Shares in percent that add up to 100, as in “convincing_wrong 60, uncertainty 20, uniform 20”; "
            "the strategies' names are those of the documentation. Left empty: the one chosen above."
        ),
    )
    budget = forms.IntegerField(
        min_value=1,
        max_value=round_config.MOST_CHOSEN,
        label=_("Solutions to choose"),
        help_text=_("They become the next batch on the desk."),
    )
    per_problem = forms.IntegerField(
        min_value=1,
        max_value=round_config.MOST_CHOSEN,
        required=False,
        label=_("At most of one problem"),
        help_text=_("Left empty: the best over the whole pool, however many are of one problem."),
    )
    uniform_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label=_("Share chosen by chance (%)"),
        help_text=_(
            "Labels on chosen items alone make a model that is sure of too much. A fifth by chance keeps it honest."
        ),
    )
    drop_near_duplicates = forms.BooleanField(
        required=False,
        label=_("Leave near duplicates out"),
        help_text=_("Of solutions of a problem that say the same, one is chosen."),
    )
    quality_control = forms.IntegerField(
        min_value=0,
        max_value=round_config.MOST_CHOSEN,
        required=False,
        label=_("Quality control: known solutions mixed in"),
        help_text=_("Beside the others, unmarked on the desk: gold ones, then ones that several people judged alike."),
    )
    approve = forms.BooleanField(
        required=False,
        label=_("Hold the batch until it is approved"),
        help_text=_("You look at what was chosen, drop what you do not want, and let the rest through."),
    )
    labels_each = forms.IntegerField(min_value=1, max_value=20, label=_("Labels for each"))
    base = forms.ChoiceField(
        choices=base_choices,
        label=_("Model"),
        help_text=_("It is trained on all labels so far, from this starting point."),
    )
    dropout_passes = forms.IntegerField(
        min_value=0,
        max_value=round_config.MOST_PASSES,
        required=False,
        label=_("Passes with dropout"),
        help_text=_(
            "The pool is scored so many times more with parts of the model left out by chance: how far it parts from itself is its doubt. "
            "0: none; each pass takes as long as scoring does."
        ),
    )
    start_from = forms.ChoiceField(
        choices=lambda: [(name, str(START_WORDS[name])) for name in round_config.STARTS],
        widget=forms.RadioSelect,
        required=False,
        label=_("Training begins from"),
    )
    promote = forms.ChoiceField(
        choices=lambda: [(name, str(PROMOTION_WORDS[name])) for name in round_config.PROMOTIONS],
        widget=forms.RadioSelect,
        required=False,
        label=_("Its model becomes the current one"),
    )
    uniform_control = forms.BooleanField(
        required=False,
        label=_("Compare with labels drawn by chance"),
        help_text=_("Two small models more are trained: on the labels that no strategy chose, and on as many of all."),
    )
    hold_out_percent = forms.IntegerField(
        min_value=1,
        max_value=50,
        label=_("Problems held out (%)"),
        help_text=_("Kept from training to measure the model on; the same problems in every round with this seed."),
    )
    seed = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, label=_("Seed"), help_text=_("The same data and seed give the same round.")
    )
    generate = forms.ChoiceField(
        choices=generator_choices,
        required=False,
        label=_("Where candidates come from"),
        help_text=_("What is generated joins the pool before it is graded, scored and chosen from."),
    )
    sampling_problems = forms.IntegerField(
        min_value=1,
        required=False,
        label=_("Problems to sample"),
        help_text=_("Drawn by chance, others in each round. Left empty: all problems."),
    )
    sampling_samples = forms.IntegerField(
        min_value=1, max_value=sampling.MOST_SAMPLES, required=False, label=_("Samples of each problem")
    )
    sampling_temperature = forms.FloatField(
        min_value=0,
        max_value=2,
        required=False,
        label=_("Temperature"),
        help_text=_("The higher, the more unlike each other; at 0 all samples are the same."),
    )
    sampling_max_tokens = forms.IntegerField(
        min_value=1, max_value=sampling.MOST_TOKENS, required=False, label=_("Most tokens of a sample")
    )
    sampling_steps = forms.ChoiceField(
        choices=lambda: [(name, str(STEPS_WORDS[name])) for name in sampling.STEPS],
        required=False,
        label=_("Steps of a sample"),
    )
    sampling_prompt = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        label=_("Prompt"),
        help_text=_(
            "What a model is given, with {problem} where the problem goes. Left empty: two solved examples in the "
            "format above. A sample without steps or without an answer is dropped and counted."
        ),
    )

    def config(self) -> dict[str, Any]:
        """The filled form as a round's configuration."""
        filled = self.cleaned_data.items()
        given = {name: value for name, value in filled if value != "" and not name.startswith(SAMPLING)}
        if kind_and_name := given.pop("generate", ""):
            kind, colon, name = kind_and_name.partition(":")
            given["generate"] = {kind: name} if colon else kind
        if given.get("generate", "pool") != "pool":
            of_it = {name.removeprefix(SAMPLING): value for name, value in filled if name.startswith(SAMPLING)}
            given["sampling"] = {name: value for name, value in of_it.items() if _is_said(name, value)}
        given["uniform_share"] = given.pop("uniform_percent") / 100
        given["hold_out"] = given.pop("hold_out_percent") / 100
        given["quality_control"] = given.get("quality_control") or 0
        given["dropout_passes"] = given.get("dropout_passes") or 0
        if shares := given.pop("shares", None):
            given["strategy"] = shares
        return given

    def refused(self, error: DomainError) -> None:
        """As every form's, and what is wrong within `sampling` beside its own field."""
        for found in error.errors:
            found.field = found.field.replace("sampling.", SAMPLING)
        super().refused(error)

    def first_fields(self) -> list[forms.BoundField]:
        """What is chosen anew for most rounds."""
        folded = {field.name for group in self.groups() for field in group["fields"]}
        return [field for field in self.visible_fields() if field.name not in folded]

    def groups(self) -> list[dict[str, Any]]:
        """The other fields, folded, each group with its `title`; `open` where something in it is wrong or not as it is by default."""
        by_doubt = self["strategy"].value() == ensemble.NAME  # which asks for passes with dropout
        generates = self["generate"].value() not in (None, "", "pool")
        sampling_fields = [name for name in self.fields if name.startswith(SAMPLING)]
        return [
            self._group(gettext("More about the choice"), MORE_OF_THE_CHOICE, needed=by_doubt),
            self._group(gettext("Training and measuring"), TRAINING_AND_MEASURING),
            self._group(gettext("How a generator samples"), sampling_fields, needed=generates),
        ]

    def _group(self, title: str, names: Iterable[str], *, needed: bool = False) -> dict[str, Any]:
        fields, defaults = [self[name] for name in names], initial(None)
        touched = (field.errors or field.field.has_changed(defaults[field.name], field.value()) for field in fields)
        return {"title": title, "fields": fields, "open": needed or any(touched)}

    def clean_shares(self) -> dict[str, float] | None:
        """“name percent, name percent” as shares; whether they may be is the configuration's business."""
        given: str = self.cleaned_data["shares"].strip()
        pairs = [part.split() for part in given.split(",")] if given else []
        if any(len(pair) != 2 or not _NUMBER.fullmatch(pair[1]) for pair in pairs):
            raise forms.ValidationError(_("Write a name and a number for each, with commas between them."))
        return {name: float(percent) / 100 for name, percent in pairs} or None


def _is_said(name: str, value: Any) -> bool:
    """An empty field means the default, but for the problems: there it means all."""
    return value not in (None, "") or (name == "problems" and value is None)


class AutomaticForm(PlainForm):
    auto_round_after = forms.IntegerField(min_value=1, max_value=automatic.MOST, required=False)


def initial(last: dict[str, Any] | None) -> dict[str, Any]:
    """What the form shows first: the last round's configuration, or the defaults."""
    known = {**RoundConfig().as_dict(), **(last or {})}
    strategy = known["strategy"]
    several = isinstance(strategy, dict)
    sampled = {**Sampling().as_dict(), **known["sampling"]}
    return {
        **known,
        **{f"{SAMPLING}{name}": value for name, value in sampled.items()},
        "generate": _flat(known["generate"]),
        "strategy": next(iter(strategy)) if several else strategy,
        "shares": ", ".join(f"{name} {share * 100:g}" for name, share in strategy.items()) if several else "",
        "uniform_percent": round(known["uniform_share"] * 100),
        "hold_out_percent": round(known["hold_out"] * 100),
    }
