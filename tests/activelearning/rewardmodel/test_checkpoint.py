"""Files that must not be loaded are refused before anything is allocated (A55 to A57, F23)."""

import json
import pickle
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from activelearning.rewardmodel.checkpoint import (
    MANIFEST,
    CheckpointRefused,
    StateFolder,
    check_folder,
    check_safetensors,
    digest_of,
    read_manifest,
    sha256_of,
    write_file,
)
from activelearning.rewardmodel.model import open_trained


def safetensors(path: Path, header: Any, body: bytes = b"") -> Path:
    raw = json.dumps(header).encode() if not isinstance(header, bytes) else header
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + body)
    return path


def tensor(shape: list[int], offsets: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    ("header", "body", "reason"),
    [
        ({"a": tensor([10**12], [0, 4 * 10**12])}, b"", "truncated"),
        ({"a": tensor([1], [0, 4]), "b": tensor([1], [2, 6])}, b"123456", "overlap"),
        ({"a": tensor([1], [0, 4]), "b": tensor([1], [6, 10])}, b"1234567890", "gap"),
        ({"a": tensor([1], [0, 4], "PY")}, b"1234", "unknown type"),
        ({"a": tensor([2], [0, 4])}, b"1234", "fill its bytes"),
        ({"a": tensor([-1], [0, 4])}, b"1234", "proper shape"),
        ({"a": [1]}, b"", "proper shape"),
        ({"a": tensor([1], [0, 4])}, b"12345", "too long"),
        (b"[1]", b"", "not an object"),
        (b"{", b"", "not JSON"),
        (b"[" * 50_000, b"", "not JSON"),
    ],
)
def test_a_bad_header_is_refused(tmp_path: Path, header: Any, body: bytes, reason: str) -> None:
    with pytest.raises(CheckpointRefused, match=reason):
        check_safetensors(safetensors(tmp_path / "model.safetensors", header, body))


def test_a_header_longer_than_the_file_and_a_pickle_under_our_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", 10**12))
    with pytest.raises(CheckpointRefused, match="truncated"):
        check_safetensors(path)
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(CheckpointRefused, match="pickle"):
        check_safetensors(path)
    path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(CheckpointRefused, match="archive"):
        check_safetensors(path)


def test_a_proper_file_passes_and_the_same_file_cut_short_does_not(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.zeros(2, 3), "b": torch.zeros((), dtype=torch.int64)}, path)
    check_safetensors(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointRefused, match="truncated"):
        check_safetensors(path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "x.pt", "x.PKL", "x.ckpt", "x.pt2", "modeling_x.py"])
def test_pickles_and_code_in_a_folder_are_refused(trained: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(trained, tmp_path / "model")
    (folder / name).write_bytes(b"")
    with pytest.raises(CheckpointRefused, match=name):
        check_folder(folder)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"auto_map": {"AutoModel": "evil.Model"}}),
        ("config.json", {"deep": [{"auto_map": {}}]}),
        ("config.json", {"attn_implementation": "someone/kernel"}),
        ("config.json", {"quantization_config": {}}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["evil.Tokenizer", None]}}),
    ],
)
def test_configurations_that_name_code_are_refused(
    trained: Path, tmp_path: Path, file: str, change: dict[str, Any]
) -> None:
    folder = shutil.copytree(trained, tmp_path / "model")
    (folder / file).write_text(json.dumps(json.loads((folder / file).read_text()) | change))
    with pytest.raises(CheckpointRefused, match=r"refused|download"):
        check_folder(folder)


def reseal(folder: Path) -> None:
    """Make the manifest fit the files again, so that later checks are reached."""
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"] = {name: sha256_of(folder / name) for name in manifest["files"]}
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_f23_a_changed_file_and_a_changed_manifest_are_refused(trained: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(trained, tmp_path / "model")
    manifest_sha256 = sha256_of(folder / MANIFEST)
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CheckpointRefused, match="another SHA-256"):
        read_manifest(folder)
    weights.write_bytes(whole[:-4])
    with pytest.raises(CheckpointRefused, match="truncated"):
        read_manifest(folder)
    weights.write_bytes(whole)
    assert read_manifest(folder, sha256=manifest_sha256)["kind"] == "prm"
    (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes() + b"\n")
    with pytest.raises(CheckpointRefused, match="not the manifest"):
        read_manifest(folder, sha256=manifest_sha256)


def test_missing_and_unnamed_files_are_refused(trained: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(trained, tmp_path / "model")
    (folder / "added_tokens.json").write_text("{}")
    with pytest.raises(CheckpointRefused, match="not in the manifest"):
        read_manifest(folder)
    (folder / "added_tokens.json").unlink()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(CheckpointRefused, match="missing"):
        read_manifest(folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(CheckpointRefused, match="missing"):
        read_manifest(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"architectures": ["Qwen3ForCausalLM"]},
        {"reward_model": None},
        {"num_hidden_layers": 1, "layer_types": ["full_attention"]},
        {"hidden_size": 32},
        {"model_type": "no-such-model"},
    ],
)
def test_f23_another_architecture_is_refused(trained: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    folder = shutil.copytree(trained, tmp_path / "model")
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    reseal(folder)
    with pytest.raises(CheckpointRefused):
        open_trained(folder)


def test_a_state_comes_back_bit_for_bit_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    states = StateFolder(tmp_path / "checkpoint")
    tensors = {"a": torch.randn(3, 4), "b": torch.tensor(7.0), "c": torch.zeros(0), "d": torch.get_rng_state()}
    states.save(5, tensors, {"losses": [0.1, None]})
    (path,) = states.states()
    loaded, facts = states.load(path)
    assert digest_of(loaded) == digest_of(tensors)
    assert facts == {"losses": [0.1, None], "step": 5}
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CheckpointRefused, match="changed"):
        states.load(path)


def test_the_last_two_states_are_kept(tmp_path: Path) -> None:
    states = StateFolder(tmp_path / "checkpoint")
    for step in (9, 10, 11):
        states.save(step, {"a": torch.zeros(1)}, {})
    assert [path.name for path in states.states()] == ["state-000000011.safetensors", "state-000000010.safetensors"]


def test_f20_a_file_is_whole_or_what_it_was(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
