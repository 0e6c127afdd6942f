"""Reads from the files of a system what board it is: NVIDIA Jetson, or an ordinary machine.

Facts of the modules are those of NVIDIA's data sheets; JetPack is named after the release of Linux for Tegra,
as NVIDIA's archive of JetPack lists them. CUDA follows from the major release, so that one which is not
listed here yet is not taken for another.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Module:
    """A module of NVIDIA's Jetson family.

    Attributes:
        name: As it is sold.
        memory_gb: Memory that CPU and GPU share, in GB.
        bandwidth_gb_s: Of this memory, at most, in GB per second.
        capability: CUDA compute capability.
    """

    name: str
    memory_gb: int
    bandwidth_gb_s: float
    capability: str


MODULES = {
    "p3767-0000": Module("Jetson Orin NX 16GB", 16, 102.4, "8.7"),
    "p3767-0001": Module("Jetson Orin NX 8GB", 8, 102.4, "8.7"),
    "p3767-0003": Module("Jetson Orin Nano 8GB", 8, 68.0, "8.7"),
    "p3767-0004": Module("Jetson Orin Nano 4GB", 4, 34.0, "8.7"),
    "p3767-0005": Module("Jetson Orin Nano 8GB", 8, 68.0, "8.7"),
    "p3701-0000": Module("Jetson AGX Orin 32GB", 32, 204.8, "8.7"),
    "p3701-0004": Module("Jetson AGX Orin 32GB", 32, 204.8, "8.7"),
    "p3701-0005": Module("Jetson AGX Orin 64GB", 64, 204.8, "8.7"),
    "p3834-0008": Module("Jetson AGX Thor", 128, 273.0, "11.0"),
}
"""By the number that the device tree gives."""
SUPER_BANDWIDTH = {"Jetson Orin Nano 8GB": 102.0, "Jetson Orin Nano 4GB": 51.0}
"""Of modules that are faster in their "super" modes, in GB per second."""
SYSTEM_GB = 1.5
"""Of the memory that CPU and GPU of a board share: what Linux and ROS take without a desktop, about."""
CAPABILITIES = {"tegra234": "8.7", "tegra264": "11.0", "tegra194": "7.2"}
"""By the system on a chip, for modules that are not listed."""
JETPACK = {
    "39.2.1": "7.2.1",
    "39.2": "7.2",
    "38.4": "7.1",
    "38.2.1": "7.0",
    "38.2": "7.0",
    "36.5.2": "6.2.3",
    "36.5": "6.2.2",
    "36.4.7": "6.2.1",
    "36.4.4": "6.2.1",
    "36.4.3": "6.2",
    "36.4": "6.1",
    "36.3": "6.0",
    "36.2": "6.0 DP",
    "35.6.2": "5.1.5",
    "35.6.1": "5.1.5",
    "35.6": "5.1.4",
    "35.5": "5.1.3",
    "35.4.1": "5.1.2",
    "35.3.1": "5.1.1",
    "35.2.1": "5.1",
    "35.1": "5.0.2",
}
"""By the release of Linux for Tegra, exactly: of one that is not listed only the major number is known."""
JETPACK_MAJOR = {"35": "5", "36": "6", "38": "7", "39": "7"}
CUDA = {"35": "11.4", "36": "12", "38": "13", "39": "13"}
"""That comes with a release of Linux for Tegra, by its major number."""

_RELEASE = re.compile(r"# R(\d+) \(release\), REVISION: ([\d.]+)")
_POWER_MODEL = re.compile(r"<\s*POWER_MODEL ID=(\d+) NAME=(\S+)\s*>")


@dataclass(frozen=True)
class Board:
    """What a system is.

    Attributes:
        model: What the device tree calls it; None where there is none.
        module: The Jetson module; None for other machines, and for modules that are not listed.
        chip: System on a chip, such as "tegra234"; None where it is none of NVIDIA's.
        capability: CUDA compute capability; None where the files do not say.
        l4t: Release of Linux for Tegra, such as "36.4.3"; None where it is not installed.
        jetpack: Release of JetPack, such as "6.2.1", or "6.x" where only that follows from `l4t`; None where
            it is not known.
        power_mode: Name of the power mode, such as "15W"; None where it is not known.
        shared_memory_mb: Size of /dev/shm, in MB; None where there is none.
        in_container: Whether this is a container.
        driver: Version of NVIDIA's driver for other GPUs; None where it is not loaded.
        memory_mb: Memory of the whole machine, in MB; None where the files do not say.
    """

    model: str | None = None
    module: Module | None = None
    chip: str | None = None
    capability: str | None = None
    l4t: str | None = None
    jetpack: str | None = None
    power_mode: str | None = None
    shared_memory_mb: float | None = None
    in_container: bool = False
    driver: str | None = None
    memory_mb: float | None = None

    @property
    def cuda(self) -> str | None:
        """CUDA of its Linux for Tegra, such as "11.4" or "12"; None where it is not known."""
        return CUDA.get((self.l4t or "").partition(".")[0])

    @property
    def model_memory_mb(self) -> float | None:
        """What a Jetson has for models in MB, all but `SYSTEM_GB`; None for other machines."""
        if self.module is not None:
            return 1e3 * (self.module.memory_gb - SYSTEM_GB)
        return None if not self.is_jetson or self.memory_mb is None else self.memory_mb - 1e3 * SYSTEM_GB

    @property
    def is_jetson(self) -> bool:
        """Whether it is a Jetson."""
        return self.chip is not None

    def to_dict(self) -> dict[str, Any]:
        """Gives it as plain values, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Describes it in one line."""
        if not self.is_jetson:
            parts = [self.model or "no Jetson", *([f"NVIDIA driver {self.driver}"] if self.driver else [])]
        else:
            name = self.module.name if self.module else (self.model or self.chip)
            software = [f"Linux for Tegra {self.l4t}" if self.l4t else "no Linux for Tegra"]
            software += [f"JetPack {self.jetpack}"] if self.jetpack else []
            power = [f"power mode {self.power_mode}"] if self.power_mode else []
            parts = [f"{name}", *software, *power, f"CUDA capability {self.capability}"]
        parts += ["in a container"] if self.in_container else []
        shared = self.shared_memory_mb
        parts += [] if shared is None else [f"{shared:.0f} MB of shared memory in /dev/shm"]
        return ", ".join(parts)


def read_board(root: Path = Path("/")) -> Board:
    """Reads what a system is from its files.

    Args:
        root: Where its files begin.

    Returns:
        The board; unknown parts are None.
    """
    trees = [root / path for path in ("proc/device-tree", "sys/firmware/devicetree/base")]
    tree = next((path for path in trees if path.is_dir()), trees[0])
    names = _text(tree / "compatible").split("\0")
    chip = next((found[0] for name in names if (found := re.findall(r"tegra\d{3}", name))), None)
    model = _text(tree / "model").strip("\0\n ") or None
    module = next((MODULES[key] for name in names for key in MODULES if key in name), None)
    l4t = _l4t(root) if chip else None
    power_mode = _power_mode(root) if chip else None
    return Board(
        model=model,
        module=_with_bandwidth(module, power_mode, names),
        chip=chip,
        capability=module.capability if module else CAPABILITIES.get(chip or ""),
        l4t=l4t,
        jetpack=_jetpack(l4t),
        power_mode=power_mode,
        shared_memory_mb=_shared_memory(root),
        driver=_driver(root),
        memory_mb=_memory(root),
        in_container=(root / ".dockerenv").exists() or (root / "run/.containerenv").exists(),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _driver(root: Path) -> str | None:
    found = re.search(r"Kernel Module(?: for \S+)?\s+(\d[\d.]+)", _text(root / "proc/driver/nvidia/version"))
    return None if found is None else found[1]


def _l4t(root: Path) -> str | None:
    found = _RELEASE.search(_text(root / "etc/nv_tegra_release"))
    return None if found is None else f"{found[1]}.{found[2].rstrip('.')}".removesuffix(".0")


def _jetpack(l4t: str | None) -> str | None:
    major = JETPACK_MAJOR.get((l4t or "").partition(".")[0])
    return None if l4t is None else JETPACK.get(l4t, None if major is None else f"{major}.x")


def _power_mode(root: Path) -> str | None:
    """The mode that nvpmodel has set last, by its name in nvpmodel's table."""
    number = re.search(r"pmode:0*(\d+)", _text(root / "var/lib/nvpmodel/status"))
    if number is None:
        return None
    names: dict[str, str] = dict(_POWER_MODEL.findall(_text(root / "etc/nvpmodel.conf")))
    return names.get(number[1], f"mode {number[1]}")


def _with_bandwidth(module: Module | None, power_mode: str | None, names: list[str]) -> Module | None:
    """The module as it is set: an Orin Nano is faster in its "super" modes."""
    is_super = any(name.endswith("-super") for name in names) and power_mode in ("25W", "MAXN_SUPER")
    if module is None or not is_super or module.name not in SUPER_BANDWIDTH:
        return module
    return replace(module, bandwidth_gb_s=SUPER_BANDWIDTH[module.name])


def _shared_memory(root: Path) -> float | None:
    """Size of /dev/shm by the table of mounts, which containers limit to 64 MB."""
    for line in _text(root / "proc/mounts").splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[1] == "/dev/shm":
            size = re.search(r"\bsize=(\d+)([kmg]?)", fields[3])
            if size is not None:
                return int(size[1]) * {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}[size[2]] / 1e6
            return _half_of_memory(root)
    return None


def _half_of_memory(root: Path) -> float | None:
    """What tmpfs takes at most where its mount names no size."""
    total = _memory(root)
    return None if total is None else total / 2


def _memory(root: Path) -> float | None:
    total = re.search(r"MemTotal:\s+(\d+) kB", _text(root / "proc/meminfo"))
    return None if total is None else int(total[1]) * 1024 / 1e6
