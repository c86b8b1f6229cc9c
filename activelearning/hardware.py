"""What a host computes with, asked without torch: its GPUs by `nvidia-smi`, else its CPU and memory by the kernel."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ASKED = ["nvidia-smi", "--query-gpu=index,uuid,name,memory.total,memory.free", "--format=csv,noheader,nounits"]
PATIENCE = 20.0  # seconds; a driver that wakes up takes some
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Gpu:
    name: str
    memory_total: int  # bytes
    memory_free: int
    uuid: str = field(default="", compare=False)  # what CUDA_VISIBLE_DEVICES may name it by


@dataclass(frozen=True, slots=True)
class Hardware:
    """`gpus` empty: what is trained there is trained on the CPU."""

    gpus: tuple[Gpu, ...]
    cores: int
    memory_total: int  # bytes; 0 where the kernel does not say
    memory_free: int


def ask_driver() -> str:
    """What the driver's own tool says; nothing where there is none, or it fails."""
    try:
        return subprocess.run(ASKED, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def look(
    *,
    ask: Callable[[], str] = ask_driver,
    environment: Mapping[str, str] = os.environ,
    meminfo: Path = Path("/proc/meminfo"),
) -> Hardware:
    """The hardware that a process of this environment may use, and what is free of it now."""
    total, free = _memory(meminfo)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Hardware(
        gpus=gpus_in(ask(), visible=environment.get("CUDA_VISIBLE_DEVICES")),
        cores=cores,
        memory_total=total,
        memory_free=free,
    )


def gpus_in(said: str, *, visible: str | None = None) -> tuple[Gpu, ...]:
    """The tool's lines as GPUs. `visible` as in CUDA_VISIBLE_DEVICES: indices or UUIDs, up to the first that there is not."""
    found: dict[str, Gpu] = {}
    for line in said.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != 5:
            continue
        index, uuid, name, total, free = cells
        # A card whose memory the driver does not tell ("[N/A]") is a card all the same.
        made = Gpu(name=name, memory_total=_mib(total), memory_free=_mib(free), uuid=uuid)
        found[index] = found[uuid] = made
    if visible is None:
        return tuple(found[key] for key in found if key.isdigit())
    chosen: list[Gpu] = []
    for wanted in visible.split(","):
        if wanted.strip() not in found:
            break
        chosen.append(found[wanted.strip()])
    return tuple(chosen)


def _mib(cell: str) -> int:
    return int(cell) * MIB if cell.isdigit() else 0


def _memory(path: Path) -> tuple[int, int]:
    """Total and available bytes; zeros where the kernel is another."""
    try:
        lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
        total, free = (int(lines[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
    except (OSError, KeyError, ValueError, IndexError):
        return 0, 0
    return total, free
