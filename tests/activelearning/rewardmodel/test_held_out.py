"""Problems kept aside: never trained on, measured after each epoch; the best epoch's weights are the ones that stay."""

from pathlib import Path

import pytest

from activelearning.rewardmodel import loop
from activelearning.rewardmodel.examples import DataRefused, Example
from activelearning.rewardmodel.held_out import split_by_problem
from activelearning.rewardmodel.loop import Run
from tests.activelearning.records import mixed_records
from tests.activelearning.rewardmodel.conftest import run_training
from tests.activelearning.rewardmodel.test_training import Stopped, manifest, weights

EXAMPLES = [Example(problem=f"p{number % 10}", steps=(f"s{number}",), ratings=(1,)) for number in range(40)]


def test_all_solutions_of_a_problem_are_on_one_side() -> None:
    learnt, aside = split_by_problem(EXAMPLES, share=0.3, seed=1)
    assert len({example.problem for example in aside}) == 3
    assert not {example.problem for example in aside} & {example.problem for example in learnt}
    assert sorted(learnt + aside, key=EXAMPLES.index) == EXAMPLES
    assert split_by_problem(EXAMPLES, share=0.3, seed=1) == (learnt, aside)
    assert split_by_problem(EXAMPLES, share=0.3, seed=2)[1] != aside
    assert split_by_problem(EXAMPLES, share=0.0, seed=1) == (EXAMPLES, [])


def test_one_problem_cannot_be_parted() -> None:
    with pytest.raises(DataRefused, match=r"1 problem\(s\) cannot be parted"):
        split_by_problem(EXAMPLES[:1], share=0.1, seed=1)


def test_what_is_held_out_is_measured_after_each_epoch_and_stands_in_manifest_and_card(tmp_path: Path) -> None:
    assert run_training(tmp_path, mixed_records(12), held_out=0.25, epochs=3) == 0
    found = manifest(tmp_path / "model")
    assert found["held_out_problems"] == 3
    assert len(found["held_out_epochs"]) == 3
    losses = [epoch["loss"] for epoch in found["held_out_epochs"]]
    assert found["held_out"]["loss"] == min(losses)
    assert 0.0 <= found["held_out"]["first_error_accuracy"] <= 1.0
    card = (tmp_path / "model" / "README.md").read_text()
    assert "On 3 problems held out" in card
    assert f"{found['held_out']['loss']:.4f}" in card


def test_training_stops_when_patience_is_over_and_the_best_epochs_weights_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter([3.0, 2.0, 4.0, 5.0, 1.0])
    monkeypatch.setattr(loop, "measure", lambda model, held_out: {"loss": next(said)})
    assert run_training(tmp_path / "early", mixed_records(12), held_out=0.25, epochs=5, patience=2) == 0
    found = manifest(tmp_path / "early" / "model")
    assert [epoch["loss"] for epoch in found["held_out_epochs"]] == [3.0, 2.0, 4.0, 5.0]
    assert found["best_epoch"] == 2
    kept = weights(tmp_path / "early" / "model")

    # The same training, stopped by hand after its second epoch: these are the weights that were kept.
    step = Run._step
    states: list[str] = []

    def noted(self: Run, number: int) -> None:
        if number == 2 * self.per_epoch:
            states.append(str(number))
            raise Stopped
        step(self, number)

    said = iter([3.0, 2.0])
    with monkeypatch.context() as patched:
        patched.setattr(Run, "_step", noted)
        with pytest.raises(Stopped):
            run_training(tmp_path / "by hand", mixed_records(12), held_out=0.25, epochs=5, patience=2)
    said = iter([6.0, 7.0])
    assert run_training(tmp_path / "by hand", mixed_records(12), held_out=0.25, epochs=5, patience=2) == 0
    assert weights(tmp_path / "by hand" / "model") == kept


def test_patience_without_held_out_problems_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_training(tmp_path, mixed_records(12), patience=1) == 1
    assert "give held_out a share" in capsys.readouterr().err
