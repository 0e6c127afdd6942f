"""Reads saves of before November 2026, in which every process had written its pieces to a file of its own.

Such a save is a folder with `rank_0_of_2.safetensors`, `rank_1_of_2.safetensors` …; progress and the state of
the data are in the metadata of each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor

SPLIT_AXIS = 0
"""Axis along which every weight is cut; the pieces of all ranks, in order, are the whole."""


class RankFiles:
    """The tensors of such a save, put together.

    Args:
        path: Folder of the save.

    Attributes:
        shapes: Shapes of the whole tensors, by name.
        about: `progress`, and `data` of every process.

    Raises:
        OSError, SafetensorError: A file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        first = next(path.glob("rank_0_of_*.safetensors"), None)
        if first is None:
            raise FileNotFoundError("it has no file of the first process")
        size = int(first.stem.rpartition("_")[2])
        pieces = [_read(path / f"rank_{rank}_of_{size}.safetensors") for rank in range(size)]
        self._whole: dict[str, Tensor] = {}
        for name, tensor in pieces[0][0].items():
            if name.startswith("random."):
                for rank, (each, _) in enumerate(pieces):
                    self._whole[f"{name}.{rank}"] = each[name]
            elif tensor.ndim:
                self._whole[name] = torch.cat([each[name] for each, _ in pieces], dim=SPLIT_AXIS)
            else:
                self._whole[name] = tensor
        self.shapes = {name: tensor.shape for name, tensor in self._whole.items()}
        self.about: dict[str, Any] = {
            "progress": pieces[0][1]["progress"],
            "data": [about["data"] for _, about in pieces],
        }

    def fill(self, tensors: Mapping[str, Tensor]) -> None:
        """Overwrites tensors, sharded or not, with those of the same names.

        Args:
            tensors: Tensors by name, changed in place.
        """
        for name, tensor in tensors.items():
            whole = self._whole[name]
            if isinstance(tensor, DTensor):
                placed = distribute_tensor(
                    whole.to(tensor.device), tensor.device_mesh, tensor.placements, src_data_rank=None
                )
                tensor.to_local().copy_(placed.to_local())
            else:
                tensor.copy_(whole)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    with safe_open(path, framework="pt", device="cpu") as file:
        names = file.keys()
        return {name: file.get_tensor(name) for name in names}, json.loads(file.metadata()["run"])
