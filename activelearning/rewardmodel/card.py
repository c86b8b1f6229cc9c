"""The model card: a README in the checkpoint's folder that says what it learnt from, what it is worth, and how to score with it."""

from collections.abc import Mapping
from typing import Any

from activelearning.rewardmodel.forms import Form

NAME = "README.md"
MEASURED = "## Measured by its round"
_MEASURES = (
    ("step AUC", "step_auc", "step_auc_interval"),
    ("first error found", "first_error_accuracy", "first_error_interval"),
    ("F1", "f1", "f1_interval"),
    ("expected calibration error", "calibration_error", ""),
)

_OPENING = {"classification": "AutoModelForTokenClassification", "rating-tokens": "AutoModelForCausalLM"}


def card(manifest: dict[str, Any], form: Form, layout: dict[str, list[int]]) -> str:
    """Markdown, with the front matter that model hubs read."""
    kind = "process" if form.kind == "prm" else "outcome"
    data = "\n".join(f"| `{one['name']}` | `{one['sha256']}` |" for one in manifest["data"])
    labels = ", ".join(f"{count} of {name}" for name, count in manifest["labels"].items())
    left_out = ", ".join(f"{count} {reason}" for reason, count in manifest["left_out"].items()) or "none"
    dropped = ", ".join(f"{count} {reason}" for reason, count in manifest["dropped"].items()) or "none"
    return f"""---
library_name: transformers
tags: [reward-model, {kind}-reward-model]
---

# A {kind} reward model

{_what_it_says(form)} Trained by labelapp from `{manifest["base"]}` with seed {manifest["seed"]}: {manifest["examples"]} examples
({labels}), {manifest["epochs"]} epochs, {manifest["steps"]} steps. Records left out by rule: {left_out}. Over the length: {dropped}.

| data | SHA-256 |
| --- | --- |
{data}

**Neutral steps** (rating 0) count as **{form.neutral}** in a solution's score.

{_metrics(manifest)}

## Score a solution

{_how(form, layout)}
"""


def with_measures(text: str, metrics: Mapping[str, Any], sampled: Mapping[str, Any] | None) -> str:
    """The card with what was measured after the training, in the place of what was measured before.

    `metrics` is a step report (`on`: evaluation or held_out); `sampled` a best-of-N report, or None.
    """
    before, _, rest = text.partition(MEASURED)
    _, _, after = rest.partition("\n## ")
    rows = "".join(
        f"| {name} | {metrics[key]:.4f}{_between(metrics.get(interval))} |\n"
        for name, key, interval in _MEASURES
        if metrics.get(key) is not None
    )
    if sampled:
        accuracy = [
            f"{sampled['prm'][end][-1]:.4f}" for end in ("mean", "low", "high") if sampled["prm"][end][-1] is not None
        ]
        spread = f" ({' to '.join(accuracy[1:])})" if len(accuracy) == 3 else ""
        rows += f"| best of {sampled['n'][-1]}, {sampled['problems']} problems | {accuracy[0]}{spread} |\n"
    place = "of the evaluation set" if metrics.get("on") == "evaluation" else "held out from training"
    said = f"On {metrics.get('solutions') or 0} labelled solutions of {metrics.get('problems') or 0} problems {place}"
    section = f"{MEASURED}\n{said} (95 % intervals over problems):\n\n| | |\n| --- | --- |\n{rows}"
    return f"{before.rstrip()}\n\n{section}" + (f"\n## {after}" if after else "")


def _between(interval: Mapping[str, float] | None) -> str:
    return f" ({interval['low']:.4f} to {interval['high']:.4f})" if interval else ""


def _what_it_says(form: Form) -> str:
    names = ", ".join(f"`{name}`" for name in form.label_names)
    if form.kind == "orm":
        return f"At every token of a solution: is its final answer right ({names})? The last token's probability is the score."
    said = f"After each step of a solution, one of {names}. A solution's score is the product over steps of P(the step is good)."
    return (
        said
        if form.heads == 1
        else f"{said} It has {form.heads} heads, whose mean counts and whose spread says how sure it is."
    )


def _metrics(manifest: dict[str, Any]) -> str:
    """What the held-out problems said of the weights that were kept; else what training saw, which is no measure of worth."""
    if manifest["held_out"] is None:
        return f"Nothing was held out. Running accuracy at the end of training: {manifest['step_accuracy']:.3f}."
    measures = manifest["held_out"]
    rows = "\n".join(f"| {name} | {value:.4f} |" for name, value in measures.items() if isinstance(value, float))
    return f"On {manifest['held_out_problems']} problems held out:\n\n| | |\n| --- | --- |\n{rows}"


def _how(form: Form, layout: dict[str, list[int]]) -> str:
    if form.name == "qwen2-prm":
        return (
            "`python -m activelearning.rewardmodel.score --model FOLDER --input solutions.jsonl`, or "
            "`vllm serve FOLDER --runner pooling` and the published chat with `<extra_0>` after each step."
        )
    labels = len(form.label_names)
    pick = f"[:, {list(form.tokens)}]" if form.tokens else f".view(-1, {form.heads}, {labels})"
    mean = "" if form.tokens else ".mean(1)"
    good = "1" if form.kind == "orm" or labels == 2 else "1:" if form.neutral == "good" else "2:"
    step_good = f"p[:, {good}]" + (".sum(-1)" if good.endswith(":") else "")
    total = "good[-1]" if form.kind == "orm" else "good.prod()"
    return f"""```python
import torch
from transformers import AutoTokenizer, {_OPENING[form.name]}

tokenizer = AutoTokenizer.from_pretrained(folder)
model = {_OPENING[form.name]}.from_pretrained(folder).eval()
ids, ends = {layout["start"]} + tokenizer.encode(problem, add_special_tokens=False) + {layout["separator"]}, []
for step in steps:
    ids += tokenizer.encode(step, add_special_tokens=False) + {layout["step_end"]}
    ends.append(len(ids) - 1)
with torch.no_grad():
    p = model(input_ids=torch.tensor([ids])).logits[0, ends]{pick}.softmax(-1){mean}
good = {step_good}
score = {total}
```"""
