"""MolmoPointConfig: transformers' Molmo2Config plus the grounding fields.

Reads and writes the released `config.json` of MolmoPoint checkpoints.
"""

# No `from __future__ import annotations`: `strict` checks values against types, not against their names.

import math
from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import Molmo2Config, PreTrainedConfig
from transformers.models.molmo2.configuration_molmo2 import (
    Molmo2AdapterConfig,
    Molmo2TextConfig,
    Molmo2VisionConfig,
)

LOCATION_GRIDS = {"3x3": 9}
MASK_TIMES = ("always", "inference", "never", None)
ROTARY_KINDS = ("one_d", "none")
OWN_KEYS = ("score_temperature", "score_curve", "absent_curve", "temporal_module")
"""That released files lack; None where a checkpoint does without."""
TEMPORAL_KINDS = (None, "attention", "addition", "concatenation")
ATTENTION = "sdpa"
"""What every part of a released file names; the original's default ignores the mask of the connector."""


@strict
class MolmoPointAdapterConfig(Molmo2AdapterConfig):
    """The connector between vision tower and language model.

    Attributes:
        pooling_attention_mask: Whether the pooling attention ignores padded slots of a window.
        positional_embeddings: Number of learned slot biases added before pooling; None for none.
        attention_pooling_out_layer: Whether the pooling attention has an output projection.
    """

    base_config_key = "adapter_config"

    pooling_attention_mask: bool = True
    positional_embeddings: int | None = None
    attention_pooling_out_layer: bool = False

    def to_dict(self) -> dict[str, object]:
        """The released form of this part of the configuration."""
        released: dict[str, Any] = super().to_dict()
        released["model_type"] = "molmo_point"
        released["vit_layers"] = released.pop("vision_feature_layer")
        released["attn_implementation"] = ATTENTION
        return released


def _check_curve(key: str, curve: list[Any] | None) -> None:
    """Refuses what is no slope above 0 and offset.

    Raises:
        ValueError: It is not.
    """
    numbers = curve is not None and all(
        isinstance(each, (int, float)) and math.isfinite(each) for each in curve
    )
    if curve is not None and not (numbers and len(curve) == 2 and curve[0] > 0):
        raise ValueError(
            f"config.json says {key!r}: {curve!r}; expected a slope above 0 and an offset, or null. "
            "`python -m model.evaluation.calibration --write` writes them."
        )


def _released_vision(config: Molmo2VisionConfig) -> dict[str, object]:
    generic = PreTrainedConfig().to_dict()
    released = {key: value for key, value in config.to_dict().items() if key not in generic}
    released["model_type"] = "molmo2"
    released["image_default_input_size"] = released.pop("image_size")
    released["image_patch_size"] = released.pop("patch_size")
    released["image_num_pos"] = released.pop("num_position_embeddings")
    released["float32_attention"] = True
    released["attn_implementation"] = ATTENTION
    return released


def _released_text(config: Molmo2TextConfig) -> dict[str, object]:
    released: dict[str, Any] = config.to_dict()
    released.pop("transformers_version", None)
    rope = released.pop("rope_parameters")
    scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
    released["rope_theta"] = rope["rope_theta"]
    released["rope_scaling"] = None if scaling.get("rope_type", "default") == "default" else scaling
    if released["rope_scaling"] is None:
        released["rope_scaling_layers"] = None
    released["layer_norm_eps"] = released.pop("rms_norm_eps")
    released["qkv_bias"] = released.pop("attention_bias")
    released["use_qk_norm"] = True
    released["attn_implementation"] = ATTENTION
    return released


@strict
class MolmoPointConfig(Molmo2Config):
    """Configuration of a MolmoPoint model.

    Attributes:
        image_non_indexable_patch_id: Id of the token that stands for a patch of the global crop.
        patch_token_id, subpatch_token_id, location_token_id: Ids of the three grounding tokens.
        patch_embed_dim: Width E of the grounding queries and keys.
        patch_location: Grid of locations inside a ViT patch; only "3x3" exists.
        no_more_points_class: Whether "no more points" competes with the patches.
        layer_norm_x: Whether hidden states pass an RMSNorm of their own before the grounding head.
        norm_logits: Whether grounding scores are divided by a square root (see `grounding_head`).
        mask_patches, mask_subpatches, mask_repeats: When a point may not go back in the image, to an
            earlier slot, or repeat: "always", "inference" or "never".
        token_prediction_rotary: "one_d": grounding queries and keys are rotated by token position.
        token_prediction_rotary_theta: Base of that rotation.
        score_temperature: Divides raw patch scores when probabilities are reported (see
            `molmo_act.generation.sampling`); None takes the scores as the model gives them. Not part of
            released files; never changes which point is chosen.
        score_curve, absent_curve: Slope, above 0, and offset of the curves that calibrate the score of points
            and the probability that nothing matches (see `molmo_act.calibration`); None reports them as
            they are. Not part of released files; they change neither which point is chosen nor the order.
        temporal_module: How earlier frames of a stream are mixed into a frame (see `temporal`):
            "attention", "addition" or "concatenation"; None for not at all, as in released files, which
            lack the key.
        temporal_frames: How many earlier frames, at most.
        answers_questions: Whether the model was taught to answer questions in words, as released ones were;
            False for one that only points, such as nano. Written to files only where it is False.

    Raises:
        ValueError: For an unknown `patch_location`, `token_prediction_rotary`, `embed_selected_vit_patch` or
            `temporal_module`, a curve that is none, or `temporal_frames` below 1; the message names the key
            and what is accepted.
    """

    model_type = "molmo_point"
    sub_configs_defaults: ClassVar = {
        "text_config": Molmo2TextConfig,
        "vision_config": Molmo2VisionConfig,
        "adapter_config": MolmoPointAdapterConfig,
    }

    low_res_image_start_token_id: int | None = None
    image_col_id: int = 151939
    image_high_res_id: int = 151938
    image_non_indexable_patch_id: int = 151942
    patch_token_id: int = 151947
    subpatch_token_id: int = 151948
    location_token_id: int = 151949
    use_frame_special_tokens: bool = True
    patch_embed_dim: int = 512
    patch_location: str | None = "3x3"
    no_more_points_class: bool = True
    layer_norm_x: bool = True
    norm_logits: bool = True
    mask_patches: str | None = "always"
    mask_subpatches: str | None = "inference"
    mask_repeats: str | None = "inference"
    embed_selected_vit_patch: str | None = "linear"
    embed_location: bool = False
    patch_embedding_kind: str = "image_feature0"
    token_prediction_rotary: str | bool | None = "one_d"
    token_prediction_rotary_theta: float | int | None = 50000.0
    score_temperature: float | int | None = None
    score_curve: list[Any] | None = None
    absent_curve: list[Any] | None = None
    temporal_module: str | None = None
    temporal_frames: int = 4
    answers_questions: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        # The released top-level flag is always false and means nothing; the one of the text model counts.
        self.tie_word_embeddings = bool(self.text_config.tie_word_embeddings)

    def validate_architecture(self) -> None:
        """Refuses what this library cannot run.

        Raises:
            ValueError: Naming the key and what is accepted.
        """
        super().validate_architecture()
        self._accept("patch_location", tuple(LOCATION_GRIDS))
        self._accept("token_prediction_rotary", ROTARY_KINDS)
        self._accept("embed_selected_vit_patch", ("linear",))
        for key in ("mask_patches", "mask_subpatches", "mask_repeats"):
            self._accept(key, MASK_TIMES)
        for key in ("score_curve", "absent_curve"):
            _check_curve(key, getattr(self, key))
        self._accept("temporal_module", TEMPORAL_KINDS)
        if self.temporal_frames < 1:
            raise ValueError(
                f"config.json says 'temporal_frames': {self.temporal_frames}; expected at least 1."
            )

    def _accept(self, key: str, known: tuple[str | None, ...]) -> None:
        value = getattr(self, key)
        if value not in known:
            raise ValueError(
                f"config.json says {key!r}: {value!r}, which this library cannot run; it knows "
                f"{' and '.join(repr(k) for k in known)}. Use a released checkpoint, or correct the key."
            )

    @property
    def num_locations(self) -> int:
        """Number of locations inside one ViT patch."""
        return LOCATION_GRIDS[str(self.patch_location)]

    @property
    def extended_vocab_start(self) -> int:
        """First id behind the ordinary vocabulary, where the patch ids of a prompt begin."""
        return int(self.text_config.vocab_size + self.text_config.additional_vocab_size)

    def to_dict(self) -> dict[str, object]:
        """Writes the configuration in the released form.

        Returns:
            The content of ``config.json``; keys of this library only where they are set.
        """
        released: dict[str, Any] = super().to_dict()
        released.pop("vision_config", None)
        released["vit_config"] = _released_vision(self.vision_config)
        released["text_config"] = _released_text(self.text_config)
        released["adapter_config"] = self.adapter_config.to_dict()
        released["adapter_config"].pop("transformers_version", None)
        released["tie_word_embeddings"] = False
        released["use_cache"] = self.text_config.use_cache
        for key in OWN_KEYS:  # at rest they are left out: files stay those of released code, byte for byte
            if released[key] is None:
                del released[key]
        if self.temporal_module is None:
            del released["temporal_frames"]
        if self.answers_questions:
            del released["answers_questions"]
        return released
