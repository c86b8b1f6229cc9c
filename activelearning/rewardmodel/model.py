"""The models: token classification on any local transformers folder, or `tiny`, a small Qwen3 from scratch with a tokenizer of the data.

No file of a folder is ever run: safetensors only, no `auto_map`, nothing from a network. Everything is opened in 32-bit floats.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported: a folder's file may name a repository
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np
import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn

from activelearning.rewardmodel.attention import Packing, fit, over_padded, over_row
from activelearning.rewardmodel.checkpoint import MANIFEST, CheckpointRefused, check_folder, read_json, read_manifest
from activelearning.rewardmodel.config import TrainingConfig
from activelearning.rewardmodel.data import Encoder, Layout, LayoutError
from activelearning.rewardmodel.forms import Form, FormError, sign_tokens
from activelearning.rewardmodel.packing import Ids, Row, rows_of_whole, rows_sharing
from activelearning.rewardmodel.qwen2_prm import ARCHITECTURE, Qwen2ForProcessRewardModel, chat_layout

PAD = "<|pad|>"
_CLASSES: dict[str, Any] = {
    "classification": transformers.AutoModelForTokenClassification,
    "rating-tokens": transformers.AutoModelForCausalLM,
    "qwen2-prm": Qwen2ForProcessRewardModel,
}
_ENDINGS = {
    "classification": ("ForTokenClassification",),
    "rating-tokens": ("ForCausalLM", "LMHeadModel"),
    "qwen2-prm": ("ForProcessRewardModel",),
}
TINY_POSITIONS = 8192  # tokens that a `tiny` can place; rotary positions cost nothing
TINY_SPREAD = 0.08  # of its first weights; the usual 0.02 is too little for a model this narrow
# Words, one digit at a time, the rest; a space before a digit goes with what stands before it, so that a digit is one token everywhere.
_WORDS = r" ?\p{L}+(?: (?=\p{N}))?|\p{N}| ?[^\s\p{L}\p{N}]+(?: (?=\p{N}))?|\s+(?!\S)|\s+"

logging.getLogger("transformers").setLevel(logging.ERROR)
transformers.utils.logging.disable_progress_bar()


@dataclass(frozen=True, slots=True)
class RewardModel:
    """A network with its tokenizer, in the way it was trained. `limit` is the most tokens that it can take."""

    network: nn.Module
    tokenizer: Any
    encoder: Encoder
    form: Form
    limit: int
    packing: Packing

    @property
    def kind(self) -> str:
        return self.form.kind

    @property
    def neutral(self) -> str:
        return self.form.neutral

    def over(self, network: nn.Module) -> "RewardModel":
        """The same with this network in place of its own: the same one, wrapped."""
        return replace(self, network=network)

    def rows(
        self, sequences: Sequence[Ids], *, tokens: int, unasked: Sequence[int] | None = None
    ) -> Iterator[tuple[list[int], Row]]:
        """The sequences in rows of about `tokens` tokens, and which of them each row holds; every one is in one row.

        With `unasked` (as `rows_sharing` has it) a row may go on from the one before it, so that they are to be computed in this order.
        """
        if self.packing == Packing.SHARED:
            return rows_sharing(sequences, tokens=tokens, unasked=unasked)
        return rows_of_whole(sequences, tokens=tokens)

    def logits(self, row: Row, at: Ids) -> Tensor:
        """(places, heads, labels) in 32-bit floats: what the network says at these places of the row."""
        places = torch.from_numpy(at.astype(np.int64)).to(self.network.device)  # type: ignore[arg-type]
        if self.packing == Packing.PADDED:
            found = over_padded(self.network, row)[places]
        elif self.form.tokens:
            # A language model's outputs are as many as its vocabulary: only those asked for are made.
            found = over_row(self.network, row, logits_to_keep=places)
        else:
            found = over_row(self.network, row)[places]
        if self.form.tokens:
            found = found[:, list(self.form.tokens)].contiguous()
        return found.float().view(len(at), self.form.heads, self.form.labels)

    def logits_and_states(self, row: Row, at: Ids, states_at: Ids) -> tuple[Tensor, Tensor]:
        """The logits at some places, and of the same pass the (places, width) last hidden states at others, in 32-bit floats.

        The last hidden state is what the body gives and the head reads, in every model of transformers.
        """
        heard: list[Tensor] = []
        body: Any = self.network.base_model
        handle = body.register_forward_hook(lambda module, given, output: heard.append(output[0]))
        try:
            logits = self.logits(row, at)
        finally:
            handle.remove()
        states = heard[0]
        if self.packing == Packing.PADDED:  # a sequence a line: one behind the other, as the row counts its places
            flat = torch.cat([states[line, : len(places)] for line, places in enumerate(row.places)])
        else:
            flat = states[0]
        return logits, flat[torch.from_numpy(states_at.astype(np.int64)).to(flat.device)].float()


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """A byte-level BPE of these texts, digits one by one; every text can be written in it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[PAD],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD)


def build_tiny(config: TrainingConfig, *, kind: str, texts: Iterable[str], seed: int) -> RewardModel:
    """`tiny`, its weights drawn from `seed`: a Qwen3 whose layers look back a few tokens, and the last one at everything.

    Without that short sight it learns its few hundred lines by heart and no rule (EXPERIMENTS.md).
    """
    tokenizer = train_tokenizer(texts, config.vocabulary)
    form = _form(config, kind, tokenizer)
    shape: Any = transformers.Qwen3Config
    shape = shape(
        vocab_size=len(tokenizer),
        hidden_size=config.hidden,
        intermediate_size=config.feed_forward,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.heads,
        head_dim=config.hidden // config.heads,
        layer_types=[*["sliding_attention"] * (config.layers - 1), "full_attention"],
        use_sliding_window=config.layers > 1,
        sliding_window=config.window,
        max_window_layers=0,
        rope_parameters={"rope_type": "default", "rope_theta": 100.0},
        initializer_range=TINY_SPREAD,
        tie_word_embeddings=False,
        max_position_embeddings=max(TINY_POSITIONS, config.max_length),
        attention_dropout=config.dropout,
        classifier_dropout=config.dropout,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=None,
        use_cache=False,
        attn_implementation="sdpa",
        **_labels(form),
    )
    torch.manual_seed(seed)
    network = _CLASSES[form.name].from_config(shape)
    return _made(network, tokenizer, Encoder(tokenizer), form)


def open_base(folder: Path, config: TrainingConfig, *, kind: str, seed: int) -> RewardModel:
    """A pretrained folder with a new head, drawn from `seed`; a head of the same form and shape is kept. Raises `CheckpointRefused`."""
    check_folder(folder)
    tokenizer = open_tokenizer(folder)
    try:
        form = _form(config, kind, tokenizer)
        layout = chat_layout(tokenizer) if form.name == "qwen2-prm" else None
        encoder = Encoder(tokenizer, layout)
    except (LayoutError, FormError) as error:
        raise CheckpointRefused(f"{folder}: {error}") from error
    torch.manual_seed(seed)
    network, loading = _network(folder, form, **_labels(form), ignore_mismatched_sizes=True)
    body = network.base_model_prefix + "."
    missing = sorted(name for name in loading["missing_keys"] if name.startswith(body))
    if missing:
        raise CheckpointRefused(f"{folder}: the weights lack {missing[0]} and {len(missing) - 1} others of the body")
    _refuse_unknown_tokens(folder, tokenizer, network)
    return _made(network, tokenizer, encoder, form)


def _form(config: TrainingConfig, kind: str, tokenizer: Any) -> Form:
    form = Form.of(config, kind=kind)
    return replace(form, tokens=sign_tokens(tokenizer, form.labels)) if form.name == "rating-tokens" else form


def _labels(form: Form) -> dict[str, Any]:
    """What a configuration says of a network's outputs; a language model's are its vocabulary."""
    if form.name == "rating-tokens":
        return {}
    names = form.outputs
    return {"num_labels": len(names), "id2label": names, "label2id": {name: index for index, name in names.items()}}


def _refuse_unknown_tokens(folder: Path, tokenizer: Any, network: Any) -> None:
    """A token without a row in the embedding would break in the middle of the work; say so before it."""
    if len(tokenizer) > network.get_input_embeddings().weight.shape[0]:
        raise CheckpointRefused(f"{folder}: the tokenizer has more tokens than the model")


def open_trained(folder: Path, *, sha256: str | None = None) -> tuple[RewardModel, dict[str, Any]]:
    """A folder that training finished, and its manifest; every file checked against its hash. Raises `CheckpointRefused`."""
    manifest = read_manifest(folder, sha256=sha256)
    config = read_json(folder / "config.json")
    facts = config.get("reward_model")
    if not isinstance(facts, dict):
        raise CheckpointRefused(f"{folder}: config.json does not say which reward model this is")
    try:
        form = Form.from_dict(facts, vocabulary=int(config.get("vocab_size") or 0))
    except FormError as error:
        raise CheckpointRefused(f"{folder}: config.json: {error}") from error
    architectures = config.get("architectures") or [""]
    if not str(architectures[0]).endswith(_ENDINGS[form.name]):
        raise CheckpointRefused(f"{folder}: {architectures[0]} is another architecture than its form, {form.name}")
    network, loading = _network(folder, form)
    wrong = [*loading["missing_keys"], *loading["unexpected_keys"], *loading["mismatched_keys"]]
    if wrong or (not form.tokens and network.config.num_labels != form.labels * form.heads):
        raise CheckpointRefused(f"{folder}: the weights are not those of its config.json ({str(wrong[:1])[:200]})")
    tokenizer = open_tokenizer(folder)
    try:
        layout = Layout.from_dict(facts.get("layout") or {}, vocabulary=network.config.vocab_size)
    except LayoutError as error:
        raise CheckpointRefused(f"{folder}: config.json: {error}") from error
    _refuse_unknown_tokens(folder, tokenizer, network)
    encoder = Encoder(tokenizer, layout)
    return _made(network, tokenizer, encoder, form), manifest


def open_published(folder: Path) -> RewardModel:
    """A folder in the published Qwen2 form that no training of ours finished: nothing vouches for its files. Raises `CheckpointRefused`."""
    check_folder(folder, with_code=True)
    config = read_json(folder / "config.json")
    if ARCHITECTURE not in (config.get("architectures") or []):
        raise CheckpointRefused(
            f"{folder} has no {MANIFEST}: it is no folder that a training finished, and no published {ARCHITECTURE}"
        )
    form = Form(name="qwen2-prm", labels=2)
    network, loading = _network(folder, form, config=_without_code(config))
    wrong = [*loading["missing_keys"], *loading["mismatched_keys"]]
    if wrong:
        raise CheckpointRefused(f"{folder}: the weights lack {str(wrong[0])[:200]}")
    tokenizer = open_tokenizer(folder)
    try:
        encoder = Encoder(tokenizer, chat_layout(tokenizer))
    except LayoutError as error:
        raise CheckpointRefused(f"{folder}: {error}") from error
    _refuse_unknown_tokens(folder, tokenizer, network)
    return _made(network, tokenizer, encoder, form)


def _without_code(config: dict[str, Any]) -> Any:
    """The published configuration names a class of its own for what is a Qwen2's in all but name."""
    known = {name: value for name, value in config.items() if name not in ("auto_map", "model_type")}
    try:
        return transformers.Qwen2Config.from_dict(known)
    except (TypeError, ValueError, KeyError) as error:
        raise CheckpointRefused(f"config.json is none of a Qwen2: {str(error)[:300]}") from error


def _made(network: Any, tokenizer: Any, encoder: Encoder, form: Form) -> RewardModel:
    network.config.reward_model = {
        **form.as_dict(),
        "score": "product of steps" if form.kind == "prm" else "last token",
        "layout": encoder.layout.as_dict(),
    }
    limit = int(getattr(network.config, "max_position_embeddings", 0) or 0) or TINY_POSITIONS
    return RewardModel(network, tokenizer, encoder, form, limit, fit(network))


def _network(folder: Path, form: Form, **changes: Any) -> tuple[Any, dict[str, Any]]:
    return open_network(folder, _CLASSES[form.name], **changes)


def open_network(folder: Path, kind: Any, **changes: Any) -> tuple[Any, dict[str, Any]]:
    """A folder's weights as a class of transformers, in 32 bits, and what it says of missing keys. Raises `CheckpointRefused`."""
    try:
        network, loading = kind.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            dtype=torch.float32,
            **changes,
        )
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        raise CheckpointRefused(f"{folder} cannot be opened as {kind.__name__}: {str(error)[:300]}") from error
    return network, loading


def open_tokenizer(folder: Path) -> Any:
    """Raises `CheckpointRefused`."""
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError, ImportError) as error:
        raise CheckpointRefused(f"{folder}: its tokenizer cannot be opened: {str(error)[:300]}") from error
    if not tokenizer.is_fast:
        raise CheckpointRefused(f"{folder}: only fast tokenizers (tokenizer.json) are read")
    return tokenizer
