"""Models whose language blocks stay on the disk: each is read when it runs, and dropped again behind it.

So a model runs, slowly, in the memory of one block beside its other parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.models.streamed_weights import StreamedWeights
from molmo_act.models.strict_loading import check_folder

LAYERS = "model.language_model.layers."
"""Beginning of the names of what stays on the disk."""
STREAMED = "_streamed_from"
"""Attribute of a layer whose weights stay on the disk."""


class _StreamedLayer:
    """The weights of one layer, on the disk and for a while in the layer."""

    def __init__(self, layer: nn.Module, prefix: str, weights: StreamedWeights) -> None:
        self._prefix, self._weights = prefix, weights
        self._absent = dict(layer.named_parameters())

    def fetch(self, layer: nn.Module) -> None:
        for name, value in self._weights.read(self._prefix):
            _put(layer, name.removeprefix(self._prefix), value)

    def drop(self, layer: nn.Module) -> None:
        for name, parameter in self._absent.items():
            path, _, own = name.rpartition(".")
            layer.get_submodule(path)._parameters[own] = parameter


def stream_checkpoint(folder: Path, dtype: torch.dtype, *, keep: bool) -> MolmoPointForConditionalGeneration:
    """Makes a model whose language blocks stay on the disk, for the CPU.

    Args:
        folder: Of a checkpoint that is not quantized, its weights in it.
        dtype: Type that the model computes in.
        keep: Whether the language blocks are read once and kept all the same.

    Returns:
        The model.

    Raises:
        CheckpointError: The checkpoint cannot be used, see `StrictLoading.from_pretrained`.
    """
    config = check_folder(folder, MolmoPointForConditionalGeneration)
    with torch.device("meta"):
        made: Any = MolmoPointForConditionalGeneration._from_config(config, dtype=dtype)
    model: MolmoPointForConditionalGeneration = made.eval()
    text = model.model.language_model
    for name in ("rotary_emb", "rotary_emb_unscaled"):  # whose tables are computed, not stored
        setattr(text, name, type(getattr(text, name))(text.config, scaled=name == "rotary_emb"))
    weights = StreamedWeights(model, folder, dtype)
    for name, value in weights.read(leave=None if keep else LAYERS):
        _put(model, name, value)
    model.tie_weights()
    if not keep:
        for index, layer in enumerate(text.layers):
            _stream(layer, f"{LAYERS}{index}.", weights)
    return model


@contextmanager
def present(module: nn.Module) -> Iterator[None]:
    """Inside, the weights of a module are in memory, whether they stay on the disk else or not.

    Args:
        module: A layer of a model.

    Yields:
        Nothing.
    """
    source = getattr(module, STREAMED, None)
    if source is None:
        yield
        return
    source.fetch(module)
    try:
        yield
    finally:
        source.drop(module)


def _stream(layer: nn.Module, prefix: str, weights: StreamedWeights) -> None:
    source = _StreamedLayer(layer, prefix, weights)
    setattr(layer, STREAMED, source)
    layer.register_forward_pre_hook(lambda module, args: source.fetch(module))
    layer.register_forward_hook(lambda module, args, output: source.drop(module), always_call=True)


def _put(module: nn.Module, name: str, value: Tensor) -> None:
    """Puts a weight in the place of one of the same shape."""
    path, _, own = name.rpartition(".")
    module.get_submodule(path)._parameters[own] = nn.Parameter(value, requires_grad=False)
