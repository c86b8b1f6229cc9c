"""Samples of a transformers causal language model on this machine's device; torch is imported here, so only child processes import this.

A folder is opened as a reward model's base is: safetensors and JSON, no code of its own. All samples of a problem make a batch, drawn
from the problem's own seed, so that what stands beside it changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from activelearning.generators.reading import is_finished
from activelearning.generators.samples import Sample
from activelearning.generators.sampling import Sampling
from activelearning.rewardmodel.checkpoint import CheckpointRefused, check_folder
from activelearning.rewardmodel.model import open_network, open_tokenizer

AT_ONCE = 64  # samples in a batch
TAIL = 96  # tokens in which an answer's line is looked for
PROMPT_TOO_LONG = "of problems that are too long for the model"
IsOver = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """`limit`: the most tokens that it can hold, prompt and sample together."""

    network: Any
    tokenizer: Any
    limit: int

    @classmethod
    def open(cls, folder: Path, *, device: str = "auto") -> "LanguageModel":
        """Raises `CheckpointRefused`."""
        check_folder(folder)
        cuda = device != "cpu" and torch.cuda.is_available()
        tokenizer = open_tokenizer(folder)
        network, loading = open_network(folder, transformers.AutoModelForCausalLM)
        if missing := sorted(loading["missing_keys"]):
            raise CheckpointRefused(
                f"{folder}: the weights lack {missing[0]} and {len(missing) - 1} others of a language model"
            )
        if len(tokenizer) > network.get_input_embeddings().weight.shape[0]:
            raise CheckpointRefused(f"{folder}: the tokenizer has more tokens than the model")
        if not cuda:
            torch.use_deterministic_algorithms(True)
        elif torch.cuda.is_bf16_supported():
            network = network.to(torch.bfloat16)
        limit = int(getattr(network.config, "max_position_embeddings", 0) or 0) or 4096
        return cls(network.to("cuda" if cuda else "cpu").eval(), tokenizer, limit)

    def samples(
        self, prompt: str, sampling: Sampling, *, seed: int, is_over: IsOver = lambda tail: False
    ) -> tuple[list[Sample], str]:
        """The samples, and why those that are missing never came. The same seed, the same ones on one machine.

        `is_over` ends a sample by what its last `TAIL` tokens say, beside its answer and the texts that stop it.
        """
        ids = self.tokenizer(prompt, return_tensors="pt").input_ids.to(self.network.device)
        room = min(sampling.max_tokens, self.limit - ids.shape[1])
        if room < 1:
            return [], PROMPT_TOO_LONG
        torch.manual_seed(seed)
        if not sampling.temperature:
            return self._batch(ids, sampling, 1, room, is_over) * sampling.samples, ""
        found: list[Sample] = []
        while (missing := sampling.samples - len(found)) > 0:
            found += self._batch(ids, sampling, min(missing, AT_ONCE), room, is_over)
        return found, ""

    def _batch(self, ids: torch.Tensor, sampling: Sampling, count: int, room: int, is_over: IsOver) -> list[Sample]:
        start = ids.shape[1]
        chance: dict[str, Any] = {"do_sample": False}
        if sampling.temperature:
            # Of every token: transformers would leave all but the 50 likeliest out.
            chance = {
                "do_sample": True,
                "temperature": float(sampling.temperature),
                "top_p": sampling.top_p,
                "top_k": 0,
            }
        with torch.inference_mode():
            written = self.network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=room,
                num_return_sequences=count,
                pad_token_id=self._pad(),
                stopping_criteria=transformers.StoppingCriteriaList(
                    [_Finished(self.tokenizer, sampling, start, is_over)]
                ),
                **chance,
            )
        return [self._sample(row[start:].tolist(), sampling, room) for row in written.cpu()]

    def _pad(self) -> int:
        known = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id, 0)
        return int(next(number for number in known if number is not None))

    def _sample(self, tokens: list[int], sampling: Sampling, room: int) -> Sample:
        text = self.tokenizer.decode(tokens, skip_special_tokens=True)
        ends = self._ends()
        stops = [place for stop in sampling.stop if (place := text.find(stop)) >= 0]
        whole = bool(stops) or any(token in ends for token in tokens) or is_finished(text, sampling.answer)
        return Sample(text[: min(stops)] if stops else text, cut_off=len(tokens) >= room and not whole)

    def _ends(self) -> set[int]:
        """The tokens that say that a text is over."""
        said = self.network.generation_config.eos_token_id
        listed = said if isinstance(said, list) else [said]
        return {token for token in [*listed, self.tokenizer.eos_token_id] if token is not None}


class _Finished(transformers.StoppingCriteria):
    """A sample is finished once its answer's line is whole, it wrote one of the texts that stop it, or `is_over` says so."""

    def __init__(self, tokenizer: Any, sampling: Sampling, start: int, is_over: IsOver) -> None:
        self._tokenizer, self._sampling, self._start, self._told = tokenizer, sampling, start, is_over

    def __call__(self, input_ids: torch.Tensor, scores: Any, **more: Any) -> torch.Tensor:
        rows = input_ids[:, max(self._start, input_ids.shape[1] - TAIL) :].tolist()
        tails = self._tokenizer.batch_decode(rows, skip_special_tokens=True)
        return torch.tensor([self._is_over(tail) for tail in tails], device=input_ids.device, dtype=torch.bool)

    def _is_over(self, tail: str) -> bool:
        stopped = any(stop in tail for stop in self._sampling.stop)
        return stopped or is_finished(tail, self._sampling.answer) or self._told(tail)
