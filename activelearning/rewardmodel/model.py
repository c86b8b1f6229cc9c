"""The models: token classification on any local transformers folder, or `tiny`, a small Qwen3 from scratch with a tokenizer of the data.

No file of a folder is ever run: safetensors only, no `auto_map`, nothing from a network. Everything is opened in 32-bit floats.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported: a folder's file may name a repository
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn

from activelearning.rewardmodel.attention import Packing, fit, over_padded, over_row
from activelearning.rewardmodel.checkpoint import CheckpointRefused, check_folder, read_json, read_manifest
from activelearning.rewardmodel.config import TrainingConfig
from activelearning.rewardmodel.data import Encoder, Layout, LayoutError
from activelearning.rewardmodel.packing import Ids, Row, rows_of_whole, rows_sharing

PAD = "<|pad|>"
LABELS = {"prm": {0: "-1", 1: "0", 2: "1"}, "orm": {0: "wrong", 1: "right"}}
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
    kind: str
    neutral: str
    limit: int
    packing: Packing

    def rows(self, sequences: Sequence[Ids], *, tokens: int) -> Iterator[tuple[list[int], Row]]:
        """The sequences in rows of about `tokens` tokens, and which of them each row holds; every one is in one row."""
        if self.packing == Packing.SHARED:
            return rows_sharing(sequences, tokens=tokens)
        return rows_of_whole(sequences, tokens=tokens)

    def logits(self, row: Row) -> Tensor:
        """(tokens, classes) in 32-bit floats: at each place of the row what the network says there."""
        if self.packing != Packing.PADDED:
            return over_row(self.network, row).float()
        return over_padded(self.network, row).float()


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
    labels = LABELS[kind]
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
        num_labels=len(labels),
        id2label=labels,
        label2id={name: index for index, name in labels.items()},
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=None,
        use_cache=False,
        attn_implementation="sdpa",
    )
    torch.manual_seed(seed)
    network = transformers.AutoModelForTokenClassification.from_config(shape)
    return _made(network, tokenizer, Encoder(tokenizer), kind=kind, neutral=config.neutral)


def open_base(folder: Path, config: TrainingConfig, *, kind: str, seed: int) -> RewardModel:
    """A pretrained folder with a new head, drawn from `seed`. Raises `CheckpointRefused`."""
    check_folder(folder)
    labels = LABELS[kind]
    torch.manual_seed(seed)
    network, loading = _network(
        folder,
        num_labels=len(labels),
        id2label=labels,
        label2id={name: index for index, name in labels.items()},
        ignore_mismatched_sizes=True,
    )
    body = network.base_model_prefix + "."
    missing = sorted(name for name in loading["missing_keys"] if name.startswith(body))
    if missing:
        raise CheckpointRefused(f"{folder}: the weights lack {missing[0]} and {len(missing) - 1} others of the body")
    tokenizer = _tokenizer(folder)
    _refuse_unknown_tokens(folder, tokenizer, network)
    try:
        encoder = Encoder(tokenizer)
    except LayoutError as error:
        raise CheckpointRefused(f"{folder}: {error}") from error
    return _made(network, tokenizer, encoder, kind=kind, neutral=config.neutral)


def _refuse_unknown_tokens(folder: Path, tokenizer: Any, network: Any) -> None:
    """A token without a row in the embedding would break in the middle of the work; say so before it."""
    if len(tokenizer) > network.get_input_embeddings().weight.shape[0]:
        raise CheckpointRefused(f"{folder}: the tokenizer has more tokens than the model")


def open_trained(folder: Path, *, sha256: str | None = None) -> tuple[RewardModel, dict[str, Any]]:
    """A folder that training finished, and its manifest; every file checked against its hash. Raises `CheckpointRefused`."""
    manifest = read_manifest(folder, sha256=sha256)
    config = read_json(folder / "config.json")
    facts = config.get("reward_model")
    if not isinstance(facts, dict) or facts.get("kind") not in LABELS or facts.get("neutral") not in ("good", "bad"):
        raise CheckpointRefused(f"{folder}: config.json does not say which reward model this is")
    architectures = config.get("architectures") or [""]
    if not str(architectures[0]).endswith("ForTokenClassification"):
        raise CheckpointRefused(f"{folder}: {architectures[0]} is another architecture than token classification")
    network, loading = _network(folder)
    wrong = [*loading["missing_keys"], *loading["unexpected_keys"], *loading["mismatched_keys"]]
    if wrong or network.config.num_labels != len(LABELS[facts["kind"]]):
        raise CheckpointRefused(f"{folder}: the weights are not those of its config.json ({str(wrong[:1])[:200]})")
    tokenizer = _tokenizer(folder)
    try:
        layout = Layout.from_dict(facts.get("layout") or {}, vocabulary=network.config.vocab_size)
    except LayoutError as error:
        raise CheckpointRefused(f"{folder}: config.json: {error}") from error
    _refuse_unknown_tokens(folder, tokenizer, network)
    model = _made(network, tokenizer, Encoder(tokenizer, layout), kind=facts["kind"], neutral=facts["neutral"])
    return model, manifest


def _made(network: Any, tokenizer: Any, encoder: Encoder, *, kind: str, neutral: str) -> RewardModel:
    network.config.reward_model = {
        "kind": kind,
        "classes": list(LABELS[kind].values()),
        "neutral": neutral,
        "score": "product of steps" if kind == "prm" else "last token",
        "layout": encoder.layout.as_dict(),
    }
    limit = int(getattr(network.config, "max_position_embeddings", 0) or 0) or TINY_POSITIONS
    return RewardModel(network, tokenizer, encoder, kind, neutral, limit, fit(network))


def _network(folder: Path, **changes: Any) -> tuple[Any, dict[str, Any]]:
    try:
        network, loading = transformers.AutoModelForTokenClassification.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            dtype=torch.float32,
            **changes,
        )
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        raise CheckpointRefused(f"{folder} cannot be opened as token classification: {str(error)[:300]}") from error
    return network, loading


def _tokenizer(folder: Path) -> Any:
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError, ImportError) as error:
        raise CheckpointRefused(f"{folder}: its tokenizer cannot be opened: {str(error)[:300]}") from error
    if not tokenizer.is_fast:
        raise CheckpointRefused(f"{folder}: only fast tokenizers (tokenizer.json) are read")
    return tokenizer
