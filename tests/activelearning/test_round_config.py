"""What differs between two rounds' configurations."""

from activelearning.round_config import RoundConfig, changes


def test_only_what_differs_is_named_with_its_default() -> None:
    old, new = RoundConfig(budget=50, strategy="mixed"), RoundConfig(budget=200, strategy="mixed", per_problem=None)
    assert changes(new.as_dict(), old.as_dict()) == [
        {"field": "budget", "old": 50, "new": 200, "default": 100},
        {"field": "per_problem", "old": 2, "new": None, "default": 2},
    ]
    assert changes(new.as_dict(), new.as_dict()) == []


def test_settings_of_the_trainer_stand_by_themselves() -> None:
    old, new = {"training": {"epochs": 2, "hidden": 32}}, {"training": {"epochs": 3}}
    assert changes(new, old) == [
        {"field": "training.epochs", "old": 2, "new": 3, "default": None},
        {"field": "training.hidden", "old": 32, "new": None, "default": None},
    ]


def test_what_an_older_round_does_not_say_has_its_default() -> None:
    assert changes(RoundConfig().as_dict(), {"budget": 100}) == []
    assert [row["field"] for row in changes({"promote": "better"}, {})] == ["promote"]
