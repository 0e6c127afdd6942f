"""A packed sequence loses what its trees and branches lose alone, in all that it says of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from model.data.answer_form import AnswerForm
from model.data.encode import TreeEncoder
from model.data.encode_film import FilmEncoder
from model.data.packing import Room
from model.data.sample import Film, FilmQuery, Said, Sighting
from model.data.scenes import draw_scene
from model.train.batch import collate
from model.train.grounding_losses import word_loss
from model.train.lines import IGNORE
from model.train.nano_config import make_processor
from model.train.objective import means
from model.train.packed import NO_TREE, PackedSequence, fit_tree, pack
from model.train.packed_objective import KINDS, PackedObjective
from model.train.tree_objective import tree_losses
from molmo_act.modeling.video_sampling import SampledVideo
from tests.model.train.small_run import GEOMETRY, draw_trees


@pytest.fixture(scope="module")
def trees(tokenizer):
    """Pictures of different sizes and a film; some branches are answered in words."""
    encoder = TreeEncoder(tokenizer, GEOMETRY)
    rng = np.random.default_rng(5)
    found = []
    for width, height in ((200, 200), (400, 150), (150, 350)):
        picture = draw_scene(rng, width, height, None)
        said = (Said("What is here?", "red circle", "caption"), Said("Is it day?", "yes", "qa"))
        found.append(encoder.encode(replace(picture, said=said), rng, 6, 2))
    frames = rng.integers(0, 255, (3, 60, 80, 3), dtype=np.uint8)
    seen = tuple(Sighting(frame, 1, (20.0 + 10 * frame, 30.0)) for frame in range(3))
    film = Film(
        SampledVideo(frames, (0.0, 0.5, 1.0), (80, 60)), (FilmQuery("ball", "ball", seen, "tracking"),)
    )
    processor = make_processor(tokenizer, GEOMETRY)
    films = FilmEncoder(tokenizer, processor.video_processor, processor.layout, AnswerForm())
    found.append(films.encode(film, rng, 4))
    assert {tree.token_pooling.shape[1] for tree in found} == {4, 9}
    return found


@torch.no_grad()
def losses(model, sequence: PackedSequence) -> torch.Tensor:
    """The weighted sum, then the sum and count of every measure."""
    found = PackedObjective(model)(sequence)
    return torch.cat((found.weighted[None], found.sums.flatten()))


def alone(model, trees, config) -> torch.Tensor:
    """Of every branch in a sequence of its own, weighed as in its tree."""
    total = torch.zeros(1 + 2 * len(PackedObjective.measures))
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
            for kind in KINDS
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
        plain, more = (PackedObjective(model, z_loss)(sequence) for z_loss in (0.0, 0.5))
        states = torch.randn(5, model.config.text_config.hidden_size)
        targets = torch.arange(5)
        losses = [word_loss(model, states, targets, z_loss)[0] for z_loss in (0.0, 0.5)]
        logits = model.lm_head(model.model.final_norm(states))
    log_denominator = (logits - logits.log_softmax(-1))[:, 0]
    torch.testing.assert_close(losses[1] - losses[0], 0.5 * log_denominator**2)
    changed = [
        name
        for name, one, other in zip(PackedObjective.measures, plain.sums, more.sums, strict=True)
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
        packed = PackedObjective(model)(pack(trees, model.config))
    found = means(PackedObjective.measures, packed.sums)
    for kind in KINDS:
        assert found[f"loss/{kind}"] == pytest.approx(float(getattr(rows, kind)), rel=1e-5), kind


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
        PackedObjective(model)(sequence).weighted.backward()
        gradients = {name: p.grad for name, p in model.named_parameters()}
        assert all(gradient is not None for gradient in gradients.values())
        assert all(gradient.any() for gradient in gradients.values()) == learns
        model.zero_grad()


def test_a_tree_is_cut_to_the_branches_that_fit(trees):
    tree = trees[0]
    lengths = [len(branch.ids) for branch in tree.branches]
    exact = len(tree.prefix) + sum(lengths[:2])
    crops = len(tree.patches)
    assert fit_tree(tree, Room(exact, crops)).branches == tree.branches[:2]
    assert fit_tree(tree, Room(exact - 1, crops)).branches == tree.branches[:1]
    assert fit_tree(tree, Room(len(tree.prefix) + lengths[0] - 1, crops)) is None
    assert fit_tree(tree, Room(exact, crops - 1)) is None
    assert fit_tree(tree, Room(10_000, crops)).tokens == tree.tokens
