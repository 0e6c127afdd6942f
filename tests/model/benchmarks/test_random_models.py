"""Models of random weights point without end; their configurations have the widths that were given."""

from __future__ import annotations

import pytest
import torch

from model.benchmarks._random_models import SIZES, Shape, config_of, make_grammar, make_model, make_processor

TEXT = Shape(64, 2, 1, 32, intermediate_size=96, num_hidden_layers=2)
VISION = Shape(48, 2, 2, 24, intermediate_size=96, num_hidden_layers=4)


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_configurations_with_words_of_nano(name):
    config = SIZES[name]()
    words = config.text_config.vocab_size
    assert words in (32768, 151936) or config.text_config.additional_vocab_size > 0
    assert config.adapter_config.text_hidden_size == config.text_config.hidden_size
    assert config.mask_patches == config.mask_repeats == "never"


def test_a_configuration_has_the_widths_given():
    config = config_of(8192, TEXT, VISION, 128, tied=True)
    assert config.text_config.hidden_size == 64
    assert config.text_config.vocab_size + config.text_config.additional_vocab_size >= 8192
    assert config.text_config.tie_word_embeddings
    assert config.vision_config.hidden_size == 48
    assert config.vision_config.num_hidden_layers <= 4  # blocks above the last one that is read are left out


def test_the_same_seed_gives_the_same_weights():
    grammar = make_grammar(make_processor())
    config = config_of(8192, TEXT, VISION, 128)
    one, same, other = (make_model(config, grammar, seed=seed).lm_head.weight for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert len(set(grammar.numbers)) == 1  # every point is number one, so that answers have no end
