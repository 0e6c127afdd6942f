"""Known traps are found where they are, and nowhere else."""

from __future__ import annotations

import pytest

from molmo_act.doctor.board import read_board
from molmo_act.doctor.traps import UNKNOWN, find_traps
from tests.molmo_act.doctor.boards import make_board, release

BOTH = {"torch": "2.9.0", "bitsandbytes": "0.50.2"}
FOUND = [
    ("nothing", BOTH, None, []),
    ("desktop", BOTH, "12.6", []),
    ("desktop", BOTH, None, ["driver 550.54.14 is loaded"]),
    ("desktop", {"torch": None}, None, []),
    ("container", BOTH, None, ["/dev/shm has 67 MB"]),
    ("container on Orin", {}, None, ["without Linux for Tegra", "/dev/shm has 67 MB"]),
    ("Orin Nano", {"torch": "2.8.0"}, "12.6", []),
    ("Orin Nano", {"torch": "2.9.0"}, None, ["build for CPUs"]),
    ("Orin Nano", {"torch": "2.9.0"}, "13.0", ["36.4.3 has CUDA 12:"]),
    ("Orin Nano", {"torch": "2.9.0"}, UNKNOWN, []),
    ("Orin Nano", BOTH, "12.6", []),
    ("desktop", BOTH, UNKNOWN, []),
    ("Orin NX", {"torch": "2.8.0"}, "12.4", ["power mode 15W"]),
    ("AGX Orin", {"torch": "2.8.0"}, "12.6", ["35.4.1 has CUDA 11.4"]),
    ("Thor", BOTH, "13.0", []),
    ("Thor", {"torch": "2.9.0"}, "12.6", ["38.2 has CUDA 13:"]),
]


@pytest.mark.parametrize(("name", "versions", "cuda", "expected"), FOUND)
def test_traps_of_a_board(tmp_path, name, versions, cuda, expected) -> None:
    traps = find_traps(read_board(make_board(name, tmp_path)), versions, cuda)
    assert len(traps) == len(expected)
    for trap, words in zip(traps, expected, strict=True):
        assert words in trap.what
        assert trap.fix


def test_a_release_that_has_no_jetpack_yet_has_its_cuda(tmp_path) -> None:
    root = make_board("Thor", tmp_path)
    (root / "etc/nv_tegra_release").write_text(release(38, "9.0"))
    [trap] = find_traps(read_board(root), {"torch": "2.9.0"}, "12.6")
    assert "38.9 has CUDA 13" in trap.what
    assert trap.fix.endswith("whl/cu130")


@pytest.mark.parametrize(
    ("name", "words", "number"),
    [("Orin Nano", "has no kernels for capability 8.7", "87"), ("Thor", "may have no kernels for", "110")],
)
def test_bitsandbytes_is_built_where_it_did_not_run(tmp_path, name, words, number) -> None:
    board = read_board(make_board(name, tmp_path))
    assert find_traps(board, BOTH, board.cuda) == []
    [trap] = find_traps(board, BOTH, board.cuda, ["nf4"])
    assert words in trap.what
    assert f"-DCOMPUTE_CAPABILITY={number} " in trap.fix


def test_the_way_out_fits_the_board(tmp_path) -> None:
    [thor] = find_traps(read_board(make_board("Thor", tmp_path / "thor")), {"torch": "2.9.0"}, None)
    assert thor.fix.endswith("whl/cu130")
    [nano] = find_traps(read_board(make_board("Orin Nano", tmp_path / "nano")), {"torch": "2.9.0"}, None)
    assert "JetPack 6.2" in nano.fix
