"""Makes models of random weights, in sizes worth timing, that answer points without end.

Every answer is patch, subpatch, location, number, and again: the residual stream of every token holds one
common direction that the patch word answers to, and that of a location another one for the number. Behind the
end of a list, which comes only where the number of points is given, a third one ends the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch

from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.models.molmo_point import (
    MolmoPointConfig,
    MolmoPointForConditionalGeneration,
    MolmoPointProcessor,
)
from molmo_act.models.molmo_point.image_processing_molmo_point import MolmoPointImageProcessor
from molmo_act.models.molmo_point.video_processing_molmo_point import MolmoPointVideoProcessor
from molmo_act.pointing.load import NANO

COMMON, NUMBER, END = 6.0, 40.0, 80.0  # strengths of the directions


def make_processor() -> MolmoPointProcessor:
    """nano's words with the released way of cutting: crops and frames of 378 pixels, eight crops at most."""
    nano = MolmoPointProcessor.from_pretrained(NANO)
    return MolmoPointProcessor(
        MolmoPointImageProcessor(),
        MolmoPointVideoProcessor(),
        nano.tokenizer,
        chat_template=nano.chat_template,
    )


def prompt(processor: MolmoPointProcessor, image: np.ndarray, query: str, **options: Any) -> dict[str, Any]:
    """Model inputs of one image and a query; `options` are those of calling the processor."""
    content = [{"type": "text", "text": f"Point to {query}"}, {"type": "image", "image": image}]
    return dict(
        processor.apply_chat_template(
            [{"role": "user", "content": content}],
            tokenize=True,
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
            **options,
        )
    )


def make_grammar(processor: MolmoPointProcessor) -> AnswerGrammar:
    """That of answers whose points are all number one."""
    grammar = AnswerGrammar.of(processor.tokenizer)
    return replace(grammar, numbers=grammar.numbers[1:2] * len(grammar.numbers))


@dataclass(frozen=True)
class Shape:
    """Widths and depths of one part of a model."""

    hidden_size: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    intermediate_size: int
    num_hidden_layers: int


def config_of(
    vocabulary: int, text: Shape, vision: Shape, connector_width: int, *, tied: bool = False
) -> MolmoPointConfig:
    """A configuration of some shape with nano's special words and no rules of order.

    Args:
        vocabulary: Words, special ones left out.
        text, vision: Shapes of language model and vision tower, which reads crops of 378 pixels.
        connector_width: Of the hidden layer of the connector.
        tied: Whether one table serves as both word tables.
    """
    config = MolmoPointConfig.from_pretrained(NANO).to_dict()
    added = vocabulary - config["text_config"]["vocab_size"]
    config["text_config"] |= asdict(text) | {"tie_word_embeddings": tied, "max_position_embeddings": 36864}
    config["text_config"]["additional_vocab_size"] += added
    config["vit_config"] |= asdict(vision)
    config["vit_config"] |= {"image_default_input_size": [378, 378], "image_num_pos": 729}
    config["adapter_config"] |= {
        **{name: value for name, value in asdict(vision).items() if name != "num_hidden_layers"},
        **{"intermediate_size": connector_width, "text_hidden_size": text.hidden_size},
        "vit_layers": [-3, -9] if vision.num_hidden_layers > 9 else config["adapter_config"]["vit_layers"],
    }
    free = dict.fromkeys(("mask_patches", "mask_subpatches", "mask_repeats"), "never")
    return MolmoPointConfig(**config | free | {"patch_embed_dim": 512})


def mid_size(vocabulary: int) -> MolmoPointConfig:
    """Text 512 wide with 8 layers, vision tower 384 wide with 8 layers, `vocabulary` words."""
    text = Shape(512, 8, 4, 64, intermediate_size=1536, num_hidden_layers=8)
    return config_of(vocabulary, text, Shape(384, 6, 6, 64, 1536, 8), 1024)


def tenth_of_4b() -> MolmoPointConfig:
    """Proportions of MolmoPoint-Vid-4B with a tenth of its weights, nearly all in the language blocks."""
    text = Shape(1024, 8, 2, 128, intermediate_size=4096, num_hidden_layers=24)
    return config_of(32768, text, Shape(384, 6, 6, 64, 1536, 8), 1024, tied=True)


def released_size(text: Shape, *, tied: bool = False) -> MolmoPointConfig:
    """The shape of a released model: its vision tower, vocabulary and connector around a language model."""
    vision = Shape(1152, 16, 16, 72, intermediate_size=4304, num_hidden_layers=27)
    return config_of(151936, text, vision, text.intermediate_size, tied=tied)


def tiny(*, tied: bool = False) -> MolmoPointConfig:
    """A shape that any machine answers with at once, to try a benchmark out."""
    return config_of(8192, Shape(64, 2, 1, 32, 128, 2), Shape(48, 2, 2, 24, 96, 4), 128, tied=tied)


SIZES: dict[str, Callable[[], MolmoPointConfig]] = {
    "mid-size, 32768 words": lambda: mid_size(32768),
    "mid-size, 151936 words": lambda: mid_size(151936),
    "a tenth of MolmoPoint-Vid-4B": tenth_of_4b,
    "MolmoPoint-8B": lambda: released_size(Shape(4096, 32, 8, 128, 12288, 36)),
    "MolmoPoint-Vid-4B": lambda: released_size(Shape(2560, 32, 8, 128, 9728, 36), tied=True),
    "tiny": tiny,
    "tiny, one word table": lambda: tiny(tied=True),
}
"""Shapes worth timing; the released ones have random weights here."""


@torch.no_grad()
def make_model(
    config: MolmoPointConfig, grammar: AnswerGrammar, seed: int = 0, dtype: torch.dtype = torch.float32
) -> MolmoPointForConditionalGeneration:
    """A model of random weights whose answers are points without end; on a GPU where there is one."""
    torch.manual_seed(seed)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = MolmoPointForConditionalGeneration._from_config(config, dtype=dtype).eval()
    words, head = model.model.language_model.embed_tokens.weight, model.lm_head.weight
    common, number = torch.nn.functional.normalize(torch.randn(2, words.shape[1]), dim=-1).to(words)
    words += COMMON * common
    model.model.build_vit_embedding.bias += COMMON * common
    words[config.location_token_id] += NUMBER * number
    # With one table for both ends what is written is also read: a number must not call for another number.
    tied = head is words
    head[config.patch_token_id] = 4 * NUMBER * common if tied else common
    head[grammar.numbers[0]] = NUMBER * (number + common) if tied else number
    # At a right angle to the others: what every token holds of it would end each answer, or none.
    directions, _ = torch.linalg.qr(torch.stack([common, number, torch.randn_like(common)], dim=1).float())
    end = directions[:, 2].to(words)
    words[grammar.list_end] += END * end
    head[min(grammar.end_ids)] = NUMBER * end if tied else 0.3 * end
    return model
