"""The temporal module: a switch of the configuration, what it computes, and that a checkpoint holds it."""

from __future__ import annotations

import json

import pytest
import torch

from molmo_act import CheckpointError, InputError
from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointForConditionalGeneration
from molmo_act.models.molmo_point.temporal import TemporalModule
from tests.support.tiny_checkpoint import TINY, tiny_model

KINDS = ("attention", "addition", "concatenation")


def configured(kind: str | None) -> MolmoPointConfig:
    config = MolmoPointConfig.from_pretrained(TINY)
    config.temporal_module, config.temporal_frames = kind, 2
    return config


def made(kind: str | None) -> MolmoPointForConditionalGeneration:
    """The tiny checkpoint with a fresh module."""
    torch.manual_seed(1)
    model = MolmoPointForConditionalGeneration(configured(kind)).eval()
    missing, unexpected = model.load_state_dict(tiny_model().state_dict(), strict=False)
    assert not unexpected
    assert all(name.startswith("model.temporal.") for name in missing)
    return model


@pytest.fixture
def windows():
    """Two windows of four slots, one of them half empty, of two frames."""
    width = 2 * tiny_model().config.adapter_config.hidden_size
    torch.manual_seed(2)
    valid = torch.tensor([[True] * 4, [True, True, False, False]])
    frame, mean = torch.randn(2, 2, 4, width) * valid[..., None]
    return frame, valid, mean


@pytest.mark.parametrize("kind", KINDS)
def test_without_earlier_frames_nothing_changes(kind, windows):
    frame, valid, _ = windows
    plain, mixing = tiny_model().model, made(kind).model
    for mine, theirs in zip(mixing.pool_windows(frame, valid), plain.pool_windows(frame, valid), strict=True):
        assert torch.equal(mine, theirs)


def test_a_fresh_module_is_xaviers_and_may_begin_unheard(windows):
    frame, valid, mean = windows
    model = made("attention").model
    mixer = model.temporal.mixer
    width = mixer.embed_dim
    for projection in (*mixer.in_proj_weight.chunk(3), mixer.out_proj.weight):
        assert float(projection.detach().std()) == pytest.approx((2 / (2 * width)) ** 0.5, rel=0.1)
    assert not mixer.in_proj_bias.any()
    assert not mixer.out_proj.bias.any()
    plain = tiny_model().model.pool_windows(frame, valid).features_ND
    assert not torch.allclose(model.pool_windows(frame, valid, mean).features_ND, plain)
    model.temporal.begin_unheard()
    torch.testing.assert_close(model.pool_windows(frame, valid, mean).features_ND, plain)


def test_attention_is_that_of_the_formula(windows):
    frame, valid, mean = windows
    module = TemporalModule(configured("attention"))
    inner = module.mixer
    with torch.no_grad():
        inner.out_proj.weight.normal_(std=0.1)
        found, filled = module(frame, valid, mean)
        q, k, v = (
            x @ w.T + b
            for x, w, b in zip(
                (frame, mean, mean), inner.in_proj_weight.chunk(3), inner.in_proj_bias.chunk(3), strict=True
            )
        )
        heads = [part.unflatten(-1, (inner.num_heads, -1)).transpose(1, 2) for part in (q, k, v)]
        scores = heads[0] @ heads[1].transpose(-1, -2) / heads[0].shape[-1] ** 0.5
        weights = scores.masked_fill(~valid[:, None, None], float("-inf")).softmax(-1)
        seen = (weights @ heads[2]).transpose(1, 2).flatten(2)
        expected = (frame + seen @ inner.out_proj.weight.T + inner.out_proj.bias) * valid[..., None]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert filled is valid
    assert not found[1, 2:].any()  # empty slots stay empty


def test_addition_adds(windows):
    frame, valid, mean = windows
    found, filled = TemporalModule(configured("addition"))(frame, valid, mean)
    torch.testing.assert_close(found, frame + mean)
    assert filled is valid


def test_concatenation_puts_tokens_side_by_side(windows):
    frame, valid, mean = windows
    joint = TemporalModule(configured("concatenation"))
    assert not list(joint.parameters())
    found, filled = joint(frame, valid, mean)
    assert torch.equal(found, torch.cat((frame, mean), dim=1))
    assert torch.equal(filled, torch.cat((valid, valid), dim=1))
    model = made("concatenation").model
    mixed = model.pool_windows(frame, valid, mean)
    assert torch.equal(mixed.windows_NKC, frame)  # subpatches are chosen by the frame alone
    expected = model.multi_modal_projector(found, filled)
    torch.testing.assert_close(mixed.features_ND, expected)
    same = model.pool_windows(frame, valid, frame).features_ND  # twice the same tokens say nothing new
    torch.testing.assert_close(same, model.pool_windows(frame, valid).features_ND)


def test_concatenation_is_not_for_slots_with_embeddings_of_their_own():
    config = configured("concatenation")
    config.adapter_config.positional_embeddings = 4
    with pytest.raises(InputError, match="positional_embeddings"):
        TemporalModule(config)


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_holds_the_module(kind, windows, tmp_path):
    frame, valid, mean = windows
    model = made(kind)
    with torch.no_grad():
        for parameter in model.model.temporal.parameters():
            parameter.normal_(std=0.1)
    model.save_pretrained(tmp_path)
    again = MolmoPointForConditionalGeneration.from_pretrained(tmp_path).eval()
    assert (again.config.temporal_module, again.config.temporal_frames) == (kind, 2)
    mine, theirs = (one.model.pool_windows(frame, valid, mean).features_ND for one in (again, model))
    assert torch.equal(mine, theirs)


def test_without_a_module_files_are_those_of_released_code(tmp_path):
    tiny_model().config.save_pretrained(tmp_path)
    assert not [key for key in json.loads((tmp_path / "config.json").read_text()) if "temporal" in key]
    assert tiny_model().model.temporal is None


def test_a_module_without_weights_is_refused(tmp_path):
    tiny_model().save_pretrained(tmp_path)
    configured("attention").save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="temporal"):
        MolmoPointForConditionalGeneration.from_pretrained(tmp_path)
