"""Prepares used and quantized models for pickle, copy and saving."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeVar

from torch import nn

import molmo_act.models.attention  # noqa: F401  # a model that is unpickled may name what it registers
from molmo_act.errors import InputError
from molmo_act.models.progress import progress_on_terminals

Model = TypeVar("Model", bound=nn.Module)

NF4_LAYER = "Linear4bit"
"""Name of the class of bitsandbytes that layers in NF4 are of, whether it is installed or not."""
_HOOK = "install_output_capuring_hook"  # spelt so in transformers
_INSTALLED = "_output_capturing_hooks_installed"


def without_capture_hooks(model: Model) -> Model:
    """Makes the same model without the hooks that transformers installs when it first runs.

    They are local functions, which cannot be pickled; the copy installs its own when it first runs. The model
    itself is not touched, since another thread may be running it.

    Args:
        model: A model, used or not.

    Returns:
        Modules of their own around the same parameters and buffers.
    """
    made: dict[int, nn.Module] = {}

    def clone(module: Any) -> Any:
        if id(module) not in made:
            twin = object.__new__(type(module))
            made[id(module)] = twin
            twin.__dict__ = {name: value for name, value in module.__dict__.items() if name != _INSTALLED}
            hooks = module.__dict__["_forward_hooks"].items()
            twin.__dict__["_forward_hooks"] = OrderedDict(
                (number, hook) for number, hook in hooks if not _captures(hook)
            )
            twin.__dict__["_modules"] = {
                name: None if child is None else clone(child) for name, child in module._modules.items()
            }
        return made[id(module)]

    twin: Model = clone(model)
    return twin


def is_changed(module: nn.Module) -> bool:
    """Says whether calling a module may do more than its class says: by hooks, or by a forward of its own.

    Args:
        module: Its parts count, too. Hooks that transformers installs when a model first runs do not.

    Returns:
        Whether it may.
    """
    return any(
        part._forward_pre_hooks
        or "forward" in vars(part)
        or not all(map(_captures, part._forward_hooks.values()))
        for part in module.modules()
    )


def _captures(hook: Any) -> bool:
    """Whether a hook is one that transformers installs when a model first runs."""
    return str(getattr(hook, "__qualname__", "")).startswith(_HOOK)


class Copyable:
    """Mixin for `PreTrainedModel`s: they can be pickled and copied after use, too."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        return object.__reduce_ex__(without_capture_hooks(self), protocol)  # type: ignore[type-var]


class Saveable(Copyable):
    """Mixin for `PreTrainedModel`s: a quantized one is saved as it can be loaded."""

    def save_pretrained(self, *args: Any, save_original_format: bool | None = None, **kwargs: Any) -> None:
        """Saves as `PreTrainedModel.save_pretrained` does.

        Args:
            args: Handed on, the folder first.
            save_original_format: Whether weights get the names of the released format. None for yes, but of a
                quantized model, whose layers cannot be joined as that format joins them.
            kwargs: Handed on.

        Raises:
            InputError: The model is quantized and the released format was asked for.
        """
        quantized = getattr(self.config, "quantization_config", None) is not None  # type: ignore[attr-defined]
        if quantized and save_original_format:
            raise InputError(
                "save_original_format=True was given, but the released format has no quantized weights. "
                "Leave it out, or save the model that was loaded without quantization."
            )
        original = not quantized if save_original_format is None else save_original_format
        with progress_on_terminals():
            super().save_pretrained(*args, save_original_format=original, **kwargs)  # type: ignore[misc]

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Loads weights as `torch.nn.Module.load_state_dict` does.

        Args:
            state_dict: Names and values.
            args: Handed on.
            kwargs: Handed on.

        Returns:
            Names that were missing and unexpected.

        Raises:
            InputError: There are weights for layers in NF4, whose scales bitsandbytes takes at loading only.
        """
        for path, module in self.named_modules():  # type: ignore[attr-defined]
            kinds = {kind.__name__ for kind in type(module).__mro__}
            if NF4_LAYER in kinds and f"{path}.weight" in state_dict:
                raise InputError(
                    f"{path} is in NF4, and such weights cannot be put into a model that is there. Save with "
                    "save_pretrained, and load that folder with molmo_act.load."
                )
        return super().load_state_dict(state_dict, *args, **kwargs)  # type: ignore[misc]
