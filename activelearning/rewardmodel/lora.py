"""Low-rank adapters (arXiv 2106.09685) through peft: a few weights beside a frozen body, kept as an adapter and merged into it."""

from pathlib import Path
from typing import Any

from torch import nn

ADAPTER = "adapter"  # the folder of the adapter beside the merged weights


def with_adapter(network: Any, *, rank: int) -> Any:
    """The network with adapters of this rank at all linear layers of its body, which is frozen; its head is trained whole."""
    import peft  # only where it is asked for: it takes half a second

    heads = head_names(network)
    config = peft.LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules=_linear_layers(getattr(network, network.base_model_prefix), network.base_model_prefix),
        modules_to_save=heads or None,
    )
    return peft.get_peft_model(network, config)


def head_names(network: Any) -> list[str]:
    """The modules beside the body that are trained whole. A language model's output layer is none of them: it stays as it was."""
    output = network.get_output_embeddings() if hasattr(network, "lm_head") else None
    return [
        name
        for name, module in network.named_children()
        if name != network.base_model_prefix and module is not output and any(True for _ in module.parameters())
    ]


def _linear_layers(body: nn.Module, prefix: str) -> list[str]:
    names = [f"{prefix}.{name}" for name, module in body.named_modules() if isinstance(module, nn.Linear)]
    if not names:
        raise ValueError("the body has no linear layers to put adapters beside")
    return names


def merge(network: Any, folder: Path, *, base: str) -> Any:
    """Save the adapter under `folder` and return the plain network with the adapter in its weights."""
    network.peft_config["default"].base_model_name_or_path = base
    network.save_pretrained(folder / ADAPTER, safe_serialization=True, save_embedding_layers=False)
    (folder / ADAPTER / "README.md").unlink(missing_ok=True)  # peft's unfilled model card
    return network.merge_and_unload()
