"""Reads the weights of a checkpoint a few at a time, under the names and in the layout of our modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor
from transformers import PreTrainedModel
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key

from molmo_act.models.strict_loading import refuse_misfits
from molmo_act.models.weight_files import StoredTensor, stored_tensors, weight_files


@dataclass
class _Group:
    """Weights that are made of the same stored tensors.

    Attributes:
        conversion: How they are made; None where one tensor is stored as it is used.
        names: Theirs in the model.
        stored: Name in the file, the pattern of the conversion that it fits, and the tensor.
    """

    conversion: WeightConverter | None
    names: list[str]
    stored: list[tuple[str, str, StoredTensor]] = field(default_factory=list)


class StreamedWeights:
    """The weights of a checkpoint, read when they are asked for.

    Args:
        model: The model that takes them, which may be on the device "meta".
        folder: Of the checkpoint.
        dtype: Type in which they are given.

    Raises:
        CheckpointError: There are no weights, they cannot be read, or the model does not know one.
    """

    def __init__(self, model: PreTrainedModel, folder: Path, dtype: torch.dtype) -> None:
        self._model, self._folder, self._dtype = model, folder, dtype
        self._groups: dict[str, _Group] = {}
        unexpected = []
        conversions = get_model_conversion_mapping(model)
        renamings = [each for each in conversions if isinstance(each, WeightRenaming)]
        converters = [each for each in conversions if isinstance(each, WeightConverter)]
        wanted = model.state_dict()
        self._shapes = {name: tuple(value.shape) for name, value in wanted.items()}
        for key, tensor in stored_tensors(weight_files(folder)).items():
            name, pattern = rename_source_key(key, renamings, converters, model.base_model_prefix, wanted)
            if name not in wanted and key in wanted:
                name, pattern = key, None
            if name not in wanted:
                unexpected.append(name)
                continue
            converter = next((each for each in converters if pattern in each.source_patterns), None)
            group = self._groups.setdefault(name, _Group(converter, _names(name, converter)))
            group.stored.append((key, pattern or key, tensor))
        # Tied weights are stored once, and are parameters once.
        missing = {name for name, _ in model.named_parameters()} - self.names
        self._refuse(missing_keys=missing, unexpected_keys=unexpected)

    @property
    def names(self) -> set[str]:
        """Names, in the model, of all weights that are there."""
        return {name for group in self._groups.values() for name in group.names}

    def read(self, prefix: str = "", leave: str | None = None) -> Iterator[tuple[str, Tensor]]:
        """Reads weights.

        Args:
            prefix: Beginning of their names in the model.
            leave: Beginning of the names of those that are not read; None for none.

        Yields:
            Name in the model and value, one after another.

        Raises:
            CheckpointError: One has another shape.
        """
        for name, group in self._groups.items():
            if name.startswith(prefix) and (leave is None or not name.startswith(leave)):
                yield from self._make(name, group)

    def _make(self, name: str, group: _Group) -> Iterator[tuple[str, Tensor]]:
        # The file is mapped into memory as long as a tensor of it is in use, and counts as memory of ours.
        conversion = deepcopy(group.conversion) or WeightRenaming(group.stored[0][0], name)
        for key, pattern, tensor in group.stored:
            with safe_open(tensor.path, "pt") as file:
                conversion.add_tensor(name, key, pattern, file.get_tensor(key))
        made = conversion.convert(name, model=self._model, config=self._model.config)
        for target, value in made.items():
            value = value[0] if isinstance(value, list) else value
            if tuple(value.shape) != self._shapes[target]:
                self._refuse(mismatched_keys=[(target, value.shape, self._shapes[target])])
            yield target, value.to(self._dtype, copy=True)

    def _refuse(self, **found: Iterable[Any]) -> None:
        kinds = ("missing_keys", "unexpected_keys", "mismatched_keys")
        refuse_misfits(self._folder, {kind: found.get(kind, ()) for kind in kinds})


def _names(first: str, converter: WeightConverter | None) -> list[str]:
    """Names of all weights of a conversion, as transformers makes them of the first one."""
    if converter is None:
        return [first]
    targets = converter.target_patterns
    return [first.replace(targets[0], target) for target in targets]
