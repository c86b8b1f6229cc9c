"""Where a training computes: one process on one device, or one process a device, joined by accelerate (`torchrun` starts them).

Every process knows the whole order of batches and takes its share of each, so that several processes give the same losses as one.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn


class DeviceError(ValueError):
    """What was asked for is not at hand here."""


class Devices:
    """`rank` of `world` processes; `device` is this one's."""

    def __init__(self, wanted: str, precision: str) -> None:
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0")) if self.world > 1 else 0
        cuda = torch.cuda.is_available()
        if wanted == "cuda" and not cuda:
            raise DeviceError("device is cuda, and no CUDA device is at hand here.")
        self._accelerator = None
        if self.world > 1:
            from accelerate import Accelerator

            self._accelerator = Accelerator(cpu=wanted == "cpu" or not cuda)
            self.device = self._accelerator.device
        else:
            self.device = torch.device("cuda" if wanted != "cpu" and cuda else "cpu")
        if self.device.type == "cpu":
            torch.use_deterministic_algorithms(True)
        self.bf16 = precision == "bf16" or (
            precision == "auto" and self.device.type == "cuda" and torch.cuda.is_bf16_supported()
        )

    @property
    def is_first(self) -> bool:
        """Whether it is this process that writes and reports."""
        return self.rank == 0

    def share(self, batch: Sequence[int]) -> list[int]:
        """What of a batch is this process's."""
        return list(batch[self.rank :: self.world])

    def join(self, network: nn.Module) -> nn.Module:
        """The network on its device; of several processes, one that means its gradients over them."""
        network = network.to(self.device)
        if self._accelerator is None:
            return network
        return self._accelerator.prepare(network)  # type: ignore[no-any-return]

    def apart(self, network: nn.Module) -> AbstractContextManager[None]:
        """A backward pass inside is this process's alone: another one of the same step follows it."""
        return nullcontext() if self._accelerator is None else self._accelerator.no_sync(network)

    def autocast(self) -> AbstractContextManager[object]:
        """Products in bfloat16 where it is asked for; weights, sums and the optimiser stay in 32 bits."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self.bf16 else nullcontext()

    def seed(self, number: int) -> None:
        """As `torch.manual_seed`, which costs a millisecond where there is no GPU."""
        torch.default_generator.manual_seed(number)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(number)

    def total(self, *numbers: float) -> list[float]:
        """Each summed over the processes."""
        if self._accelerator is None:
            return list(numbers)
        mine = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        return self._accelerator.reduce(mine, reduction="sum").tolist()  # type: ignore[no-any-return]

    def wait(self) -> None:
        if self._accelerator is not None:
            self._accelerator.wait_for_everyone()


def start_processes(count: int, arguments: Sequence[str]) -> None:
    """This process becomes torchrun with `count` processes of the training's command line; does not return."""
    module = ["-m", "activelearning.rewardmodel.train", *arguments]
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    os.execv(sys.executable, [*run, *module])  # noqa: S606 - the arguments are our own command line's
