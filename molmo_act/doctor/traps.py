"""Known traps: combinations of a board and a package that fail later, in ways that are hard to read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from molmo_act.doctor.board import Board

IMAGE_SEGMENT_MB = 67.0
"""What the transport profile of the ROS nodes asks for in /dev/shm, for each process."""


@dataclass(frozen=True)
class Trap:
    """One trap that this machine is in.

    Attributes:
        what: What is wrong, and what it leads to.
        fix: What to do.
    """

    what: str
    fix: str


UNKNOWN = "unknown"
"""Stands for the CUDA of torch where it was not looked at."""
LOW_POWER = ("7W", "10W", "15W", "MODE_15W")
NO_L4T = Trap(
    "this is a Jetson without Linux for Tegra in sight, as in a container without NVIDIA's runtime: the GPU "
    "cannot be reached",
    "Start the container with --runtime nvidia, on an image for this JetPack.",
)


def build_bitsandbytes(capability: str) -> str:
    """Says how bitsandbytes is built for a board.

    Args:
        capability: CUDA compute capability of the board, such as "8.7".

    Returns:
        What to do.
    """
    return (
        "Build bitsandbytes on the board, in a checkout of it: cmake -DCOMPUTE_BACKEND=cuda "
        f"-DCOMPUTE_CAPABILITY={capability.replace('.', '')} . && make && pip install ."
    )


def find_traps(
    board: Board, versions: Mapping[str, str | None], cuda: str | None, unproved: Collection[str] = ()
) -> list[Trap]:
    """Lists the traps of a machine.

    Args:
        board: The machine.
        versions: Version of each package by its name with pip; None where it is not installed.
        cuda: CUDA that torch was built for, such as "12.6"; None for none; `UNKNOWN` says nothing of it.
        unproved: Checks of bitsandbytes that were run and did not succeed on the GPU.

    Returns:
        The traps, the worst first.
    """
    traps = _traps_of_jetson(board, versions, cuda, unproved) if board.is_jetson else []
    if board.driver is not None and not board.is_jetson and versions.get("torch") and cuda is None:
        traps.append(
            Trap(
                f"NVIDIA's driver {board.driver} is loaded, and torch is built without CUDA: no GPU is used",
                "pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu126",
            )
        )
    shared = board.shared_memory_mb
    if shared is not None and shared < 2 * IMAGE_SEGMENT_MB:
        traps.append(
            Trap(
                f"/dev/shm has {shared:.0f} MB: two ROS 2 processes with shared memory take more, and large "
                "images do not get through",
                "Start the container with --ipc=host or --shm-size=1g.",
            )
        )
    return traps


def _traps_of_jetson(
    board: Board, versions: Mapping[str, str | None], cuda: str | None, unproved: Collection[str]
) -> list[Trap]:
    has_narrow = versions.get("bitsandbytes") and unproved and board.capability
    return [
        *([NO_L4T] if board.l4t is None else []),
        *([] if versions.get("torch") is None else _traps_of_torch(board, cuda)),
        *([_narrow(board.capability or "", unproved)] if has_narrow else []),
        *([_slow(board.power_mode)] if board.power_mode in LOW_POWER else []),
    ]


def _traps_of_torch(board: Board, cuda: str | None) -> list[Trap]:
    wanted = board.cuda
    if cuda == UNKNOWN:
        return []
    if cuda is None:
        what = "torch is the build for CPUs that PyPI has for this processor: the GPU is not used"
        return [Trap(what, _wheels(board))]
    if wanted is not None and _major(cuda) != _major(wanted):
        system = f"Linux for Tegra {board.l4t}"
        what = f"torch is built for CUDA {cuda}, and {system} has CUDA {wanted}: kernels do not load"
        return [Trap(what, _wheels(board))]
    return []


def _slow(power_mode: str) -> Trap:
    return Trap(
        f"power mode {power_mode} holds back GPU and memory",
        "sudo nvpmodel -q --verbose lists the modes; sudo nvpmodel -m NUMBER && sudo jetson_clocks.",
    )


def _narrow(capability: str, unproved: Collection[str]) -> Trap:
    lacks = "has no" if capability == "8.7" else "may have no"
    return Trap(
        f"the wheel of bitsandbytes on PyPI {lacks} kernels for capability {capability}, and code for "
        f"desktop GPUs does not run on Tegra; not proved on this GPU: {', '.join(unproved)}",
        build_bitsandbytes(capability),
    )


def _wheels(board: Board) -> str:
    if board.cuda == "13":
        wheel = "pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu130"
        doubt = f" (whether it has kernels for capability {board.capability} is not confirmed)"
        return wheel if board.capability == "11.0" else wheel + doubt
    return (
        f"Install NVIDIA's torch wheel for JetPack {board.jetpack or 'of this board'}: "
        "https://docs.nvidia.com/deeplearning/frameworks/install-pytorch-jetson-platform/"
    )


def _major(version: str) -> str:
    found = re.match(r"\d+", version)
    return found[0] if found else version
