"""Molmo 1 in the released format, known to transformers' Auto classes by `model_type: molmo`."""

from __future__ import annotations

from molmo_act.models.broken_torchvision import hide_broken_torchvision

hide_broken_torchvision()  # before transformers looks for it

from transformers import (  # noqa: E402
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoProcessor,
)

from molmo_act.models.molmo.configuration_molmo import MolmoConfig  # noqa: E402
from molmo_act.models.molmo.modeling_molmo import MolmoForConditionalGeneration  # noqa: E402
from molmo_act.models.molmo.processing_molmo import MolmoProcessor  # noqa: E402
from molmo_act.models.molmo.weight_conversion import register_weight_conversions  # noqa: E402

__all__ = ["MolmoConfig", "MolmoForConditionalGeneration", "MolmoProcessor"]

register_weight_conversions()
AutoConfig.register("molmo", MolmoConfig, exist_ok=True)
AutoModelForCausalLM.register(
    MolmoConfig, MolmoForConditionalGeneration, exist_ok=True
)  # as in released files
AutoModelForImageTextToText.register(MolmoConfig, MolmoForConditionalGeneration, exist_ok=True)
AutoProcessor.register(MolmoConfig, MolmoProcessor, exist_ok=True)
