"""Makes ``AutoProcessor`` give MolmoPoint's processor. Knows class names and files, never pixels or text."""

from __future__ import annotations

import os
from functools import wraps
from typing import Any

from transformers import AutoProcessor
from transformers.models.auto import processing_auto
from transformers.processing_utils import ProcessorMixin

from molmo_act.modeling.checkpoint_files import HUB_OPTIONS, find_file, read_json
from molmo_act.modeling.configuration import MolmoPointConfig
from molmo_act.modeling.processing import MolmoPointProcessor


def register_processor() -> None:
    """Let ``AutoProcessor`` give this processor for checkpoints of ``model_type`` ``molmo_point``.

    Released MolmoPoint files name the processor class of Molmo2, and ``AutoProcessor`` believes that name
    before it looks at the model type. So the name is answered by whoever the model type asks for.
    """
    AutoProcessor.register(MolmoPointConfig, MolmoPointProcessor, exist_ok=True)
    by_name = processing_auto.processor_class_from_name
    if getattr(by_name, "knows_molmo_point", False):
        return

    @wraps(by_name)
    def class_from_name(class_name: str) -> type | None:
        return _ProcessorOfModelType if class_name == "Molmo2Processor" else by_name(class_name)

    class_from_name.knows_molmo_point = True  # type: ignore[attr-defined]
    processing_auto.processor_class_from_name = class_from_name


class _ProcessorOfModelType:
    """Stands for the class name that MolmoPoint and Molmo2 checkpoints share."""

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str], **options: Any) -> ProcessorMixin:
        hub = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}
        config = find_file(source, "config.json", **hub)
        if config is not None and read_json(config).get("model_type") == "molmo_point":
            return MolmoPointProcessor.from_pretrained(source, **options)
        from transformers.models.molmo2.processing_molmo2 import Molmo2Processor

        return Molmo2Processor.from_pretrained(source, **options)
