"""The two-layer head of Qwen's process reward models (arXiv 2501.07301), natively: no file of a folder is run to open one.

A Qwen2 body, then `Linear, ReLU, Linear` to two classes (negative, positive), read at each `<extra_0>` that stands after a step in the
assistant's turn of a chat. Weights have the published names, so that they load both ways and in vLLM (`Qwen2ForProcessRewardModel`).
"""

from typing import Any

from torch import Tensor, nn
from transformers import Qwen2Model
from transformers.modeling_outputs import TokenClassifierOutput
from transformers.models.qwen2.modeling_qwen2 import Qwen2PreTrainedModel

from activelearning.rewardmodel.data import Layout, LayoutError

ARCHITECTURE = "Qwen2ForProcessRewardModel"
STEP_END = "<extra_0>"
SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."


class Qwen2ForProcessRewardModel(Qwen2PreTrainedModel):
    """(1, tokens) ids to (1, tokens, 2) logits."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        config.num_labels = 2
        self.model = Qwen2Model(config)
        self.score = nn.Sequential(
            nn.Linear(config.hidden_size, config.hidden_size), nn.ReLU(), nn.Linear(config.hidden_size, 2)
        )
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.model.embed_tokens  # type: ignore[no-any-return]

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        **others: Any,
    ) -> TokenClassifierOutput:
        body = self.model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False, **others
        )
        return TokenClassifierOutput(logits=self.score(body.last_hidden_state))


def chat_layout(tokenizer: Any) -> Layout:
    """The published chat around problem and steps; `<extra_0>` is added to a tokenizer that lacks it. Raises `LayoutError`."""
    vocabulary = tokenizer.get_vocab()
    if "<|im_start|>" not in vocabulary or "<|im_end|>" not in vocabulary:
        raise LayoutError("the tokenizer has no <|im_start|> and <|im_end|>: it is none of a Qwen2 chat model")
    if STEP_END not in vocabulary:
        tokenizer.add_special_tokens({"additional_special_tokens": [STEP_END]})
    begin, end = vocabulary["<|im_start|>"], vocabulary["<|im_end|>"]

    def words(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False))

    new_line = words("\n")
    return Layout(
        start=(begin, *words(f"system\n{SYSTEM}"), end, *new_line, begin, *words("user\n")),
        separator=(end, *new_line, begin, *words("assistant\n")),
        step_end=(tokenizer.convert_tokens_to_ids(STEP_END),),
    )
