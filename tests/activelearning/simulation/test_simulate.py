"""`manage.py simulate`: each experiment once, as small as it goes. What is asserted are rules, never gains."""

import json
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.management import CommandError, call_command

from activelearning.simulation import active_learning, learning, replay
from activelearning.simulation.attempts import draw
from activelearning.simulation.run import Teller
from activelearning.simulation.settings import for_domain

SMALL = {
    "documents": 48,
    "problems": 3,
    "samples": 8,
    "trials": 5,
    "labels": 24,
    "outcome_problems": 8,
    "outcome_samples": 4,
    "prm": {"epochs": 1},
    "orm": {"epochs": 1},
    "orm_same": {"epochs": 1},
}
CURVES = {
    "documents": 48,
    "problems": 3,
    "samples": 8,
    "first": 16,
    "labels": [20, 24],
    "pool_problems": 12,
    "pool_samples": 4,
    "per_problem": 4,
    "runs": 1,
    "strategies": ["uniform", "mixed", "convincing_wrong"],
    "training": {"epochs": 1, "min_tokens": 0},
}


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def simulate(folder: Path, experiment: str, config: dict[str, Any], **options: Any) -> dict[str, Any]:
    (folder / "config.json").write_text(json.dumps(config))
    out = StringIO()
    call_command(
        "simulate",
        experiment,
        config=folder / "config.json",
        output=folder / "out",
        json=True,
        stdout=out,
        **({"seeds": 1} | options),
    )
    report: dict[str, Any] = json.loads(out.getvalue())
    assert json.loads((folder / "out" / "report.json").read_text()) == report
    return report


def test_best_of_n_says_every_rule_along_n_and_the_same_again(tmp_path: Path) -> None:
    first, again = (tmp_path / name for name in ("first", "again"))
    first.mkdir()
    again.mkdir()
    report = simulate(first, "best-of-n", SMALL)
    assert report["n"] == [1, 2, 4, 8]
    for rule in ("prm", "orm", "majority", "weighted_prm", "pass_at_n", "zero_label", "orm_same"):
        assert len(report[rule]["mean"]) == len(report[rule]["std"]) == 4
        assert all(0.0 <= value <= 1.0 for value in report[rule]["mean"])
    # One sample leaves nothing to pick, and no rule is above the ceiling.
    assert report["prm"]["mean"][0] == pytest.approx(report["pass_at_n"]["mean"][0])
    for rule in ("prm", "orm"):
        assert all(a <= b + 1e-9 for a, b in zip(report[rule]["mean"], report["pass_at_n"]["mean"], strict=True))
    assert report["seeds"] == {"reported": [101], "tuned_on": [1, 2, 3, 4, 5], "also_tuned_on": []}
    assert any("stands in for a pretrained model" in finding for finding in report["findings"])
    assert any("a claim needs 5" in finding for finding in report["findings"])
    repeated = simulate(again, "best-of-n", SMALL)
    unsteady = ("cpu_seconds", "seconds")
    assert all(repeated[key] == value for key, value in report.items() if key not in unsteady)


def test_numbers_that_rise_have_no_votes_and_no_base(tmp_path: Path) -> None:
    config = SMALL | {"documents": 0, "outcome_problems": 30, "samples": 4}
    report = simulate(tmp_path, "best-of-n", config, domain="increasing", first_seed=2)
    assert report["majority"] is None
    assert report["weighted_prm"] is None
    assert report["prm"]["mean"][0] == pytest.approx(report["zero_label"]["mean"][0])
    assert any("nothing may be claimed" in finding for finding in report["findings"])


def test_active_learning_says_each_strategy_and_its_ratio_and_writes_one_whole_page(tmp_path: Path) -> None:
    report = simulate(tmp_path, "active-learning", CURVES)
    assert report["labels"] == [20, 24]
    for strategy in ("uniform", "mixed", "convincing_wrong"):
        assert len(report[strategy]["mean"]) == len(report[strategy]["std"]) == 2
    assert set(report["ratio"]) == {"mixed", "convincing_wrong"}
    assert set(report["controls"]) == {"zero_label", "first_labels", "pass_at_n"}
    assert report["facts"][0]["convincing_wrong"]["with_an_error"] == [1.0, 1.0]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "http" not in page
    assert 'src="data:image/svg+xml;base64,' in page
    assert "prefers-color-scheme: dark" in page
    assert (tmp_path / "out" / "active-learning.svg").exists()
    assert (tmp_path / "out" / "active-learning.png").exists()


def processbench(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": str(number),
            "problem": f"What is {number} and 1?",
            "steps": [f"{number} and 1", f"is {number + 1 + number % 2}."],
            "final_answer_correct": number % 2 == 0,
            "label": -1 if number % 2 == 0 else 1,
        }
        for number in range(count)
    ]


def test_replay_takes_a_files_labels_as_the_oracle(tmp_path: Path) -> None:
    data = tmp_path / "gsm8k.json"
    data.write_text("".join(json.dumps(row) + "\n" for row in processbench(60)))
    config = {name: CURVES[name] for name in ("first", "labels", "runs", "strategies", "training")}
    report = simulate(tmp_path, "replay", config, data=data)
    assert report["metric"] == "step_auc"
    assert report["data"]["name"] == "gsm8k.json"
    assert (report["solutions"], report["problems"]) == (60, 60)
    assert set(report["controls"]) == {"zero_label", "first_labels"}
    assert report["facts"][0]["convincing_wrong"]["with_an_error"] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("experiment", "options", "reason"),
    [
        ("replay", {}, "replay needs --data"),
        ("best-of-n", {"data": Path("x")}, "nothing else takes it"),
        ("best-of-n", {"labels": [1, 2]}, "one number of labels"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, experiment: str, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("simulate", experiment, output=tmp_path, **options)


def test_a_line_that_cannot_be_replayed_is_named(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text('{"problem": "p", "steps": ["a"]}\n')
    with pytest.raises(CommandError, match=r"rows\.jsonl:1: json: is no PRM800K"):
        call_command("simulate", "replay", data=data, output=tmp_path / "out")


def test_what_is_measured_on_is_a_problem_of_no_training_set() -> None:
    test = draw("arithmetic", "test", problems=60, samples=1, seed=3)
    for stream in ("labelled", "outcomes", "pool"):
        taught = draw("arithmetic", stream, problems=300, samples=1, seed=3, apart_from=test)
        assert len(taught) == 300
        assert not {group[0].problem for group in taught} & {group[0].problem for group in test}
    attempts = [attempt for group in taught for attempt in group]
    pool, held_out = replay.split(attempts, 0.25, seed=1)
    assert len(held_out) == 75
    assert not {attempt.problem for attempt in pool} & {attempt.problem for attempt in held_out}
    assert replay.split(attempts, 0.25, seed=2)[1] != held_out


def test_each_number_of_labels_is_a_round_that_the_models_before_it_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = for_domain("active-learning", "misconceptions")
    small = {
        "first": 10,
        "labels": [16, 40],
        "pool_problems": 12,
        "pool_samples": 6,
        "problems": 3,
        "samples": 4,
        "runs": 2,
    }
    settings = type(settings).of(
        small | {"strategies": ["uniform", "mixed"], "training": {"epochs": 1}}, plain=settings
    )
    taught: list[list[active_learning.Attempt]] = []
    trained = learning.trained

    def noted(attempts: Any, *rest: Any, **more: Any) -> Any:
        taught.append(list(attempts))
        return trained(attempts, *rest, **more)

    monkeypatch.setattr(learning, "trained", noted)
    active_learning.one_seed("misconceptions", settings, 1, Teller(1))
    first, *rounds = taught[::2]
    assert taught[::2] == taught[1::2]
    assert [len(labels) for labels in taught[::2]] == [10, 16, 40, 16, 40]
    for labels in rounds:
        assert labels[:10] == first
        assert len({id(attempt) for attempt in labels}) == len(labels)
    assert rounds[1][:16] == rounds[0]
    # Twenty-four of twelve problems: two of each.
    assert max(Counter(attempt.problem for attempt in rounds[3][16:]).values()) == 2


def test_the_first_labels_are_drawn_by_chance_and_choices_are_the_products_own() -> None:
    attempts = [attempt for group in draw("arithmetic", "pool", problems=10, samples=4, seed=1) for attempt in group]
    first, pool = active_learning.parted(attempts, 10, seed=1)
    assert sorted(map(id, [*first, *pool])) == sorted(map(id, attempts))
    assert active_learning.parted(attempts, 10, seed=1)[0] == first
    assert active_learning.parted(attempts, 10, seed=2)[0] != first
    records = [
        {"problem": a.problem, "steps": list(a.steps), "answer": a.answer, "is_correct": a.right, "id": str(place)}
        | {"prm_score": place / 100, "rating_probs": [{"-1": 0.2, "0": 0.1, "1": 0.7} for _ in a.steps]}
        for place, a in enumerate(pool)
    ]
    wrong = [attempt for attempt in reversed(pool) if not attempt.right]
    places = active_learning.choose(pool, records, "convincing_wrong", 5, 99, seed=1)
    assert [pool[place] for place in places] == wrong[:5]
    one_each = active_learning.choose(pool, records, "uniform", 5, 1, seed=1)
    assert len({pool[place].problem for place in one_each}) == 5
    with pytest.raises(ValueError, match="only 10 solutions of the 11"):
        active_learning.choose(pool, records, "uniform", 11, 1, seed=1)
