"""Vision tower, connector and language model together: windows, image tokens and what generated ids feed."""

from __future__ import annotations

import pytest
import torch

from tests.support.tiny_checkpoint import load_case, model_inputs, tiny_model


@pytest.fixture(scope="module")
def prompt():
    """Inputs of one image, and its crops and windows."""
    inputs = model_inputs(load_case("image_one")[1])
    images = {key: value for key, value in inputs.items() if key.startswith(("pixel", "image"))}
    return inputs, *tiny_model().flat_inputs(**images)


@torch.no_grad()
def test_windows_hold_the_features_of_their_patches(prompt, monkeypatch):
    _, pixels, pooling = prompt
    core = tiny_model().model
    monkeypatch.setattr("molmo_act.models.image_windows.CROPS_AT_ONCE", 1)
    got = core.gather_windows(pixels, pooling)
    features = core._features(pixels).flatten(0, 1)
    row, slot = (int(index) for index in (pooling >= 0).nonzero()[7])
    torch.testing.assert_close(got[row, slot], features[pooling[row, slot]])
    empty = pooling.clone()
    empty[0, 1:] = -1
    assert not core.gather_windows(pixels, empty)[0, 1:].any()


@torch.no_grad()
def test_image_features_are_added_to_the_words_of_their_tokens(prompt):
    inputs, pixels, pooling = prompt
    core, ids = tiny_model().model, inputs["input_ids"]
    features = core.encode_images(pixels, pooling).features_ND
    words, got = core.language_model.embed_tokens(ids), core.embed_prompt(ids, features)
    where = core.image_tokens(ids)
    assert int(where.sum()) == len(features)
    torch.testing.assert_close(got[where], words[where] + features)
    assert torch.equal(got[~where], words[~where])
    assert torch.equal(core.embed_prompt(ids, None), words)
    with pytest.raises(ValueError, match=f"has {len(features)} image tokens but the images give 3"):
        core.embed_prompt(ids, features[:3])


@torch.no_grad()
def test_only_tokens_of_the_detailed_part_can_be_pointed_at(prompt):
    inputs, pixels, pooling = prompt
    core, ids = tiny_model().model, inputs["input_ids"]
    views = core.encode_images(pixels, pooling)
    x_BSD, _ = core.run_text(core.embed_prompt(ids, views.features_ND), None, None, None)
    state, later = (core.make_state(ids, x_BSD, views, earlier=earlier) for earlier in (0, 10))
    kinds = ids[core.image_tokens(ids)]
    assert torch.equal(state.indexable_BP[0], kinds == core.config.image_patch_id)
    assert state.positions_BP[state.indexable_BP].tolist() == list(range(int(state.indexable_BP.sum())))
    assert torch.equal(later.positions_BP, state.positions_BP + 10)
    assert not torch.allclose(later.patch_keys_BPE, state.patch_keys_BPE)
    assert state.ids.num_patches_B.tolist() == [len(pooling)]


@torch.no_grad()
def test_generated_ids_feed_what_they_chose(prompt):
    inputs, pixels, pooling = prompt
    core, ids, config = tiny_model().model, inputs["input_ids"], tiny_model().config
    views = core.encode_images(pixels, pooling)
    x_BSD, _ = core.run_text(core.embed_prompt(ids, views.features_ND), None, None, None)
    state = core.make_state(ids, x_BSD, views)
    table = core.language_model.embed_tokens.weight

    def fed(offset: int | None, word: int = 5) -> torch.Tensor:
        nonlocal state
        token = torch.tensor([word if offset is None else state.ids.start + offset])
        reading = state.ids.read(token)
        embedded = core.embed_generated(token, reading, state)[0]
        state = state.after(reading)
        return embedded

    patch, slots = 60, state.ids.num_subpatches
    first_slot = len(pooling) + int(config.no_more_points_class)
    torch.testing.assert_close(fed(None), table[5])
    torch.testing.assert_close(fed(patch), table[config.patch_token_id] + views.features_ND[patch])
    chosen = core.build_vit_embedding(views.windows_NKC[patch, 2])
    torch.testing.assert_close(fed(first_slot + 2), chosen)  # of the patch fed before
    torch.testing.assert_close(fed(first_slot + slots), table[config.location_token_id])
    torch.testing.assert_close(fed(len(pooling)), table[config.patch_token_id])  # "no more points"
