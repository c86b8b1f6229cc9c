"""The order of training: random, repeatable, every solution once, little padding."""

from activelearning.rewardmodel.order import epoch_batches, epochs_needed, token_batches

LENGTHS = [(7 * i) % 50 + 1 for i in range(500)]


def batches(seed: int = 1, epoch: int = 0, tokens: int = 400) -> list[list[int]]:
    return epoch_batches(LENGTHS, batch_size=16, batch_tokens=tokens, seed=seed, epoch=epoch)


def test_every_solution_comes_once_an_epoch() -> None:
    assert sorted(index for batch in batches() for index in batch) == list(range(500))


def test_the_order_is_the_seeds_and_another_in_every_epoch() -> None:
    assert batches() == batches()
    assert batches() != batches(epoch=1)
    assert batches() != batches(seed=2)


def test_a_batch_keeps_both_bounds_and_wastes_little() -> None:
    for batch in batches():
        assert len(batch) <= 16
        assert len(batch) * max(LENGTHS[i] for i in batch) <= 400
    padded = sum(len(batch) * max(LENGTHS[i] for i in batch) for batch in batches())
    assert padded < 1.2 * sum(LENGTHS)


def test_one_solution_over_the_bound_goes_alone() -> None:
    assert token_batches([0, 1, 2], [1, 900, 1], batch_size=16, batch_tokens=400) == [[0], [1], [2]]


def test_little_data_is_seen_more_often_up_to_a_limit() -> None:
    assert epochs_needed(1000, epochs=4, min_tokens=0, max_epochs=60) == 4
    assert epochs_needed(1000, epochs=4, min_tokens=9500, max_epochs=60) == 10
    assert epochs_needed(1, epochs=4, min_tokens=9500, max_epochs=60) == 60
