"""Released key names of Molmo 1 ⇄ ours, registered with transformers."""

from __future__ import annotations

from transformers import PreTrainedModel
from transformers.conversion_mapping import (
    get_model_conversion_mapping,
    register_checkpoint_conversion_mapping,
)
from transformers.core_model_loading import Chunk, WeightConverter, WeightRenaming, WeightTransform

from molmo_act.models.molmo_point.weight_conversion import JoinVocabulary, SplitProjections

_CONNECTOR = "multi_modal_projector."


HEAD = r"^model\.transformer\.ff_out\."
"""The LM head, which MolmoE calls as we do."""


def _model_conversions() -> list[WeightRenaming | WeightConverter]:
    tower = r"vision_backbone\.image_vit\."
    renames = [
        (HEAD, "^lm_head."),
        (r"model\.transformer\.", "model.language_model."),
        (tower + r"transformer\.resblocks\.", "vision_tower.encoder.layers."),
        (tower + r"class_embedding", "vision_tower.embeddings.class_embedding"),
        (tower + r"positional_embedding", "vision_tower.embeddings.position_embedding.weight"),
        (tower + r"patch_embedding\.", "vision_tower.embeddings.patch_embedding."),
        (tower + r"pre_ln\.", "vision_tower.pre_layrnorm."),
        (r"\.attention\.wq\.", ".self_attn.q_proj."),
        (r"\.attention\.wk\.", ".self_attn.k_proj."),
        (r"\.attention\.wv\.", ".self_attn.v_proj."),
        (r"\.attention\.wo\.", ".self_attn.out_proj."),
        (r"\.feed_forward\.w1\.", ".mlp.fc1."),
        (r"\.feed_forward\.w2\.", ".mlp.fc2."),
        (r"\.attention_norm\.", ".layer_norm1."),
        (r"\.ffn_norm\.", ".layer_norm2."),
        *((rf"vision_backbone\.adapter\.w{part}\.", f"temporal.{part}_proj.") for part in "qkvo"),
        (r"vision_backbone\.pad_embed", _CONNECTOR + "pad_embed"),
        *(
            (rf"vision_backbone\.image_pooling_2d\.w{part}\.", f"{_CONNECTOR}image_pooling_2d.{part}_proj.")
            for part in "qkvo"
        ),
        *(
            (rf"vision_backbone\.image_projector\.{old}\.", f"{_CONNECTOR}image_projector.{new}.")
            for old, new in (("w1", "gate_proj"), ("w2", "down_proj"), ("w3", "up_proj"))
        ),
    ]
    return [WeightRenaming(source_patterns=old, target_patterns=new) for old, new in renames]


def _text_conversions(*, experts: bool, norm_after: bool) -> list[WeightRenaming | WeightConverter]:
    """Of the language model, by how its blocks are built."""
    attention, feed_forward = (r"\.attn\.", r"\.mlp\.") if experts else (r"\.", r"\.")
    norms = ("post_attention", "post_feedforward") if norm_after else ("input", "post_attention")
    conversions: list[WeightRenaming | WeightConverter] = [
        WeightRenaming(source_patterns=r"^ln_f\.", target_patterns="^norm."),
        WeightRenaming(source_patterns=r"blocks\.", target_patterns="layers."),
        WeightRenaming(source_patterns=attention + r"attn_norm\.", target_patterns=f".{norms[0]}_layernorm."),
        WeightRenaming(
            source_patterns=feed_forward + r"ff_norm\.", target_patterns=f".{norms[1]}_layernorm."
        ),
        WeightRenaming(source_patterns=attention + r"attn_out\.", target_patterns=".self_attn.o_proj."),
        WeightRenaming(source_patterns=attention + r"q_norm\.", target_patterns=".self_attn.q_norm."),
        WeightRenaming(source_patterns=attention + r"k_norm\.", target_patterns=".self_attn.k_norm."),
        WeightConverter(
            source_patterns=".attn.att_proj" if experts else ".att_proj",
            target_patterns=[f".self_attn.{part}_proj" for part in "qkv"],
            operations=[SplitProjections(dim=0)],
        ),
        WeightConverter(
            source_patterns=["wte.embedding", "wte.new_embedding"],
            target_patterns="embed_tokens.weight",
            operations=[JoinVocabulary(dim=0)],
        ),
    ]
    if not experts:
        conversions += [
            WeightRenaming(source_patterns=r"\.ff_out\.", target_patterns=".mlp.down_proj."),
            WeightConverter(
                source_patterns=".ff_proj.weight",
                target_patterns=[".mlp.up_proj.weight", ".mlp.gate_proj.weight"],
                operations=[Chunk(dim=0)],
            ),
        ]
    return conversions


def conversions_of(model: PreTrainedModel) -> list[WeightTransform]:
    """The conversions of a model that was not loaded, for writing it under released names.

    Args:
        model: A `MolmoForConditionalGeneration`.

    Returns:
        Those that fit its language model.
    """
    found: list[WeightTransform] = get_model_conversion_mapping(model, add_legacy=False)
    if model.config.text_config.model_type != "olmoe":
        return found
    return [conversion for conversion in found if HEAD not in conversion._original_source_patterns]


def register_weight_conversions() -> None:
    """Tells transformers how released Molmo 1 keys map to ours; safe to call twice."""
    register_checkpoint_conversion_mapping("molmo", _model_conversions(), overwrite=True)
    for name, experts, norm_after in (
        ("MolmoQwen2Model", False, False),
        ("MolmoOlmo2Model", False, True),
        ("MolmoOlmoeModel", True, False),
    ):
        conversions = _text_conversions(experts=experts, norm_after=norm_after)
        register_checkpoint_conversion_mapping(name, conversions, overwrite=True)
