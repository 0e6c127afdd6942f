"""How answers grow: the same as rows of `molmo_act.generation.decode_state` do, for random choices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from molmo_act.generation import decode_state as batches
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.one_prompt.answer import Answer, StepChoices
from tests.support.decode_states import WORDS, decode_state, grounding_state

END = 99
CLOSING, DRAFT = (7, 8, END), (5, 6, 7, 8, END)


def both(limits: GenerationLimits) -> tuple[Answer, batches.DecodeState, batches.StopCriteria]:
    state = grounding_state((6,))
    stop = batches.StopCriteria(WORDS, torch.tensor([END]), limits.max_points, limits.max_new_tokens)
    answer = Answer(WORDS, WORDS + 6, frozenset({END}), limits, DRAFT, CLOSING)
    return answer, decode_state(state, [DRAFT]), stop


@pytest.mark.parametrize("seed", range(24))
def test_answers_grow_as_rows_of_a_batch_do(seed):
    rng = np.random.default_rng(seed)
    limits = GenerationLimits(int(rng.integers(5, 30)), [None, 2][seed % 2])
    answer, rows, stop = both(limits)
    while not answer.stopped:
        fed = np.array([answer.pending, *answer.drafted_words()])
        expected = rows.drafted_words(torch.tensor(CLOSING), 12)[0]
        assert fed[1:].tolist() == expected[expected >= 0].tolist()
        ids = np.append(fed[1:], rng.integers(0, 3))  # what was drafted is often right
        wrong = rng.random(len(ids)) < 0.3
        ids[wrong] = rng.choice([1, 5, 6, 7, END, WORDS + 2, WORDS + 6], wrong.sum())
        ours = StepChoices(
            fed,
            ids,
            rng.random(len(ids)),
            rng.random((len(ids), 7)),
            bool(rng.random() < 0.4),
            rng.random(len(ids)) < 0.3,
        )
        given = [torch.from_numpy(np.asarray(value))[None] for value in vars(ours).values()]
        theirs = batches.StepChoices(*given[:4], given[4].long(), given[5])
        length = int(rows.length_B)
        output = rows.accept(theirs, stop)
        accepted = answer.accept(ours)
        count = int(output.accepted_B)
        assert accepted == int(rows.length_B) - length
        assert answer.tokens[len(answer.tokens) - count :] == output.ids_BN[0, :count].tolist()
        for name in ("pending_id", "ended", "refused", "complete", "num_points", "draft_position", "stopped"):
            expected_value = getattr(rows, f"{name}_B")[0].item()
            assert getattr(answer, name.removesuffix("_id")) == expected_value, name
        assert (answer.first_patch_probabilities is not None) == bool(rows.has_first_patch_B)
        if answer.first_patch_probabilities is not None:
            np.testing.assert_allclose(
                answer.first_patch_probabilities, rows.first_patch_probabilities_BP[0], atol=1e-6
            )
    assert answer.tokens
