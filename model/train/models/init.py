"""Initializes a run: model, processor and encoders of a checkpoint, as its recipe wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import BitsAndBytesConfig

from model.data.encoding.encoder import SampleEncoder
from model.data.encoding.message_tree import ImageTreeEncoder
from model.data.encoding.video_tree import VideoTreeEncoder
from model.train.config.packed import PackedRecipe
from model.train.distributed import DistributedContext
from model.train.models.cpu_attention import use_plain_attention
from model.train.models.lora import add_adapters
from model.train.models.param_groups import freeze
from model.train.models.positions import place_patches
from molmo_act._optional import require_optional
from molmo_act.errors import InputError
from molmo_act.models.checkpoint_files import need_file, read_json
from molmo_act.models.molmo_point import (
    MolmoPointConfig,
    MolmoPointForConditionalGeneration,
    MolmoPointProcessor,
)
from molmo_act.models.molmo_point.temporal import TemporalModule
from molmo_act.pointing.load import NANO
from molmo_act.quantization.config import FULL_PRECISION_MODULES, quantization_name
from molmo_act.quantization.nf4_layout import keep_released_layout

FLEX = "flex_attention"


def init_model(
    recipe: PackedRecipe, context: DistributedContext
) -> tuple[MolmoPointForConditionalGeneration, MolmoPointProcessor]:
    """Loads or makes the model of a recipe, with the param groups frozen that are not trained.

    Args:
        recipe: Which checkpoint, what of it starts anew, adapters and precision.
        context: The processes; the model is on this one's device, not yet sharded.

    Returns:
        The model and its processor.

    Raises:
        CheckpointError: The checkpoint is missing, foreign or damaged.
        InputError: The recipe asks for what this checkpoint or machine cannot do.
        MissingExtraError: Adapters without peft or bitsandbytes.
    """
    source = recipe.model or str(NANO)
    processor = MolmoPointProcessor.from_pretrained(source)
    own = MolmoPointConfig.from_pretrained(source)
    config = MolmoPointConfig.from_pretrained(source)
    recipe.form.configure(config)
    config.token_prediction_rotary = "one_d" if recipe.rotary else "none"
    if recipe.fresh == "none":
        model = _trained(source, config, recipe, context)
    else:
        vision = _trained(source, own, recipe, context) if recipe.fresh == "language" else None
        model = fresh_model(config, recipe.seed, vision)
    if recipe.module != "none":
        add_temporal_module(model, recipe)
    if recipe.adapters != "none":
        add_adapters(model, recipe)
    prepare_model(model, processor, context.device)
    freeze(model, recipe)
    if recipe.recompute:
        model.activation_checkpointing_enable({"use_reentrant": False})
    if context.device.type == "cuda":
        model.set_attn_implementation({"text_config": FLEX})
    if recipe.compile:
        for layer in _layers(model):
            layer.compile()
    return model, processor


def add_temporal_module(model: MolmoPointForConditionalGeneration, recipe: PackedRecipe) -> None:
    """Gives a model the temporal module of a recipe, with fresh weights unless it has that module.

    Args:
        model: Changed in place.
        recipe: Which module, and how many frames before.
    """
    config, core = model.config, model.model
    config.temporal_frames = core.config.temporal_frames = recipe.past
    if config.temporal_module == recipe.module:
        return
    config.temporal_module = core.config.temporal_module = recipe.module
    torch.manual_seed(recipe.seed)
    core.temporal = TemporalModule(config)
    core.temporal.init_weights()


def prepare_model(
    model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor, device: torch.device
) -> None:
    """Prepares a model for training: device, the quickest attention there, and the tokens that end answers.

    Calibration curves go: they were fitted to the weights that the model has now.

    Args:
        model: Changed in place.
        processor: Its tokenizer has the tokens.
        device: The device to train on.
    """
    model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    model.config.score_curve = model.config.absent_curve = None
    model.to(device).train()
    if device.type == "cpu":
        use_plain_attention(model)


def fresh_model(
    config: MolmoPointConfig, seed: int, vision: MolmoPointForConditionalGeneration | None = None
) -> MolmoPointForConditionalGeneration:
    """Makes a model with random weights.

    Args:
        config: Its configuration.
        seed: Seed of the weights.
        vision: A model whose vision tower and connector it gets; None for random ones.
    """
    torch.manual_seed(seed)
    model = MolmoPointForConditionalGeneration(config)
    if vision is None:
        place_patches(model.model.vision_tower)
        return model
    model.model.vision_tower.load_state_dict(vision.model.vision_tower.state_dict())
    model.model.multi_modal_projector.load_state_dict(vision.model.multi_modal_projector.state_dict())
    return model


def load_for_training(source: str | Path, **options: Any) -> MolmoPointForConditionalGeneration:
    """Loads a checkpoint in float32.

    Args:
        source: Folder, or repository on the hub.
        options: Keyword arguments of `from_pretrained`.

    Returns:
        The model.

    Raises:
        CheckpointError: The checkpoint is missing, foreign or damaged.
        InputError: It is stored in fewer bits: its language blocks cannot learn.
    """
    refuse_stored_in_fewer_bits(source)
    return MolmoPointForConditionalGeneration.from_pretrained(source, dtype=torch.float32, **options)


def refuse_stored_in_fewer_bits(source: str | Path) -> None:
    """Refuses a quantized checkpoint.

    Args:
        source: Folder, or repository on the hub.

    Raises:
        CheckpointError: It has no config.json.
        InputError: It is stored in fewer bits: its language blocks cannot learn.
    """
    stored = read_json(need_file(source, "config.json")).get("quantization_config")
    if stored is not None:
        raise InputError(
            f"The checkpoint {str(source)!r} is stored as {quantization_name(stored)}; expected one in "
            "floating point to train from. Give the checkpoint that it was made of; adapters=qlora stores "
            "that in 4 bits."
        )


def _trained(
    source: str, config: MolmoPointConfig, recipe: PackedRecipe, context: DistributedContext
) -> MolmoPointForConditionalGeneration:
    if recipe.adapters != "qlora":
        return load_for_training(source, config=config)
    require_optional("bitsandbytes", extra="quant", purpose="adapters=qlora")
    if context.size > 1:
        raise InputError("adapters=qlora runs on one GPU; expected one process. Use adapters=lora on many.")
    model = load_for_training(
        source,
        config=config,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=getattr(torch, recipe.precision),
            llm_int8_skip_modules=list(FULL_PRECISION_MODULES),
        ),
        device_map={"": context.device},
    )
    keep_released_layout(model)  # answers of an evaluation would pack weights, through which nothing learns
    return model


def _layers(model: MolmoPointForConditionalGeneration) -> list[nn.Module]:
    """The blocks of both towers, first to last."""
    core = model.model
    return [*core.vision_tower.get_submodule("layers"), *core.language_model.layers]


def make_encoders(
    processor: MolmoPointProcessor, recipe: PackedRecipe, config: MolmoPointConfig | None = None
) -> SampleEncoder:
    """Makes encoders that cut images and videos as a checkpoint's processor does.

    Args:
        processor: The processor of the checkpoint.
        recipe: Form of answers, most branches of an image and most crops.
        config: Configuration of the model, which says what grounding ids there are; None for those of
            released models.
    """
    return SampleEncoder(
        images=ImageTreeEncoder(processor, recipe.form, max_crops=recipe.max_crops, config=config),
        videos=VideoTreeEncoder(processor, recipe.form, config),
        points=recipe.points,
        names=recipe.names,
    )
