"""A tiny loaded model of every family, and models that say what a test wants them to say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch

import molmo_act
from tests.support.tiny_checkpoint import TINY
from tests.support.tiny_molmo1 import DATA
from tests.support.tiny_molmo2 import tiny_molmo2

FOLDERS = {
    "molmo_point": TINY,
    **{name: DATA / name for name in ("tiny", "tiny_o", "tiny_e", "videomolmo")},
}
FAMILIES = ("molmo_point", "molmo2", "tiny", "tiny_o", "tiny_e", "videomolmo")
WRITERS = ("molmo2", "tiny", "videomolmo")
"""Those that write coordinates as text, one of each format."""


@lru_cache
def family(name: str) -> molmo_act.PointingModel:
    """The model of a family; loaded once, not to be changed."""
    return tiny_molmo2() if name == "molmo2" else molmo_act.load(FOLDERS[name], device="cpu")


class Speaks:
    """Lets a model write given texts, one for each prompt: its logits are replaced, all else is its own.

    What is proved with it is what becomes of words, not that a model says them. A context manager.
    """

    def __init__(self, model: molmo_act.PointingModel, *texts: str) -> None:
        tokenizer = model.runtime.tokenizer
        end = int(tokenizer.eos_token_id)
        self._ids = [[*tokenizer.encode(text, add_special_tokens=False), end] for text in texts]
        self._model, self._said = model.model, iter(list[int]())
        self.prompts: list[str] = []
        self._decode = tokenizer.decode

    def __enter__(self) -> Speaks:
        self._queue = iter(self._ids)
        self._hooks = [
            self._model.register_forward_pre_hook(self._begin, with_kwargs=True),
            self._model.register_forward_hook(self._speak, with_kwargs=True),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _begin(self, module: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        if kwargs["input_ids"].shape[1] > 1:
            self.prompts.append(self._decode(kwargs["input_ids"][0], skip_special_tokens=False))
            self._said = iter(next(self._queue))

    def _speak(self, module: Any, args: Sequence[Any], kwargs: dict[str, Any], output: Any) -> Any:
        output.logits = torch.zeros_like(output.logits)
        output.logits[:, -1, next(self._said)] = 9.0
        return output
