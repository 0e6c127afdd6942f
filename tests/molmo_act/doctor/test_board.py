"""What a system is, by its files."""

from __future__ import annotations

import pytest

from molmo_act.doctor.board import Board, read_board
from tests.molmo_act.doctor.boards import make_board, release

TOLD = {
    "Orin Nano": [
        "Jetson Orin Nano 8GB",
        "Linux for Tegra 36.4.3",
        "JetPack 6.2",
        "power mode MAXN_SUPER",
        "CUDA capability 8.7",
        "3995 MB of shared memory in /dev/shm",
    ],
    "Orin NX": [
        "Jetson Orin NX 16GB",
        "Linux for Tegra 36.3",
        "JetPack 6.0",
        "power mode 15W",
        "CUDA capability 8.7",
        "8166 MB of shared memory in /dev/shm",
    ],
    "AGX Orin": [
        "Jetson AGX Orin 64GB",
        "Linux for Tegra 35.4.1",
        "JetPack 5.1.2",
        "power mode MAXN",
        "CUDA capability 8.7",
        "32947 MB of shared memory in /dev/shm",
    ],
    "Thor": [
        "Jetson AGX Thor",
        "Linux for Tegra 38.2",
        "JetPack 7.0",
        "power mode 120W",
        "CUDA capability 11.0",
        "65958 MB of shared memory in /dev/shm",
    ],
    "desktop": [
        "no Jetson",
        "NVIDIA driver 550.54.14",
        "16719 MB of shared memory in /dev/shm",
    ],
    "open driver": [
        "no Jetson",
        "NVIDIA driver 570.86.10",
    ],
    "container": [
        "no Jetson",
        "in a container",
        "67 MB of shared memory in /dev/shm",
    ],
    "container on Orin": [
        "Jetson Orin Nano 8GB",
        "no Linux for Tegra",
        "CUDA capability 8.7",
        "in a container",
        "67 MB of shared memory in /dev/shm",
    ],
    "unknown module": [
        "Carrier of a third party",
        "no Linux for Tegra",
        "CUDA capability 8.7",
    ],
    "Raspberry Pi": [
        "Raspberry Pi 5 Model B Rev 1.0",
    ],
    "nothing": [
        "no Jetson",
    ],
}


@pytest.mark.parametrize("name", TOLD)
def test_a_board_is_told_by_its_files(tmp_path, name) -> None:
    assert str(read_board(make_board(name, tmp_path))).split(", ") == TOLD[name]


def test_a_super_mode_has_the_memory_at_its_full_rate(tmp_path) -> None:
    root = make_board("Orin Nano", tmp_path)
    assert read_board(root).module.bandwidth_gb_s == 102.0
    (root / "var/lib/nvpmodel/status").write_text("pmode:0000")
    assert read_board(root).module.bandwidth_gb_s == 68.0
    assert read_board(root).power_mode == "15W"
    (root / "var/lib/nvpmodel/status").write_text("pmode:0009")  # that the table does not name
    assert read_board(root).power_mode == "mode 9"


@pytest.mark.parametrize(("power_mode", "bandwidth"), [("MAXN_SUPER", 51.0), ("15W", 34.0)])
def test_the_super_mode_of_the_4gb_module_is_its_own(tmp_path, power_mode, bandwidth) -> None:
    root = make_board("Orin Nano", tmp_path)
    names = "nvidia,p3768-0000+p3767-0004-super\0nvidia,p3767-0004\0nvidia,tegra234\0"
    (root / "proc/device-tree/compatible").write_text(names)
    (root / "etc/nvpmodel.conf").write_text(f"< POWER_MODEL ID=2 NAME={power_mode} >\n")
    module = read_board(root).module
    assert (module.memory_gb, module.bandwidth_gb_s) == (4, bandwidth)


@pytest.mark.parametrize(
    ("major", "revision", "jetpack", "cuda"),
    [
        (36, "4.7", "6.2.1", "12"),
        (36, "4.4", "6.2.1", "12"),
        (36, "4.3", "6.2", "12"),
        (36, "4.0", "6.1", "12"),
        (36, "5.0", "6.2.2", "12"),
        (36, "9.1", "6.x", "12"),
        (35, "6.0", "5.1.4", "11.4"),
        (35, "6.1", "5.1.5", "11.4"),
        (38, "2.1", "7.0", "13"),
        (38, "4.0", "7.1", "13"),
        (39, "2.0", "7.2", "13"),
    ],
)
def test_jetpack_and_cuda_follow_from_the_release(tmp_path, major, revision, jetpack, cuda) -> None:
    root = make_board("Orin Nano", tmp_path)
    (root / "etc/nv_tegra_release").write_text(release(major, revision))
    assert (read_board(root).jetpack, read_board(root).cuda) == (jetpack, cuda)


def test_the_system_has_its_part_of_the_memory(tmp_path) -> None:
    assert read_board(make_board("Orin NX", tmp_path / "nx")).model_memory_mb == 14_500
    unlisted = make_board("unknown module", tmp_path / "other")
    assert read_board(unlisted).model_memory_mb is None
    (unlisted / "proc").mkdir()
    (unlisted / "proc/meminfo").write_text("MemTotal: 8000000 kB\n")
    assert read_board(unlisted).model_memory_mb == 8_000_000 * 1024 / 1e6 - 1500
    assert read_board(make_board("desktop", tmp_path / "desktop")).model_memory_mb is None


def test_a_release_that_is_not_listed_has_no_jetpack(tmp_path) -> None:
    root = make_board("Thor", tmp_path)
    (root / "etc/nv_tegra_release").write_text("# R99 (release), REVISION: 1.2, GCID: 1")
    assert (read_board(root).l4t, read_board(root).jetpack) == ("99.1.2", None)
    (root / "etc/nv_tegra_release").write_bytes(b"\xff\xfe garbage")
    assert read_board(root).l4t is None


def test_this_machine_can_be_read() -> None:
    board = read_board()
    assert isinstance(board, Board)
    assert board.to_dict()["module"] is None or board.is_jetson
