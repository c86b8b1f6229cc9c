"""What a host says of its GPUs and memory, read from what the driver and the kernel print."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from activelearning import hardware
from activelearning.hardware import MIB, Gpu, gpus_in, look

SAID = """0, GPU-5f0c1a2e-0000-0000-0000-000000000001, NVIDIA H200, 143771, 143156
1, GPU-5f0c1a2e-0000-0000-0000-000000000002, NVIDIA A100-SXM4-80GB, 81920, 1024
"""
H200 = Gpu(name="NVIDIA H200", memory_total=143771 * MIB, memory_free=143156 * MIB)
A100 = Gpu(name="NVIDIA A100-SXM4-80GB", memory_total=81920 * MIB, memory_free=1024 * MIB)


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        (None, (H200, A100)),
        ("0,1", (H200, A100)),
        ("1", (A100,)),
        ("GPU-5f0c1a2e-0000-0000-0000-000000000002, 0", (A100, H200)),
        ("1,7,0", (A100,)),
        ("", ()),
        ("-1", ()),
    ],
)
def test_a_worker_names_the_gpus_that_it_may_use(visible: str | None, gpus: tuple[Gpu, ...]) -> None:
    assert gpus_in(SAID, visible=visible) == gpus


def test_a_card_whose_memory_is_not_told_is_a_card_all_the_same() -> None:
    assert gpus_in("0, GPU-1, NVIDIA GB10, [N/A], [N/A]\n") == (Gpu(name="NVIDIA GB10", memory_total=0, memory_free=0),)


@pytest.mark.parametrize(
    "said", ["", "No devices were found\n", "NVIDIA-SMI has failed because it couldn't communicate, …"]
)
def test_without_a_driver_the_cpu_and_its_memory_are_named(said: str, tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable:    4096 kB\n")
    found = look(ask=lambda: said, environment={}, meminfo=meminfo)
    assert (found.gpus, found.memory_total, found.memory_free) == ((), 16384 * 1024, 4096 * 1024)
    assert found.cores >= 1


def test_a_kernel_that_says_nothing_of_memory_is_no_fault(tmp_path: Path) -> None:
    found = look(ask=str, environment={}, meminfo=tmp_path / "absent")
    assert (found.memory_total, found.memory_free) == (0, 0)


@pytest.mark.parametrize(
    "fault",
    [
        FileNotFoundError("nvidia-smi"),
        subprocess.TimeoutExpired("nvidia-smi", 20),
        subprocess.CalledProcessError(9, ""),
    ],
)
def test_a_driver_that_is_absent_hangs_or_fails_leaves_the_cpu(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def run(*_: Any, **__: Any) -> Any:
        raise fault

    monkeypatch.setattr(subprocess, "run", run)
    assert hardware.ask_driver() == ""
