"""What a round is told: one validated form, stored as JSON with the round. Unknown keys and wrong values are refused by name."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from activelearning import makers
from activelearning.generators import sampling
from activelearning.generators.sampling import SamplingError
from activelearning.retelling import retold
from activelearning.rewardmodel.config import TINY, ConfigError, for_base
from activelearning.strategies import ensemble, shares
from activelearning.strategies.choose import STRATEGIES, Named, names_of
from annotation.errors import FieldError, InvalidInput

STARTS = ("base", "current")
PROMOTIONS = ("always", "better", "never")
MOST_CHOSEN = 1_000_000
MOST_PASSES = 100
NESTED = ("training", "sampling")  # objects with settings of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundConfig:
    """Defaults that make sense for a first round. `training` goes to the trainer as its own configuration."""

    base: str = TINY  # the small model from scratch, or the name of a transformers folder in DATA_DIR/bases
    training: dict[str, Any] = field(default_factory=dict)
    seed: int = 1
    hold_out: float = 0.1  # the share of problems kept from training, to measure on
    generate: str | dict[str, str] = (
        "pool"  # where candidates come from: pool, scripted, {"local": NAME}, {"server": NAME}
    )
    sampling: dict[str, Any] = field(default_factory=dict)  # how they are sampled, where they are
    dropout_passes: int = 0  # scoring's passes with dropout, for strategies that go by doubt
    strategy: Named = "convincing_wrong"  # or shares of several that add up to 1
    budget: int = 100  # solutions to choose
    per_problem: int | None = 2  # at most so many of one problem, over everything; None: over the whole pool
    uniform_share: float = 0.2  # of the budget at least, chosen by chance beside the strategy
    drop_near_duplicates: bool = False  # of solutions of a problem that say the same, one
    quality_control: int = 0  # solutions whose first wrong step is known, mixed into the batch beside the budget
    approve: bool = False  # hold what was chosen until somebody has looked at it
    labels_each: int = 1
    start_from: str = "base"  # what the training begins from: its base, or the project's current model
    promote: str = "always"  # when the model becomes the current one: always, better (not worse than it), never
    uniform_control: bool = False  # train beside it on as many labels drawn by chance: two small trainings more

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def parse(given: object) -> RoundConfig:
    """The configuration that this JSON object means; raises `InvalidInput` with every field that cannot be as given."""
    if not isinstance(given, dict):
        raise InvalidInput("A round's configuration must be an object.")
    known = {f.name for f in fields(RoundConfig)}
    wrong = [FieldError(str(key), "is not a known field") for key in given if key not in known]
    for name, value in given.items():
        if name in known and (message := _RULES[name](value)):
            wrong.append(FieldError(name, message))
    if not wrong:
        wrong = _refused_together(given)
    if wrong:
        raise InvalidInput(gettext("The round cannot be started as configured."), errors=wrong)
    return RoundConfig(**given)


def _refused_together(given: dict[str, Any]) -> list[FieldError]:
    """The trainer's own rules for `training` (its configuration module needs no torch), and what a strategy needs of it."""
    try:
        trained = for_base(given.get("base", TINY), given.get("training"))
    except ConfigError as error:
        return [FieldError("training", str(error))]
    by_doubt = ensemble.NAME in names_of(given.get("strategy", RoundConfig().strategy))
    if by_doubt and trained.ensemble < 2 and not given.get("dropout_passes"):
        said = gettext(
            "ensemble needs a model of several heads, or passes with dropout: give training an ensemble of 2 or more, or dropout_passes"
        )
        return [FieldError("strategy", said)]
    try:
        sampling.parse(given.get("sampling", {}))
    except SamplingError as error:
        return [FieldError(f"sampling.{name}", retold(said)) for name, said in error.errors.items()]
    return []


def base_path(name: str) -> str:
    """What the trainer is given as `--base`: the word `tiny`, or the folder's path."""
    return TINY if name == TINY else str(makers.bases_folder() / name)


def known_bases() -> list[str]:
    """`tiny`, and the local model folders that an operator has put under DATA_DIR/bases."""
    return [TINY, *makers.known_folders()]


def _number(low: float, high: float, *, whole: bool) -> Callable[[object], str]:
    kinds = (int,) if whole else (int, float)

    def check(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            said = (
                gettext("must be a whole number from %(low)s to %(high)s")
                if whole
                else gettext("must be a number from %(low)s to %(high)s")
            )
            return said % {
                "low": number_format(low, force_grouping=True),
                "high": number_format(high, force_grouping=True),
            }
        return ""

    return check


def _base(value: object) -> str:
    # A name and never a path: whoever may start a round may not read other folders of the server by it.
    known = known_bases()
    said = gettext("must be one of %(known)s (folders are put into DATA_DIR/bases)")
    return "" if value in known else said % {"known": ", ".join(known)}


def _generator(value: object) -> str:
    """A word, or an object of one kind and one name; never a path or an address."""
    if value in (makers.POOL, makers.SCRIPTED):
        return ""
    known = {makers.LOCAL: makers.known_folders(), makers.SERVER: [*makers.known_servers()]}
    if isinstance(value, dict) and len(value) == 1 and (kind := next(iter(value))) in known:
        named = isinstance(value[kind], str) and value[kind] in known[kind]
        said = gettext("must be one of %(known)s")
        return "" if named else said % {"known": ", ".join(known[kind]) or "–"}
    return gettext('must be pool, scripted, {"local": NAME} or {"server": NAME}')


def _passes(value: object) -> str:
    return "" if value == 0 and value is not False else _number(2, MOST_PASSES, whole=True)(value)


def _strategy(value: object) -> str:
    """A name, or an object of shares."""
    if isinstance(value, dict) and value and all(name in STRATEGIES for name in value):
        try:
            shares.checked(value)
        except ValueError:
            return gettext("the shares must be numbers over 0 that add up to 1")
        return ""
    said = gettext("must be one of %(known)s, or an object with the shares of several that add up to 1")
    named = isinstance(value, str) and value in STRATEGIES
    return "" if named else said % {"known": ", ".join(STRATEGIES)}


def _per_problem(value: object) -> str:
    return "" if value is None else _number(1, MOST_CHOSEN, whole=True)(value)


def _object(value: object) -> str:
    return "" if isinstance(value, dict) else "must be an object"


def changes(new: dict[str, Any], old: dict[str, Any]) -> list[dict[str, Any]]:
    """What differs between two stored configurations, field by field; what one of them does not say has its default.

    Each is `{field, old, new, default}`; settings within one stand as `training.NAME` and `sampling.NAME`, None where one was not given.
    """
    defaults, now, before = (_flat({**RoundConfig().as_dict(), **config}) for config in ({}, new, old))
    names = [name for name in {**defaults, **now, **before} if now.get(name) != before.get(name)]
    return [
        {"field": name, "old": before.get(name), "new": now.get(name), "default": defaults.get(name)} for name in names
    ]


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    nested = {f"{name}.{key}": value for name in NESTED for key, value in config[name].items()}
    return {name: value for name, value in config.items() if name not in NESTED} | nested


def trainer_settings(config: RoundConfig) -> dict[str, Any]:
    """Every setting that a training from the round's base has, its defaults spelt out."""
    return for_base(config.base, config.training).as_dict()


def _one_of(*choices: str) -> Callable[[object], str]:
    return lambda value: "" if value in choices else gettext("must be one of %(known)s") % {"known": ", ".join(choices)}


def _flag(value: object) -> str:
    return "" if isinstance(value, bool) else gettext("must be true or false")


_RULES: dict[str, Callable[[object], str]] = {
    "base": _base,
    "training": _object,
    "seed": _number(0, 2**31 - 1, whole=True),
    "hold_out": _number(0.01, 0.5, whole=False),
    "generate": _generator,
    "sampling": _object,
    "dropout_passes": _passes,
    "strategy": _strategy,
    "budget": _number(1, MOST_CHOSEN, whole=True),
    "per_problem": _per_problem,
    "uniform_share": _number(0, 1, whole=False),
    "drop_near_duplicates": _flag,
    "quality_control": _number(0, MOST_CHOSEN, whole=True),
    "approve": _flag,
    "labels_each": _number(1, 20, whole=True),
    "start_from": _one_of(*STARTS),
    "promote": _one_of(*PROMOTIONS),
    "uniform_control": _flag,
}
