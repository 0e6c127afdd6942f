"""The cache of drafted tokens: what is written, read, moved and kept."""

from __future__ import annotations

import torch

from molmo_act.generation.kv_cache import TreeCache


def cache(batch: int = 2, capacity: int = 6) -> TreeCache:
    return TreeCache(layers=2, batch=batch, heads=1, capacity=capacity, width=1, like=torch.zeros(1))


def fed(*rows: tuple[float, ...]) -> torch.Tensor:
    """(B, 1, W, 1) of one number a token."""
    return torch.tensor(rows, dtype=torch.float32)[:, None, :, None]


def test_each_row_writes_at_its_own_positions_and_reads_up_to_the_end():
    kept = cache()
    kept.prepare(torch.tensor([[0, 1], [2, 3]]), end=4)
    keys, values = kept.update(fed((1, 2), (3, 4)), fed((5, 6), (7, 8)), 1)
    assert keys[:, 0, :, 0].tolist() == [[1, 2, 0, 0], [0, 0, 3, 4]]
    assert values[:, 0, :, 0].tolist() == [[5, 6, 0, 0], [0, 0, 7, 8]]
    assert not kept.values_2LBHSD[:, 0].any()  # the other layer
    assert kept.get_seq_length() == 2
    assert kept.capacity == 6


def test_entries_move_within_their_row_in_all_layers():
    kept = cache()
    kept.prepare(torch.arange(6).expand(2, -1), end=6)
    for layer in range(2):
        kept.update(fed((1, 2, 3, 4, 5, 6), (7, 8, 9, 10, 11, 12)), fed((0,) * 6, (0,) * 6), layer)
    # What moves may lie where something else goes to.
    kept.move(torch.tensor([[4, 2], [5, 3]]), torch.tensor([[1, 4], [2, 5]]))
    for layer in range(2):
        rows = kept.values_2LBHSD[0, layer, :, 0, :, 0].tolist()
        assert rows == [[1, 5, 3, 4, 3, 6], [7, 8, 12, 10, 11, 10]]


def test_a_row_may_be_selected_several_times():
    kept = cache()
    kept.prepare(torch.tensor([[0], [0]]), end=1)
    kept.update(fed((1,), (2,)), fed((3,), (4,)), 0)
    kept.select(torch.tensor([1, 1, 0]))
    assert kept.values_2LBHSD[0, 0, :, 0, 0, 0].tolist() == [2, 2, 1]
    assert kept.capacity == 6
