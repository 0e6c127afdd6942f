"""The training losses against slower and more obvious ways to say the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from model.train.data.branch_targets import IGNORE
from model.train.data.tree_batch import collate
from model.train.losses.tree import TreeLosses, tree_losses
from molmo_act.models.molmo_point.tiling import normalize
from tests.model.train.small_run import draw_trees


@pytest.fixture(scope="module")
def trees(tokenizer):
    return draw_trees(tokenizer, 3)


def sums(losses: TreeLosses, batch) -> dict[str, float]:
    """Loss sums: means times how many targets each kind has."""
    counts = {
        "word": batch.word_target_RL,
        "patch": batch.patch_target_RL,
        "subpatch": batch.subpatch_target_RL,
        "location": batch.location_target_RL,
    }
    return {
        name: float(getattr(losses, name)) * int((targets != IGNORE).sum())
        for name, targets in counts.items()
    }


@torch.no_grad()
def test_packed_branches_lose_what_they_lose_alone(model, trees):
    config = model.config
    together = collate(trees, config)
    packed = sums(tree_losses(model, together), together)
    alone = dict.fromkeys(packed, 0.0)
    for tree in trees:
        for branch in tree.branches:
            batch = collate([replace(tree, branches=(branch,))], config, row_length=8)
            for name, value in sums(tree_losses(model, batch), batch).items():
                alone[name] += value
    for name, value in packed.items():
        assert value == pytest.approx(alone[name], rel=1e-5), name


@torch.no_grad()
def test_teacher_forcing_scores_what_decoding_scores(model, trees):
    """Cross-entropies of one answer, recomputed from the steps of the inference code fed with the answer."""
    tree = next(t for t in trees if any(len(ids[answer]) > 6 for ids, answer, _ in t.branches))
    ids, is_answer, _ = chosen = max(tree.branches, key=lambda branch: len(branch[0][branch[1]]))
    one = replace(tree, branches=(chosen,))
    batch = collate([one], model.config)
    taught = sums(tree_losses(model, batch), batch)

    start = model.config.extended_vocab_start
    first = int(is_answer.argmax())
    prompt = torch.tensor([[*tree.prefix, *ids[:first]]])
    vision = torch.zeros_like(prompt, dtype=torch.bool)
    vision[:, 1 : len(tree.prefix)] = True
    rows = len(tree.token_pooling)
    output = model(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        token_type_ids=vision,
        pixel_values=normalize(torch.from_numpy(tree.patches)),
        image_token_pooling=torch.from_numpy(tree.token_pooling),
        image_grids=torch.tensor([[1, rows, 0, 0]]),
        image_num_crops=torch.tensor([len(tree.patches)]),
        use_cache=True,
    )
    decoded = dict.fromkeys(("patch", "subpatch", "location"), 0.0)
    slots = tree.token_pooling.shape[1]
    last = -1
    for position, token in enumerate(ids[first:], first):
        offset = int(token) - start
        if 0 <= offset <= rows:
            scores = output.patch_scores[0].clone()
            scores[: max(last, 0)] = -torch.inf
            decoded["patch"] -= float(scores.log_softmax(-1)[offset])
            last = offset if offset < rows else last
        elif rows < offset <= rows + slots:
            decoded["subpatch"] -= float(output.subpatch_scores[0].log_softmax(-1)[offset - rows - 1])
        elif offset > rows + slots:
            decoded["location"] -= float(output.location_scores[0].log_softmax(-1)[offset - rows - 1 - slots])
        length = prompt.shape[1] + position - first + 1
        output = model(
            input_ids=torch.tensor([[int(token)]]),
            attention_mask=torch.ones(1, length, dtype=torch.long),
            past_key_values=output.past_key_values,
            grounding_state=output.grounding_state,
        )
    assert decoded["location"] > 0
    for name, value in decoded.items():
        assert taught[name] == pytest.approx(value, rel=1e-4), name


def test_every_parameter_learns(model, trees):
    batch = collate(trees, model.config)
    tree_losses(model, batch).total.backward()
    untouched = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    model.zero_grad()
    assert untouched == []
