"""Fast equals plain whatever is asked: random models, images of random sizes, batches of random shapes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from molmo_act.generation.engine import Engine
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.prefill import prefill_prefix
from tests.support.engines import assert_same, compare, grammar, talkative
from tests.support.tiny_checkpoint import tiny_processor

LONGEST = 24
WORDS = ("red", "mug", "left", "the", "every", "button", "Ünal", "save", "7", "cat")
EAGERNESS = (1.0, 1.3, 1.8)
SWITCHES = ({}, {"mask_repeats": "never"}, {"mask_patches": "never"}, {"score_temperature": 3.0})


def drawn(seed: int) -> tuple[list[np.ndarray], list[str]]:
    """One to four images of noise, 8 to 300 pixels a side, and as many queries of one to five words."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(8, 300, (int(rng.integers(1, 5)), 2))
    images = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    return images, [" ".join(rng.choice(WORDS, rng.integers(1, 6))) for _ in images]


def inputs_of(images: list[np.ndarray], queries: list[str], max_crops: int):
    conversations = [
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": f"Point to {query}"},
                    {"type": "image", "image": image},
                ],
            }
        ]
        for image, query in zip(images, queries, strict=True)
    ]
    return dict(
        tiny_processor().apply_chat_template(
            conversations,
            tokenize=True,
            add_generation_prompt=True,
            return_dict=True,
            max_crops=max_crops,
        )
    )


SEEDS = [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 16))]


@pytest.mark.parametrize("seed", SEEDS)
def test_fast_is_plain(seed):
    model = talkative(seed, EAGERNESS[seed % 3], **SWITCHES[seed % 4])
    images, queries = drawn(seed)
    compare(model, inputs_of(images, queries, max_crops=1 + seed % 5), grammar(), queries, longest=LONGEST)


@pytest.mark.parametrize("seed", range(4))
def test_an_image_read_once_answers_as_one_read_again(seed):
    model = talkative(seed, EAGERNESS[seed % 3])
    (image, *_), _ = drawn(seed)
    queries = drawn(seed + 100)[1]
    apart = [inputs_of([image], [query], max_crops=3) for query in queries]
    prefix = prefill_prefix(model, apart[0])
    questions = [one["input_ids"][0, prefix.length :].tolist() for one in apart]
    limits = GenerationLimits(LONGEST)
    alone = [Engine(model, grammar()).generate(one, limits=limits).answers[0] for one in apart]
    for static_shapes in (False, True):
        engine = Engine(model, grammar(), static_shapes=static_shapes)
        assert_same(engine.generate_with_prefix(prefix, questions, queries, limits=limits).answers, alone)


def test_the_drawn_cases_have_points_and_words():
    """Otherwise the tests above would prove little."""
    start = talkative(0, 1.3).config.extended_vocab_start
    kinds = set()
    for seed in range(6):
        images, queries = drawn(seed)
        inputs = inputs_of(images, queries, max_crops=2)
        engine = Engine(talkative(seed, EAGERNESS[seed % 3]), grammar())
        for row in engine.generate(inputs, limits=GenerationLimits(LONGEST)).answers:
            kinds |= {bool(is_point) for is_point in torch.tensor(row.tokens) >= start}
    assert kinds == {False, True}
