"""Released key names ⇄ ours, registered with transformers.

A subclass of a native model loses transformers' key conversion, so all of it is declared here.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers.conversion_mapping import register_checkpoint_conversion_mapping
from transformers.core_model_loading import (
    Chunk,
    Concatenate,
    ConversionOps,
    Split,
    WeightConverter,
    WeightRenaming,
)


class SplitVocabulary(ConversionOps):
    """Splits one table into the base rows and the additional rows, which released files keep apart."""

    def __init__(self, dim: int = 0) -> None:
        self.dim = dim

    @torch.no_grad()
    def convert(
        self,
        input_dict: dict[str, Any],
        source_patterns: list[str],
        target_patterns: list[str],
        config: Any,
        **_: Any,
    ) -> dict[str, Tensor]:
        """Splits the table by the sizes in the configuration; called by transformers."""
        (table,) = input_dict.values()
        table = table[0] if isinstance(table, list) else table
        rows = config.get_text_config()
        parts = table.split([rows.vocab_size, rows.additional_vocab_size], dim=self.dim)
        return {name: part.contiguous() for name, part in zip(target_patterns, parts, strict=True)}

    @property
    def reverse_op(self) -> ConversionOps:
        """What joins the parts again."""
        return JoinVocabulary(self.dim)


class JoinVocabulary(Concatenate):
    """Joins base and additional rows; the reverse knows where to cut.

    Tables that cannot be joined come out unjoined, so that loading names them and their shape.
    """

    @torch.no_grad()
    def convert(
        self, input_dict: dict[str, Any], source_patterns: list[str], target_patterns: list[str], **given: Any
    ) -> dict[str, Tensor]:
        """Joins the tables; called by transformers."""
        base: Any = input_dict.get(source_patterns[0])
        try:
            joined: dict[str, Tensor] = super().convert(input_dict, source_patterns, target_patterns, **given)
        except RuntimeError:
            joined = {target_patterns[0]: base[0] if isinstance(base, list) else base}
        return joined

    @property
    def reverse_op(self) -> ConversionOps:
        """What splits the table again."""
        return SplitVocabulary(self.dim)


class SplitProjections(Split):
    """Splits a joint projection; what cannot be split stays whole, so that loading names it and its shape."""

    @torch.no_grad()
    def convert(
        self, input_dict: dict[str, Any], source_patterns: list[str], target_patterns: list[str], **given: Any
    ) -> dict[str, Tensor]:
        """Splits the projection; called by transformers."""
        try:
            parts: dict[str, Tensor] = super().convert(input_dict, source_patterns, target_patterns, **given)
        except RuntimeError:
            joint: Any = input_dict[source_patterns[0]]
            whole: Tensor = joint[0] if isinstance(joint, list) else joint
            parts = dict.fromkeys(target_patterns, whole)
        return parts


def _model_conversions() -> list[WeightRenaming | WeightConverter]:
    renames = [
        (r"(?<!vit\.)transformer\.ln_f\.", "final_norm."),
        (r"(?<!vit\.)transformer\.(?!ln_f\.|resblocks\.)", "language_model."),
        (r"vit\.(?!transformer\.resblocks\.)", "vision_tower."),
        (r"vit\.transformer\.resblocks\.", "vision_tower.layers."),
        (r"connector\.", "multi_modal_projector."),
        (r"\.attention\.wq", ".self_attn.q_proj"),
        (r"\.attention\.wk", ".self_attn.k_proj"),
        (r"\.attention\.wv", ".self_attn.v_proj"),
        (r"\.attention\.wo", ".self_attn.o_proj"),
        (r"\.feed_forward\.w1", ".mlp.fc1"),
        (r"\.feed_forward\.w2", ".mlp.fc2"),
        (r"\.attention_norm", ".layer_norm1"),
        (r"\.ffn_norm", ".layer_norm2"),
        (r"image_pooling_2d\.wq", "image_pooling_2d.q_proj"),
        (r"image_pooling_2d\.wk", "image_pooling_2d.k_proj"),
        (r"image_pooling_2d\.wv", "image_pooling_2d.v_proj"),
        (r"image_pooling_2d\.wo", "image_pooling_2d.o_proj"),
        (r"image_projector\.w1", "image_projector.gate_proj"),
        (r"image_projector\.w2", "image_projector.down_proj"),
        (r"image_projector\.w3", "image_projector.up_proj"),
    ]
    return [WeightRenaming(source_patterns=old, target_patterns=new) for old, new in renames] + [
        WeightConverter(
            source_patterns=["lm_head.output_embeddings", "lm_head.new_output_embeddings"],
            target_patterns="lm_head.weight",
            operations=[JoinVocabulary(dim=0)],
        )
    ]


def _text_conversions() -> list[WeightRenaming | WeightConverter]:
    return [
        WeightRenaming(source_patterns=r"blocks\.", target_patterns="layers."),
        WeightRenaming(source_patterns=r"\.attn_norm\.", target_patterns=".input_layernorm."),
        WeightRenaming(source_patterns=r"\.ff_norm\.", target_patterns=".post_attention_layernorm."),
        WeightConverter(
            source_patterns="self_attn.att_proj",
            target_patterns=["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
            operations=[SplitProjections(dim=0)],
        ),
        WeightRenaming(source_patterns=r"self_attn\.attn_out", target_patterns="self_attn.o_proj"),
        WeightRenaming(source_patterns=r"mlp\.ff_out", target_patterns="mlp.down_proj"),
        WeightConverter(
            source_patterns="mlp.ff_proj.weight",
            target_patterns=["mlp.up_proj.weight", "mlp.gate_proj.weight"],
            operations=[Chunk(dim=0)],
        ),
        WeightConverter(
            source_patterns=["wte.embedding", "wte.new_embedding"],
            target_patterns="embed_tokens.weight",
            operations=[JoinVocabulary(dim=0)],
        ),
    ]


def register_weight_conversions() -> None:
    """Tells transformers how released MolmoPoint keys map to ours; safe to call twice."""
    # Scoped to the text model: its `self_attn.{q,k,v,o}_proj` targets also exist in the vision tower.
    register_checkpoint_conversion_mapping("molmo_point", _model_conversions(), overwrite=True)
    register_checkpoint_conversion_mapping("MolmoPointTextModel", _text_conversions(), overwrite=True)
