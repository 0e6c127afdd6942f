"""Models of random weights in sizes worth timing, which answer nothing but points; knows no clock.

Every answer is patch, subpatch, location, number, and again: the residual stream of every token holds one
common direction that the patch word answers to, and that of a location another one for the number.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from molmo_act.api import NANO
from molmo_act.grammar import AnswerGrammar
from molmo_act.modeling import (
    MolmoPointConfig,
    MolmoPointForConditionalGeneration,
    MolmoPointProcessor,
)
from molmo_act.modeling.image_processing import MolmoPointImageProcessor

COMMON, NUMBER = 6.0, 40.0  # strengths of the two directions


def make_processor() -> MolmoPointProcessor:
    """nano's words with the released way of cutting pictures: crops of 378 pixels, eight at most."""
    nano = MolmoPointProcessor.from_pretrained(NANO)
    return MolmoPointProcessor(
        MolmoPointImageProcessor(), nano.video_processor, nano.tokenizer, chat_template=nano.chat_template
    )


def prompt(processor: MolmoPointProcessor, image: np.ndarray, query: str, **options: Any) -> dict[str, Any]:
    """Model inputs of one picture and a query; `options` are those of calling the processor."""
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


def mid_size(vocabulary: int) -> MolmoPointConfig:
    """Text 512 wide with 8 layers, vision tower 384 wide with 8 layers, `vocabulary` words."""
    config = MolmoPointConfig.from_pretrained(NANO).to_dict()
    config["text_config"] |= {
        **{"hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64},
        **{"num_hidden_layers": 8, "intermediate_size": 1536, "tie_word_embeddings": False},
        "additional_vocab_size": config["text_config"]["additional_vocab_size"]
        + vocabulary
        - config["text_config"]["vocab_size"],
    }
    config["vit_config"] |= {
        **{"hidden_size": 384, "num_attention_heads": 6, "num_key_value_heads": 6, "head_dim": 64},
        **{"num_hidden_layers": 8, "intermediate_size": 1536},
        **{"image_default_input_size": [378, 378], "image_num_pos": 729},
    }
    config["adapter_config"] |= {
        **{"hidden_size": 384, "num_attention_heads": 6, "num_key_value_heads": 6, "head_dim": 64},
        **{"intermediate_size": 1024, "text_hidden_size": 512},
    }
    free = dict.fromkeys(("mask_patches", "mask_subpatches", "mask_repeats"), "never")
    return MolmoPointConfig(**config | free | {"patch_embed_dim": 512})


@torch.no_grad()
def make_model(
    config: MolmoPointConfig, grammar: AnswerGrammar, seed: int = 0
) -> MolmoPointForConditionalGeneration:
    """A model of random weights whose answers are points without end."""
    torch.manual_seed(seed)
    model = MolmoPointForConditionalGeneration(config).eval()
    words, head = model.model.language_model.embed_tokens.weight, model.lm_head.weight
    common, number = torch.nn.functional.normalize(torch.randn(2, words.shape[1]), dim=-1)
    words += COMMON * common
    model.model.build_vit_embedding.bias += COMMON * common
    words[config.location_token_id] += NUMBER * number
    head[config.patch_token_id] = common
    head[grammar.numbers[0]] = number
    return model
