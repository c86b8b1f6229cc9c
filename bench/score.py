"""Scoring solutions with a PRM: ours (what solutions share is read once) beside one by one, and beside one padded batch.

Prints CPU-seconds of one thread per run, the ratios, and the largest difference of a probability from the one-by-one score. The model is
a Qwen2 of 3.0 M parameters with weights drawn at random: what it says costs as much as if it were trained. Steps come from PRMBench, in
$LABELAPP_SHARED_DATA/prmbench.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from activelearning.rewardmodel.attention import over_padded
from activelearning.rewardmodel.data import encode
from activelearning.rewardmodel.packing import side_by_side
from activelearning.rewardmodel.scoring import score_solutions
from bench.train import first_errors, save_base

PROMPT, TOKENS = 383, 735  # of a solution on average, the problem included
Solutions = list[tuple[str, list[str]]]
Probabilities = list[np.ndarray[Any, Any]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    torch.set_num_threads(1)
    rows = list(first_errors())
    model = a_model(rows)
    for name, solutions in (
        ("64 solutions of one problem, no step in common", apart(model, rows)),
        ("256 samples of one problem, a quarter of them duplicates, steps in common", alike(model, rows)),
    ):
        sizes = [len(tokens.ids) for tokens in encoded(model, solutions)]
        print(f"\n{name}: {sum(sizes):,} tokens\n\n| | CPU-seconds, median | runs |\n| --- | --- | --- |")
        ways: dict[str, Callable[[Any, Solutions], Probabilities]] = {
            "ours": ours,
            "one by one": one_by_one,
            "one padded batch": padded,
        }
        spent: dict[str, list[float]] = {way: [] for way in ways}
        said: dict[str, Probabilities] = {}
        for _ in range(given.runs):
            for way, score in ways.items():
                before = time.process_time()
                said[way] = score(model, solutions)
                spent[way].append(time.process_time() - before)
        for way, seconds in spent.items():
            print(f"| {way} | {statistics.median(seconds):.2f} | {', '.join(f'{one:.2f}' for one in seconds)} |")
        for way in ("one by one", "one padded batch"):
            ratios = [theirs / mine for theirs, mine in zip(spent[way], spent["ours"], strict=True)]
            print(f"{way} / ours: median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        differ = max(abs(a - b).max() for a, b in zip(said["ours"], said["one by one"], strict=True))
        print(f"largest difference from one by one: {differ:.1e}")


def a_model(rows: list[dict[str, Any]]) -> Any:
    from activelearning.rewardmodel.config import for_base
    from activelearning.rewardmodel.model import open_base

    with tempfile.TemporaryDirectory() as folder:
        save_base(rows[:500], Path(folder))
        model = open_base(Path(folder), for_base(folder), kind="prm", seed=0)
    model.network.eval()
    return model


# --- what is scored --------------------------------------------------------------------------------------------------


def a_problem(model: Any, rows: list[dict[str, Any]]) -> str:
    """Problems one behind the other, to the length of the measured one."""
    text = rows[0]["prompt"]
    for row in rows[1:]:
        if len(model.encoder.prompt(text)) >= PROMPT:
            break
        text += "\n\n" + row["prompt"]
    return text


def lengths(model: Any, rows: list[dict[str, Any]], count: int, *, mean: float, draw: random.Random) -> list[int]:
    """As different as real solutions are: drawn from PRMBench's, stretched to this mean, none over three times of it."""
    real = [sum(map(len, model.encoder.steps(row["completions"]))) for row in draw.sample(rows, count)]
    return [round(min(length / statistics.mean(real), 3.0) * mean) for length in real]


def apart(model: Any, rows: list[dict[str, Any]]) -> Solutions:
    problem, draw = a_problem(model, rows), random.Random(0)
    steps = [step for row in rows for step in row["completions"]]
    mean = TOKENS - len(model.encoder.prompt(problem))
    sizes = lengths(model, rows, 64, mean=mean, draw=draw)
    return [(problem, walk(model, lambda _: draw.choice(steps), size)) for size in sizes]


def alike(model: Any, rows: list[dict[str, Any]]) -> Solutions:
    """As a sampler writes them: few ways to begin, more with every step; some solutions come out the same."""
    problem, draw = a_problem(model, rows), random.Random(1)
    steps = [step for row in rows for step in row["completions"]]
    mean = TOKENS - len(model.encoder.prompt(problem))

    def next_step(before: list[str]) -> str:
        choices = random.Random(repr(before)).sample(steps, 4)
        return choices[min(int(draw.expovariate(1.2)), 3)]

    sizes = lengths(model, rows, 192, mean=mean, draw=draw)
    found: Solutions = [(problem, walk(model, next_step, size)) for size in sizes]
    found += [draw.choice(found) for _ in range(64)]
    draw.shuffle(found)
    return found


def walk(model: Any, next_step: Callable[[list[str]], str], length: int) -> list[str]:
    """Steps up to about so many tokens, one at least."""
    steps: list[str] = [next_step([])]
    size = 0
    while True:
        size += sum(map(len, model.encoder.steps(steps[-1:])))
        if size >= length - 15:
            return steps
        steps.append(next_step(steps))


# --- how -------------------------------------------------------------------------------------------------------------


def encoded(model: Any, solutions: Solutions) -> list[Any]:
    return [encode(model.encoder, problem, steps, max_length=model.limit) for problem, steps in solutions]


def ours(model: Any, solutions: Solutions) -> Probabilities:
    return [np.array(score.rating_probs) for score in score_solutions(model, solutions)]


def one_by_one(model: Any, solutions: Solutions) -> Probabilities:
    """As any transformers model is used: a solution a call, with the library's own attention."""
    return with_plain_attention(model, solutions, size=1)


def padded(model: Any, solutions: Solutions) -> Probabilities:
    return with_plain_attention(model, solutions, size=len(solutions))


@torch.inference_mode()
def with_plain_attention(model: Any, solutions: Solutions, *, size: int) -> Probabilities:
    packed = model.network.config._attn_implementation
    model.network.set_attn_implementation("sdpa")
    tokens = encoded(model, solutions)
    found: Probabilities = []
    for begin in range(0, len(tokens), size):
        batch = tokens[begin : begin + size]
        row = side_by_side([one.ids for one in batch])
        said = over_padded(model.network, row).double().softmax(-1).numpy()
        found += [said[places[one.ends]] for places, one in zip(row.places, batch, strict=True)]
    model.network.set_attn_implementation(packed)
    return found


if __name__ == "__main__":
    main()
