"""MolmoPoint in the released format, known to transformers' Auto classes by `model_type: molmo_point`."""

from __future__ import annotations

from molmo_act.models.broken_torchvision import hide_broken_torchvision

hide_broken_torchvision()  # before transformers looks for it

from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor  # noqa: E402

from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig  # noqa: E402
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration  # noqa: E402
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor  # noqa: E402
from molmo_act.models.molmo_point.weight_conversion import register_weight_conversions  # noqa: E402

__all__ = ["MolmoPointConfig", "MolmoPointForConditionalGeneration", "MolmoPointProcessor"]

register_weight_conversions()
AutoConfig.register("molmo_point", MolmoPointConfig, exist_ok=True)
AutoModelForImageTextToText.register(MolmoPointConfig, MolmoPointForConditionalGeneration, exist_ok=True)
AutoProcessor.register(MolmoPointConfig, MolmoPointProcessor, exist_ok=True)
