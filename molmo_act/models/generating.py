"""Generating: `generate` of transformers for models that are shown images once, in the prefill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor
from transformers import GenerationConfig

from molmo_act.models.forward_options import check_generate_options

VISION_INPUTS = (
    *("token_type_ids", "pixel_values", "image_token_pooling", "image_grids", "image_num_crops"),
    *("pixel_values_videos", "video_token_pooling", "video_grids"),
)
"""Inputs of `MolmoPointProcessor` that describe images and videos."""


if TYPE_CHECKING:
    from transformers import GenerationMixin as _Generation
else:
    _Generation = object  # transformers looks for its own class among the bases of the model itself


class Generating(_Generation):
    """A model that `generate` gives images in the first forward pass only.

    Stands before the class of transformers that it generates with.

    Attributes:
        first_only: Inputs of the first forward pass.
    """

    first_only: ClassVar[tuple[str, ...]] = VISION_INPUTS

    def generate(
        self, inputs: Tensor | None = None, generation_config: GenerationConfig | None = None, **kwargs: Any
    ) -> Any:
        """Generates as transformers' `generate` does, of one answer per prompt.

        Args:
            inputs: (B, S) ids of the prompts; also by the name input_ids.
            generation_config: See transformers. Released files of dense Molmo 1 models name no id that ends
                an answer; give ``eos_token_id=processor.tokenizer.eos_token_id``.
            kwargs: See transformers; and what the processor gave.

        Returns:
            What transformers' `generate` returns.

        Raises:
            InputError: An option has no meaning for this model.
        """
        check_generate_options(kwargs, generation_config or self.generation_config)
        return super().generate(inputs, generation_config, **kwargs)

    def prepare_inputs_for_generation(
        self, input_ids: Tensor, is_first_iteration: bool = False, **kwargs: Any
    ) -> dict[str, Any]:
        """What the next forward pass of `generate` is given: images only in the first one.

        Args:
            input_ids: (B, S) all ids so far.
            is_first_iteration: Whether it is the prefill.
            kwargs: What `generate` keeps for the model.

        Returns:
            Arguments of `forward`.
        """
        inputs: dict[str, Any] = super().prepare_inputs_for_generation(
            input_ids, is_first_iteration=is_first_iteration, **kwargs
        )
        inputs.pop("mm_token_type_ids", None)  # the native name of token_type_ids
        if is_first_iteration:
            return inputs
        return {key: value for key, value in inputs.items() if key not in self.first_only}
