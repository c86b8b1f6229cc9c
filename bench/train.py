"""Training a PRM: our trainer beside TRL 1.13.0's PRMTrainer, on the same rows, model, batch size, learning rate and schedule.

Prints tokens a CPU-second and the mean loss of the first epoch, per run and as ratios; each side in a process of its own, turn by turn.
TRL is installed into a virtual environment beside the bench (it sees this one's torch and transformers); it is none of our dependencies.
Data: PRMBench rows cut at their first error, from $LABELAPP_SHARED_DATA/prmbench.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PEER = "trl==1.13.0"
PEER_NEEDS = ["datasets", "pyarrow", "pandas", "xxhash", "multiprocess", "dill", "fsspec"]
BATCH, RATE, LENGTH = 8, 1e-3, 2048
SHAPE = {
    "hidden_size": 192,
    "intermediate_size": 768,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 6,
    "max_position_embeddings": LENGTH,
    "bos_token_id": None,
    "tie_word_embeddings": False,
}


SETTINGS = {
    "epochs": 1,
    "batch_size": BATCH,
    "learning_rate": RATE,
    "weight_decay": 0.0,
    "warmup": 0.0,
    "schedule": "linear",
    "max_length": LENGTH,
    "checkpoint_seconds": 86_400.0,
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=500)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--peers", type=Path, default=Path(tempfile.gettempdir()) / "labelapp-bench-trl")
    options.add_argument("--side", choices=("ours", "trl", "trl-grouped"), help=argparse.SUPPRESS)
    options.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.side:
        print(json.dumps(ours(given) if given.side == "ours" else trl(given)))
        return
    python = peer(given.peers)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        prepare(work, given.rows)
        found: dict[str, list[dict[str, Any]]] = {"ours": [], "trl": [], "trl-grouped": []}
        for run in range(given.runs):
            for side, results in found.items():
                results.append(one(python if side != "ours" else Path(sys.executable), side, work, run + 1))
                print(f"run {run + 1} {side}: {json.dumps(results[-1])}", flush=True)
    table(found)


def one(python: Path, side: str, work: Path, seed: int) -> dict[str, Any]:
    command = [python, __file__, "--side", side, "--work", work, "--seed", seed]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"{side} failed:\n{done.stderr[-3000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def table(found: dict[str, list[dict[str, Any]]]) -> None:
    print("\n| | tokens a CPU-second | mean loss, epoch 1 |\n| --- | --- | --- |")
    for side, results in found.items():
        speed = statistics.median(result["tokens"] / result["cpu"] for result in results)
        print(f"| {side} | {speed:,.0f} | {statistics.median(result['loss'] for result in results):.4f} |")
    for peer_side in ("trl", "trl-grouped"):
        ratios = [
            (a["tokens"] / a["cpu"]) / (b["tokens"] / b["cpu"])
            for a, b in zip(found["ours"], found[peer_side], strict=True)
        ]
        print(f"ours / {peer_side}: median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def peer(folder: Path) -> Path:
    """The python of an environment with TRL, made at the first time."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        packages = Path(
            subprocess.check_output(
                [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
            ).strip()
        )
        (packages / "labelapp-bench.pth").write_text(sysconfig.get_path("purelib") + "\n")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", PEER, *PEER_NEEDS], check=True)
        (folder / "ready").touch()
    return python


def prepare(work: Path, count: int) -> None:
    """Rows, and the base of both sides."""
    rows = list(first_errors())
    random.Random(0).shuffle(rows)
    (work / "rows.jsonl").write_text("".join(f"{exported(row)}\n" for row in rows[:count]))
    save_base(rows[:count], work / "base")


def save_base(rows: list[dict[str, Any]], folder: Path) -> None:
    """A Qwen2 of 3.1 M parameters, its weights drawn at random, with a tokenizer of these rows."""
    import transformers

    from activelearning.rewardmodel.model import train_tokenizer

    tokenizer = train_tokenizer([text for row in rows for text in (row["prompt"], *row["completions"])], 4096)
    tokenizer.add_special_tokens({"eos_token": "<|end|>"})
    transformers.set_seed(0)
    ids = {
        "vocab_size": len(tokenizer) + 16,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    transformers.Qwen2Model(transformers.Qwen2Config(**SHAPE, **ids)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def first_errors() -> Any:
    from annotation.formats import prmbench
    from annotation.formats.rows import Refusal
    from annotation.formats.source import open_source, read_records

    shared = Path(os.environ.get("LABELAPP_SHARED_DATA") or ROOT.parent / "shared" / "data")
    for path in sorted((shared / "prmbench").glob("*.jsonl")):
        with open_source(path) as stream:
            for read in read_records(stream):
                if isinstance(read, Refusal):
                    continue
                _, modified = prmbench.read(read[1])
                if modified.gold_first_errors:
                    end = modified.gold_first_errors[0] + 1
                    labels = [True] * (end - 1) + [False]
                    yield {"prompt": modified.problem.text, "completions": list(modified.steps[:end]), "labels": labels}


def exported(row: dict[str, Any]) -> str:
    """The line of a `stepwise` export, by the exporter itself: what TRL trains on here is what the product writes, unchanged."""
    from annotation.formats import stepwise

    steps = [
        {"completions": [{"text": text, "rating": 1 if good else -1, "flagged": None}], "chosen_completion": 0}
        for text, good in zip(row["completions"], row["labels"], strict=True)
    ]
    record = {
        "question": {"problem": row["prompt"]},
        "label": {"steps": steps, "finish_reason": "found_error"},
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
    }
    return str(stepwise.write_record(record, neutral="good"))


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def ours(given: argparse.Namespace) -> dict[str, Any]:
    import torch

    from activelearning.rewardmodel.child import Progress
    from activelearning.rewardmodel.config import for_base
    from activelearning.rewardmodel.examples import read_examples
    from activelearning.rewardmodel.training import Inputs, train

    torch.set_num_threads(1)
    base = str(given.work / "base")
    config = for_base(base, SETTINGS)
    examples, _ = read_examples([given.work / "rows.jsonl"], kind="prm", config=config)
    inputs = Inputs(kind="prm", data=(("rows", "rows"),), base=base, seed=given.seed, config=config)
    with tempfile.TemporaryDirectory() as output:
        before = cpu()
        manifest = train(inputs, examples, {}, Path(output), Progress(None, terminal=sys.stderr))
        spent = cpu() - before
    return {"tokens": manifest["tokens"], "cpu": spent, "loss": statistics.mean(manifest["loss"])}


def trl(given: argparse.Namespace) -> dict[str, Any]:
    """Its own defaults but for what both sides share; `trl-grouped` is its sampling by length."""
    import torch
    import transformers
    from datasets import Dataset
    from trl.experimental.prm import PRMConfig, PRMTrainer

    torch.set_num_threads(1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(given.work / "base")
    model = transformers.AutoModelForTokenClassification.from_pretrained(given.work / "base", num_labels=2)
    grouped = {"train_sampling_strategy": "group_by_length"} if given.side == "trl-grouped" else {}
    with tempfile.TemporaryDirectory() as output:
        config = PRMConfig(
            output_dir=output,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            num_train_epochs=1,
            max_length=LENGTH,
            max_completion_length=LENGTH,
            lr_scheduler_type="linear",
            warmup_steps=0,
            logging_steps=1,
            seed=given.seed,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            **grouped,
        )
        rows = Dataset.from_json(str(given.work / "rows.jsonl"))
        trainer = PRMTrainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer)
        tokens = sum(len(ids) for ids in trainer.train_dataset["input_ids"])
        before = cpu()
        trainer.train()
        spent = cpu() - before
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return {"tokens": tokens, "cpu": spent, "loss": statistics.mean(float(loss) for loss in losses)}


if __name__ == "__main__":
    main()
