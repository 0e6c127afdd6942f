"""A packed sequence loses what its trees and branches lose alone, in all that it says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from model.train.data.branch_targets import CHOICES, IGNORE
from model.train.data.packed_sequence import NO_TREE, PackedSequence, pack
from model.train.data.tree_batch import collate
from model.train.losses.base import mean_metrics
from model.train.losses.grounding import word_loss
from model.train.losses.packed import PackedLossModule
from model.train.losses.tree import tree_losses
from tests.model.train.small_run import draw_trees


@torch.no_grad()
def losses(model, sequence: PackedSequence) -> torch.Tensor:
    """The weighted sum, then the sum and count of every measure."""
    found = PackedLossModule(model)(sequence)
    return torch.cat((found.weighted[None], found.sums.flatten()))


def alone(model, trees, config) -> torch.Tensor:
    """Of every branch in a sequence of its own, weighed as in its tree."""
    total = torch.zeros(1 + 2 * len(PackedLossModule.metric_names))
    for tree in trees:
        whole = pack([tree], config)
        for number, branch in enumerate(tree.branches, 1):
            sequence = pack([replace(tree, branches=(branch,))], config)
            weight = whole.weight_S[whole.branch_S == number].max()
            weights = torch.where(sequence.weight_S > 0, weight, 0.0)
            total += losses(model, replace(sequence, weight_S=weights))
    return total


def test_a_packed_sequence_loses_what_its_branches_lose_alone(model, trees):
    packed = losses(model, pack(trees, model.config))
    torch.testing.assert_close(packed, alone(model, trees, model.config), rtol=1e-5, atol=0)
    assert (packed[1:].reshape(-1, 2)[:, 1] > 0).all()  # every kind of choice occurs


def test_padding_and_order_change_nothing(model, trees):
    config = model.config
    sequence = pack(trees, config)
    padded = pack(trees[::-1], config, length=len(sequence.words_S) + 37)
    assert (padded.tree_S == NO_TREE).sum() == 37
    torch.testing.assert_close(losses(model, padded), losses(model, sequence), rtol=1e-5, atol=0)


def test_one_example_never_sees_another(model, trees):
    """Other pixels and other words in the second tree leave what the first loses as it was, bit for bit."""
    config = model.config
    sequence = pack(trees, config)
    first = replace(
        sequence,
        **{
            f"{kind}_target_S": torch.where(
                sequence.tree_S == 0, getattr(sequence, f"{kind}_target_S"), IGNORE
            )
            for kind in CHOICES
        },
    )
    other = trees[0].patches.shape[0]
    patches = first.patches.clone()
    patches[other:] = 255 - patches[other:]
    words = torch.where((first.tree_S > 0) & ~first.vision_S, 7, first.words_S)
    changed = replace(first, patches=patches, words_S=words)
    assert torch.equal(losses(model, first), losses(model, changed))
    patches[:other] = 255 - patches[:other]
    assert not torch.equal(losses(model, first), losses(model, replace(first, patches=patches)))


def test_the_z_loss_is_the_square_of_the_log_of_the_denominator(model, trees):
    sequence = pack(trees, model.config)
    with torch.no_grad():
        plain, more = (PackedLossModule(model, z_loss)(sequence) for z_loss in (0.0, 0.5))
        states = torch.randn(5, model.config.text_config.hidden_size)
        targets = torch.arange(5)
        losses = [word_loss(model, states, targets, z_loss)[0] for z_loss in (0.0, 0.5)]
        logits = model.lm_head(model.model.final_norm(states))
    log_denominator = (logits - logits.log_softmax(-1))[:, 0]
    torch.testing.assert_close(losses[1] - losses[0], 0.5 * log_denominator**2)
    changed = [
        name
        for name, one, other in zip(PackedLossModule.metric_names, plain.sums, more.sums, strict=True)
        if not torch.equal(one, other)
    ]
    assert changed == ["loss/word"]
    assert more.weighted > plain.weighted


def test_the_row_layout_loses_the_same(model, tokenizer):
    trees = draw_trees(tokenizer, 2)
    batch = collate(trees, model.config)
    with torch.no_grad():
        rows = tree_losses(model, batch)
    with torch.no_grad():
        packed = PackedLossModule(model)(pack(trees, model.config))
    found = mean_metrics(PackedLossModule.metric_names, packed.sums)
    for kind in CHOICES:
        assert found[f"loss/{kind}"] == pytest.approx(float(getattr(rows, kind)), rel=1e-5), kind


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*script_method:DeprecationWarning")  # inside torch.compile
@pytest.mark.filterwarnings("ignore:flex_attention called without:UserWarning")
def test_flex_attention_gives_the_numbers_of_the_dense_mask(model, trees):
    sequence = pack(trees, model.config, length=1280)
    dense = losses(model, sequence)
    model.set_attn_implementation({"text_config": "flex_attention"})
    try:
        with torch.compiler.set_stance("force_eager"):  # on a CPU; on a GPU it is compiled
            torch.testing.assert_close(losses(model, sequence), dense, rtol=1e-5, atol=0)
    finally:
        model.set_attn_implementation({"text_config": "sdpa"})


def test_every_parameter_learns_and_without_points_too(model, tokenizer, trees):
    """Ranks that share gradients must all have one for every parameter, whatever their examples ask."""
    tree = replace(trees[0], branches=tuple(b for b in trees[0].branches if b.kind in ("caption", "qa")))
    for sequence, learns in ((pack(trees, model.config), True), (pack([tree], model.config), False)):
        PackedLossModule(model)(sequence).weighted.backward()
        gradients = {name: p.grad for name, p in model.named_parameters()}
        assert all(gradient is not None for gradient in gradients.values())
        assert all(gradient.any() for gradient in gradients.values()) == learns
        model.zero_grad()
