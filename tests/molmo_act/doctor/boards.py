"""File trees of boards: what `molmo_act.doctor.board` reads, in the form that each system has."""

from __future__ import annotations

from pathlib import Path


def power_modes(*names: str) -> str:
    """/etc/nvpmodel.conf with these modes, numbered from 0."""
    return "".join(f"< POWER_MODEL ID={number} NAME={name} >\n" for number, name in enumerate(names))


def release(major: int, revision: str) -> str:
    """/etc/nv_tegra_release of a release of Linux for Tegra."""
    return (
        f"# R{major} (release), REVISION: {revision}, GCID: 38968081, BOARD: generic, EABI: aarch64, "
        "DATE: Wed Jan  8 01:49:37 UTC 2025\n# KERNEL_VARIANT: oot\nTARGET_USERSPACE_LIB_DIR=nvidia\n"
    )


def names(*all_of_them: str) -> str:
    """Strings as the device tree ends each."""
    return "".join(f"{name}\0" for name in all_of_them)


DRIVER = "NVRM version: NVIDIA UNIX {}  Release\n"
SHM = "tmpfs /dev/shm tmpfs rw,nosuid,nodev{} 0 0\n"
MEMORY = "MemTotal:        {} kB\nMemFree:          123456 kB\n"

BOARDS: dict[str, dict[str, str]] = {
    "Orin Nano": {
        "proc/device-tree/model": "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0",
        "proc/device-tree/compatible": names(
            "nvidia,p3768-0000+p3767-0005-super", "nvidia,p3767-0005", "nvidia,tegra234"
        ),
        "etc/nv_tegra_release": release(36, "4.3"),
        "etc/nvpmodel.conf": power_modes("15W", "25W", "MAXN_SUPER"),
        "var/lib/nvpmodel/status": "pmode:0002",
        "proc/mounts": SHM.format(""),
        "proc/meminfo": MEMORY.format(7802572),
    },
    "Orin NX": {
        "proc/device-tree/model": "NVIDIA Jetson Orin NX Engineering Reference Developer Kit\0",
        "proc/device-tree/compatible": names(
            "nvidia,p3768-0000+p3767-0000", "nvidia,p3767-0000", "nvidia,tegra234"
        ),
        "etc/nv_tegra_release": release(36, "3.0"),
        "etc/nvpmodel.conf": power_modes("MAXN", "10W", "15W"),
        "var/lib/nvpmodel/status": "pmode:0002",
        "proc/mounts": SHM.format(""),
        "proc/meminfo": MEMORY.format(15950000),
    },
    "AGX Orin": {
        "proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
        "proc/device-tree/compatible": names(
            "nvidia,p3737-0000+p3701-0005", "nvidia,p3701-0005", "nvidia,tegra234"
        ),
        "etc/nv_tegra_release": release(35, "4.1"),
        "etc/nvpmodel.conf": power_modes("MAXN", "MODE_15W", "MODE_30W"),
        "var/lib/nvpmodel/status": "pmode:0000",
        "proc/mounts": SHM.format(""),
        "proc/meminfo": MEMORY.format(64349000),
    },
    "Thor": {
        "proc/device-tree/model": "NVIDIA Jetson AGX Thor Developer Kit\0",
        "proc/device-tree/compatible": names(
            "nvidia,p4071-0000+p3834-0008", "nvidia,p3834-0008", "nvidia,tegra264"
        ),
        "etc/nv_tegra_release": release(38, "2.0"),
        "etc/nvpmodel.conf": power_modes("MAXN", "120W"),
        "var/lib/nvpmodel/status": "pmode:0001",
        "proc/mounts": SHM.format(""),
        "proc/meminfo": MEMORY.format(128824000),
    },
    "desktop": {
        "proc/driver/nvidia/version": DRIVER.format("x86_64 Kernel Module  550.54.14"),
        "proc/mounts": SHM.format(",size=16327528k"),
    },
    "open driver": {
        "proc/driver/nvidia/version": DRIVER.format("Open Kernel Module for x86_64  570.86.10"),
    },
    "container": {
        ".dockerenv": "",
        "proc/mounts": "shm /dev/shm tmpfs rw,nosuid,nodev,noexec,size=65536k 0 0\n",
    },
    "container on Orin": {
        ".dockerenv": "",
        "proc/device-tree/compatible": names(
            "nvidia,p3768-0000+p3767-0003", "nvidia,p3767-0003", "nvidia,tegra234"
        ),
        "proc/mounts": "shm /dev/shm tmpfs rw,nosuid,nodev,noexec,size=65536k 0 0\n",
    },
    "unknown module": {
        "sys/firmware/devicetree/base/model": "Carrier of a third party\0",
        "sys/firmware/devicetree/base/compatible": "acme,board\0nvidia,tegra234\0",
    },
    "Raspberry Pi": {
        "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
        "proc/device-tree/compatible": names("raspberrypi,5-model-b", "brcm,bcm2712"),
    },
    "nothing": {},
}


def make_board(name: str, root: Path) -> Path:
    """Writes the tree of a board."""
    for path, text in BOARDS[name].items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root
