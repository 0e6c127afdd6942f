"""Each graph of nano gives what the part of the model gives."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

import molmo_act
from molmo_act.generation.prefill import new_cache

CLOSE = {"rtol": 1e-3, "atol": 1e-3}
KINDS = ("key", "value")


@pytest.fixture(scope="module")
def model():
    return molmo_act.load("nano", device="cpu").model


@pytest.fixture(scope="module")
def run(nano_onnx):
    def of(name, **inputs):
        session = onnxruntime.InferenceSession(nano_onnx / f"{name}.onnx", providers=["CPUExecutionProvider"])
        return session.run(None, inputs)

    return of


def drawn(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape)))


@torch.inference_mode()
def test_vision_and_connector(model, run):
    core, pixels = model.model, drawn(3, 256, 588)
    pooling = torch.arange(40).view(10, 4) * 19
    pooling[3, 2:] = -1
    windows = core.gather_windows(pixels, pooling)
    [features] = run("vision", pixel_values=pixels.numpy())
    flat = features.reshape(-1, features.shape[-1])[pooling.clamp_min(0)] * (pooling >= 0).numpy()[..., None]
    np.testing.assert_allclose(flat, windows.numpy(), **CLOSE)
    expected = core.pool_windows(windows, pooling >= 0)
    image_features, keys = run("connector", windows=windows.numpy(), valid=(pooling >= 0).numpy())
    np.testing.assert_allclose(image_features, expected.features_ND.numpy(), **CLOSE)
    np.testing.assert_allclose(keys, core.point_predictor.subpatch_k(windows).numpy(), **CLOSE)


@torch.inference_mode()
def test_language_reads_a_tree_behind_rows_that_are_kept(model, run):
    """A prompt, a draft of which every other row is kept, and one more token where one was not.

    The cache has twelve rows, of which seven are ever valid.
    """
    text, fed = model.model.language_model, drawn(9, 256) * 0.05
    past = {f"past_{kind}_{i}": np.zeros((2, 12, 64), np.float32) for i in range(6) for kind in KINDS}
    positions, keep = [0, 1, 2, 3, 4, 5, 5, 6, 6], [0, 1, 2, 3, 5, 7]
    mask = torch.ones(9, 9).tril().bool()
    mask[6, 5] = mask[7, 6] = mask[8, 5] = mask[8, 7] = False  # two branches behind the first five

    def graph(embeds, positions, mask, kept, written, past):
        added = np.full((len(embeds), 12), np.finfo(np.float32).min)
        added[:, [*kept, *written]] = np.where(mask.numpy(), 0, added[0, 0])
        slots = np.stack([np.stack((np.full(len(written), head), written), -1) for head in range(2)])
        where = {"positions": np.array(positions), "mask": added, "slots": slots}
        hidden, *present = run("language", embeds=embeds.numpy(), **where, **past)
        return hidden, dict(zip(past, present, strict=True))

    cache = new_cache(model, 1, 9)
    cache.prepare(torch.arange(9)[None], 9)
    given = {"past_key_values": cache, "use_cache": True}
    expected = text(
        inputs_embeds=fed[None],
        attention_mask=mask[None, None],
        position_ids=torch.tensor([positions]),
        **given,
    ).last_hidden_state[0]
    first, past = graph(fed[:5], positions[:5], mask[:5, :5], [], range(5), past)
    np.testing.assert_allclose(first, expected[:5].numpy(), **CLOSE)
    second, past = graph(fed[5:], positions[5:], mask[5:], range(5), [8, 5, 7, 6], past)
    np.testing.assert_allclose(second, expected[5:].numpy(), **CLOSE)

    last = drawn(1, 1, 256)[0]
    kept = new_cache(model, 1, 7)
    kept.values_2LBHSD[:, :, :, :, :6] = cache.values_2LBHSD[:, :, :, :, keep]
    kept.prepare(torch.tensor([[6]]), 7)
    given["past_key_values"] = kept
    ones = torch.ones(1, 7, dtype=torch.bool)
    expected = text(
        inputs_embeds=last[None], attention_mask=ones[None, None], position_ids=torch.tensor([[7]]), **given
    ).last_hidden_state[0]
    third, past = graph(last, [7], ones, [0, 1, 2, 3, 8, 7], [5], past)
    np.testing.assert_allclose(third, expected.numpy(), **CLOSE)
    assert past["past_key_0"].shape == (2, 12, 64)


@torch.inference_mode()
def test_the_head(model, run):
    head, hidden = model.model.point_predictor, drawn(3, 256)
    words = model.lm_head(model.model.final_norm(hidden)).float()
    np.testing.assert_allclose(run("words", hidden=hidden.numpy())[0], words.numpy(), **CLOSE)
    positions = torch.tensor([-1, 0, 5])
    keys = head.patch_keys(hidden, positions)
    found = run("patch_keys", hidden=hidden.numpy(), positions=positions.numpy())[0]
    np.testing.assert_allclose(found, keys.numpy(), **CLOSE)
    indexable = torch.tensor([True, False, True])
    scores = head.scores_of_patches(
        hidden[None], positions[None], keys[None], indexable[None], torch.tensor([4])
    )
    found = run(
        "patch_scores", hidden=hidden.numpy(), positions=positions.numpy(), patch_keys=keys.numpy(),
        indexable=indexable.numpy(), num_keys=np.array(4),
    )[0]  # fmt: skip
    np.testing.assert_allclose(found, scores[0].numpy(), **CLOSE)
    slots, valid = drawn(3, 4, 256), torch.tensor([[True, True, False, True]] * 3)
    found = run("subpatch_scores", hidden=hidden.numpy(), keys=slots.numpy(), valid=valid.numpy())[0]
    np.testing.assert_allclose(found, head.scores_of_subpatches(hidden, slots, valid).numpy(), **CLOSE)
    found = run("location_scores", hidden=hidden.numpy())[0]
    np.testing.assert_allclose(found, head.scores_of_locations(hidden).numpy(), **CLOSE)
    windows = drawn(5, 384)
    found = run("slot_embeddings", windows=windows.numpy())[0]
    np.testing.assert_allclose(found, model.model.build_vit_embedding(windows).numpy(), **CLOSE)
