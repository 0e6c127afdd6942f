"""The losses of VideoMolmo: those that the model's own forward pass gives, question by question."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from model.data.encoding.percent_tree import PercentTreeEncoder
from model.data.schema import ImageSample, Query, Target
from model.train.data.packed_sequence import pack
from model.train.losses.video_molmo import VideoMolmoLossModule
from molmo_act.errors import InputError
from molmo_act.models.molmo import MolmoForConditionalGeneration
from molmo_act.models.molmo.temporal import frames_before
from tests.support.tiny_molmo1 import DATA, VIDEO, molmo1_model, molmo1_processor

FRAMES = np.random.default_rng(0).integers(0, 256, (3, 60, 90, 3), np.uint8)
QUERIES = tuple(
    Query(name, name, tuple(Target((x, 20.0), (x, 20.0, x, 20.0)) for x in xs), "noun")
    for name, xs in (("mug", (10.0,)), ("two plates", (40.0, 70.0)), ("cat", ()))
)


@pytest.fixture(scope="module")
def losses():
    image_token = molmo1_processor(VIDEO).vision_ids.image_patch
    return VideoMolmoLossModule(molmo1_model(VIDEO), image_token)


@pytest.fixture(scope="module")
def trees():
    encode = PercentTreeEncoder(molmo1_processor(VIDEO), max_crops=2)
    rng = np.random.default_rng(1)
    return [
        encode(ImageSample(FRAMES[2], QUERIES, (), before=tuple(FRAMES[:2])), rng),
        encode(ImageSample(FRAMES[0][:30], QUERIES[:2], ()), rng),
    ]


def test_a_packed_sequence_has_the_losses_of_single_prompts(losses, trees):
    batch = pack(trees, None)
    with torch.no_grad():
        packed = losses.choices(batch)["word"].loss_M
    alone = []
    for tree, (frame, before) in zip(trees, ((FRAMES[2], FRAMES[:2]), (FRAMES[0][:30], [])), strict=True):
        pixels = molmo1_processor(VIDEO).image_processor.collate(
            [molmo1_processor(VIDEO).image_processor.preprocess(frame, max_crops=2)]
        )
        earlier = molmo1_processor(VIDEO).cut_earlier(
            [frame], [frames_before(list(before), frame)], max_crops=2
        )
        for branch in tree.branches:
            ids = torch.from_numpy(np.concatenate([tree.prefix, branch.ids]))[None]
            with torch.no_grad():
                logits = molmo1_model(VIDEO)(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    image_token_mask=ids == losses.image_token,
                    **pixels,
                    **earlier,
                ).logits
            answer = torch.from_numpy(np.flatnonzero(branch.is_answer)) + len(tree.prefix)
            alone.append(F.cross_entropy(logits[0, answer - 1], ids[0, answer], reduction="none"))
    torch.testing.assert_close(packed, torch.cat(alone), atol=1e-5, rtol=1e-5)


def test_the_weighted_loss_counts_words_alone(losses, trees):
    batch = pack(trees, None)
    with torch.no_grad():
        found = losses(batch)
        word = losses.choices(batch)["word"]
    torch.testing.assert_close(found.weighted, 0.2 * word.loss_M.sum())  # pointing weighs 0.2 a token
    assert found.sums.shape == (len(losses.metric_names), 2)
    assert float(batch.weight_S.sum()) == pytest.approx(0.2 * int(word.where.sum()))


def test_frames_before_matter_and_teach_the_vision_tower_nothing(trees):
    model = MolmoForConditionalGeneration.from_pretrained(DATA / VIDEO, dtype=torch.float32)
    losses = VideoMolmoLossModule(model, molmo1_processor(VIDEO).vision_ids.image_patch)
    batch = pack(trees[:1], None)
    before = batch.before.clone().requires_grad_()
    batch.patches.requires_grad_()
    object.__setattr__(batch, "before", before)
    first = losses(batch).weighted
    first.backward()
    assert before.grad is None
    assert batch.patches.grad.abs().sum() > 0
    assert model.model.temporal.k_proj.weight.grad.abs().sum() > 0  # it learns from them all the same
    object.__setattr__(batch, "before", before.detach() + 1)
    with torch.no_grad():
        assert not torch.isclose(losses(batch).weighted, first.detach())


def test_a_model_without_temporal_module_is_refused():
    with pytest.raises(InputError, match="no temporal module"):
        VideoMolmoLossModule(molmo1_model("tiny"), 0)
