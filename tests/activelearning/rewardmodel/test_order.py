"""The order of training: random, repeatable, every solution once."""

from activelearning.rewardmodel.order import epoch_batches, epochs_needed


def batches(seed: int = 1, epoch: int = 0) -> list[list[int]]:
    return epoch_batches(500, batch_size=16, seed=seed, epoch=epoch)


def test_every_solution_comes_once_an_epoch_in_batches_of_one_size() -> None:
    assert sorted(index for batch in batches() for index in batch) == list(range(500))
    assert [len(batch) for batch in batches()] == [16] * 31 + [4]


def test_the_order_is_the_seeds_and_another_in_every_epoch() -> None:
    assert batches() == batches()
    assert batches() != batches(epoch=1)
    assert batches() != batches(seed=2)


def test_little_data_is_seen_more_often_up_to_a_limit() -> None:
    assert epochs_needed(1000, epochs=4, min_tokens=0, max_epochs=60) == 4
    assert epochs_needed(1000, epochs=4, min_tokens=9500, max_epochs=60) == 10
    assert epochs_needed(1, epochs=4, min_tokens=9500, max_epochs=60) == 60
