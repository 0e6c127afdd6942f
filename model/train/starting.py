"""What a run starts from: model, tokenizer and geometry of a checkpoint, as its recipe wants them."""

from __future__ import annotations

from importlib.util import find_spec

import torch
from torch import nn
from transformers import BitsAndBytesConfig

from model.data.encode import Geometry, TreeEncoder
from model.data.encode_film import FilmEncoder
from model.data.encoders import Encoders
from model.train.adapters import add_adapters
from model.train.attention import use_plain_attention
from model.train.packed_objective import FLEX, PackedObjective
from model.train.packed_recipe import PackedRecipe
from model.train.parts import freeze
from model.train.positions import place_patches
from model.train.world import World
from molmo_act.api import NANO
from molmo_act.errors import InputError, MissingExtraError
from molmo_act.modeling import MolmoPointConfig, MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.quantization import KEPT


def start(recipe: PackedRecipe, world: World) -> tuple[PackedObjective, MolmoPointProcessor]:
    """Loads or makes the model of a recipe, on the world's device, not yet sharded; and its processor.

    Parts that do not learn are frozen.

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
        model = _trained(source, config, recipe, world)
    else:
        sees = _trained(source, own, recipe, world) if recipe.fresh == "language" else None
        model = fresh_model(config, recipe.seed, sees)
    if recipe.adapters != "none":
        add_adapters(model, recipe)
    make_ready(model, processor, world.device)
    freeze(model, recipe)
    if recipe.recompute:
        model.activation_checkpointing_enable({"use_reentrant": False})
    if world.device.type == "cuda":
        model.set_attn_implementation({"text_config": FLEX})
    if recipe.compile:
        for layer in _layers(model):
            layer.compile()
    return PackedObjective(model, recipe.z_loss), processor


def make_ready(
    model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor, device: torch.device
) -> None:
    """Puts a model where it learns, with the attention that is quick there, and says where answers end."""
    model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    model.to(device).train()
    if device.type == "cpu":
        use_plain_attention(model)


def fresh_model(
    config: MolmoPointConfig, seed: int, sees: MolmoPointForConditionalGeneration | None = None
) -> MolmoPointForConditionalGeneration:
    """Random weights, but for vision tower and connector those of a model that sees, if there is one."""
    torch.manual_seed(seed)
    model = MolmoPointForConditionalGeneration(config)
    if sees is None:
        place_patches(model.model.vision_tower)
        return model
    model.model.vision_tower.load_state_dict(sees.model.vision_tower.state_dict())
    model.model.multi_modal_projector.load_state_dict(sees.model.multi_modal_projector.state_dict())
    return model


def _trained(
    source: str, config: MolmoPointConfig, recipe: PackedRecipe, world: World
) -> MolmoPointForConditionalGeneration:
    if recipe.adapters != "qlora":
        return MolmoPointForConditionalGeneration.from_pretrained(source, config=config, dtype=torch.float32)
    if find_spec("bitsandbytes") is None:
        raise MissingExtraError("bitsandbytes", "quant", "adapters=qlora")
    if world.size > 1:
        raise InputError("adapters=qlora runs on one GPU; expected one process. Use adapters=lora on many.")
    return MolmoPointForConditionalGeneration.from_pretrained(
        source,
        config=config,
        dtype=torch.float32,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=getattr(torch, recipe.precision),
            llm_int8_skip_modules=list(KEPT),
        ),
        device_map={"": world.device},
    )


def _layers(model: MolmoPointForConditionalGeneration) -> list[nn.Module]:
    """The blocks of both towers, first to last."""
    core = model.model
    return [*core.vision_tower.get_submodule("layers"), *core.language_model.layers]


def make_encoders(processor: MolmoPointProcessor, recipe: PackedRecipe) -> Encoders:
    """Encoders that cut pictures and films as a checkpoint's processor does, and write as the recipe says."""
    tokenizer, form = processor.tokenizer, recipe.form
    return Encoders(
        pictures=TreeEncoder(tokenizer, _geometry(processor, recipe), form),
        films=FilmEncoder(tokenizer, processor.video_processor, processor.layout, form),
        points=recipe.points,
        names=recipe.names,
    )


def _geometry(processor: MolmoPointProcessor, recipe: PackedRecipe) -> Geometry:
    images = processor.image_processor
    rows, columns = images.pooling_size
    before, after = images.overlap_margins
    return Geometry(
        crop_size=images.size["height"],
        patch_size=images.patch_size,
        pooling=(rows, columns),
        margins=(before, after),
        max_crops=recipe.max_crops,
    )
