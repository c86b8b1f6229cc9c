"""Tokens: labels at step ends, pieces that do not depend on what follows, whole steps or none, special tokens as text."""

import pytest

from activelearning.rewardmodel.data import Encoder, Layout, LayoutError, encode, label_examples
from activelearning.rewardmodel.examples import Example
from activelearning.rewardmodel.forms import Form
from activelearning.rewardmodel.model import PAD, train_tokenizer

TEXTS = ["Mia has $12$ marbles.", "She finds $3$: $12 + 3 = 15$.", "So she has 15."] * 3


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(train_tokenizer(TEXTS, 400))


def test_a_separator_stands_before_the_first_step_and_an_end_after_each(encoder: Encoder) -> None:
    tokens = encode(encoder, TEXTS[0], TEXTS[1:3], max_length=1000)
    first, second = (encoder.text(text) for text in TEXTS[1:3])
    prompt = [*encoder.layout.start, *encoder.text(TEXTS[0]), *encoder.layout.separator]
    end = list(encoder.layout.step_end)
    assert tokens.ids.tolist() == [*prompt, *first, *end, *second, *end]
    assert encoder.layout.separator
    assert tokens.ends.tolist() == [len(prompt) + len(first), len(tokens.ids) - 1]


def test_tokens_of_a_prefix_do_not_depend_on_what_follows(encoder: Encoder) -> None:
    short = encode(encoder, TEXTS[0], TEXTS[1:2], max_length=1000)
    long = encode(encoder, TEXTS[0], TEXTS[1:3], max_length=1000)
    assert long.ids[: len(short.ids)].tolist() == short.ids.tolist()


def test_digits_are_one_token_each_wherever_they_stand(encoder: Encoder) -> None:
    assert encoder.text("1")[0] in encoder.text("$12 + 3 = 15$")
    assert encoder.text("5")[0] in encoder.text(" = 15$")


def test_special_tokens_written_out_are_text(encoder: Encoder) -> None:
    assert len(encoder.text(PAD)) > 1
    assert 0 not in encoder.text(f"a {PAD} b")


def test_any_text_can_be_written(encoder: Encoder) -> None:
    for text in ("", "\x07 ∑ 日本 🙂 \u202e", "  two  spaces\n\n\ttab"):
        assert encoder._backend.decode(encoder.text(text)) == text


def test_whole_steps_are_left_out_beyond_the_cap_and_counted(encoder: Encoder) -> None:
    whole = encode(encoder, TEXTS[0], TEXTS[1:3], max_length=1000)
    example = Example(problem=TEXTS[0], steps=tuple(TEXTS[1:3]), ratings=(1, -1), source="f:1")
    (kept,), dropped = label_examples([example], encoder, Form(), max_length=len(whole.ids) - 1)
    assert len(kept.ids) == whole.ends[0] + 1
    assert kept.targets.tolist() == [[0, 0, 1]]
    assert dropped.counts == {"steps_over_length": 1}
    (kept,), dropped = label_examples([example], encoder, Form(), max_length=len(whole.ids))
    assert kept.targets.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert not dropped.counts


def test_a_prompt_that_does_not_fit_is_reported_with_its_line(encoder: Encoder) -> None:
    example = Example(problem=TEXTS[0] * 9, steps=("a",), ratings=(1,), source="f:7")
    found, dropped = label_examples([example], encoder, Form(), max_length=30)
    assert not found
    assert dropped.sources == {"prompt_too_long": ["f:7"]}


def test_unrated_steps_have_no_target_and_a_solution_of_them_is_left_out(encoder: Encoder) -> None:
    examples = [
        Example(problem="p", steps=("a", "b"), ratings=(None, 0)),
        Example(problem="p", steps=("a",), ratings=(None,)),
    ]
    (kept,), dropped = label_examples(examples, encoder, Form(), max_length=100)
    assert kept.targets.tolist() == [[0, 1, 0]]
    assert dropped.counts == {"without_label": 1}


def test_an_orm_is_labelled_at_every_token_of_the_steps(encoder: Encoder) -> None:
    example = Example(problem=TEXTS[0], steps=tuple(TEXTS[1:3]), right=True)
    (kept,), _ = label_examples([example], encoder, Form(kind="orm", labels=2), max_length=1000)
    prompt = len(encoder.prompt(TEXTS[0]))
    assert kept.positions.tolist() == list(range(prompt, len(kept.ids)))
    assert kept.targets.tolist() == [[0, 1]] * len(kept.positions)


def test_a_layout_that_is_not_token_ids_is_refused() -> None:
    good = {"start": [], "separator": [3], "step_end": [3]}
    assert Layout.from_dict(good, vocabulary=4) == Layout((), (3,), (3,))
    for wrong in ({"separator": []}, {"separator": [4]}, {"step_end": [True]}, {"start": None}):
        with pytest.raises(LayoutError):
            Layout.from_dict(good | wrong, vocabulary=4)
