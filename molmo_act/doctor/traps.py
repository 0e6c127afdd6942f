"""Known traps: combinations of a board and a package that fail later, in ways that are hard to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
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


LOW_POWER = ("7W", "10W", "15W", "MODE_15W")
NO_L4T = Trap(
    "this is a Jetson without Linux for Tegra in sight, as in a container without NVIDIA's runtime: the GPU "
    "cannot be reached",
    "Start the container with --runtime nvidia, on an image for this JetPack.",
)
BITSANDBYTES = Trap(
    "the wheel of bitsandbytes on PyPI has no kernels for capability 8.7, and code for desktop GPUs does not "
    "run on Tegra: nf4 and int8 fail with 'no kernel image'",
    "Build it on the board: cmake -DCOMPUTE_BACKEND=cuda -DCOMPUTE_CAPABILITY=87 . && make && pip install .",
)


def find_traps(board: Board, versions: Mapping[str, str | None], cuda: str | None) -> list[Trap]:
    """Lists the traps of a machine.

    Args:
        board: The machine.
        versions: Version of each package by its name with pip; None where it is not installed.
        cuda: CUDA that torch was built for, such as "12.6"; None for none.

    Returns:
        The traps, the worst first.
    """
    traps = _traps_of_jetson(board, versions, cuda) if board.is_jetson else []
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


def _traps_of_jetson(board: Board, versions: Mapping[str, str | None], cuda: str | None) -> list[Trap]:
    return [
        *([NO_L4T] if board.l4t is None else []),
        *([] if versions.get("torch") is None else _traps_of_torch(board, cuda)),
        *([BITSANDBYTES] if versions.get("bitsandbytes") and board.capability == "8.7" else []),
        *([_slow(board.power_mode)] if board.power_mode in LOW_POWER else []),
    ]


def _traps_of_torch(board: Board, cuda: str | None) -> list[Trap]:
    wanted = _cuda_of(board)
    if cuda is None:
        what = "torch is the build for CPUs that PyPI has for this processor: the GPU is not used"
        return [Trap(what, _wheels(board))]
    if wanted is not None and _major(cuda) != _major(wanted):
        what = f"torch is built for CUDA {cuda}, and this JetPack has CUDA {wanted}: kernels do not load"
        return [Trap(what, _wheels(board))]
    return []


def _slow(power_mode: str) -> Trap:
    return Trap(
        f"power mode {power_mode} holds back GPU and memory",
        "sudo nvpmodel -q --verbose lists the modes; sudo nvpmodel -m NUMBER && sudo jetson_clocks.",
    )


def _cuda_of(board: Board) -> str | None:
    """CUDA of a JetPack: 5 has 11.4, 6 has 12.x, 7 has 13.x."""
    return {"5": "11.4", "6": "12.6", "7": "13.0"}.get((board.jetpack or "").partition(".")[0])


def _wheels(board: Board) -> str:
    major = (board.jetpack or "").partition(".")[0]
    if major == "7":
        return "pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu130"
    return (
        f"Install NVIDIA's torch wheel for JetPack {board.jetpack or 'of this board'}: "
        "https://docs.nvidia.com/deeplearning/frameworks/install-pytorch-jetson-platform/"
    )


def _major(version: str) -> str:
    found = re.match(r"\d+", version)
    return found[0] if found else version
