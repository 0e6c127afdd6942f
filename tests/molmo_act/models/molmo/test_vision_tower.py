"""The vision tower of Molmo 1 against the recorded one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.tiny_molmo1 import DATA, STYLES, molmo1_case, molmo1_model


@pytest.mark.parametrize("style", STYLES)
def test_two_layers_together_are_the_recorded_features(style):
    _, arrays, _ = molmo1_case(style, "small")
    tower = molmo1_model(style).model.vision_tower
    with torch.no_grad():
        late, early = tower(torch.from_numpy(arrays["in.images"]), [-2, -9])
        (last,) = tower(torch.from_numpy(arrays["in.images"]), [-1])
    together = torch.cat((late, early), dim=-1)
    np.testing.assert_allclose(together[:, 1:], arrays["out.vit_features"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(together[:, 0], arrays["out.vit_cls"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(last, arrays["out.vit_last_block"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("grid", [(6, 10), (13, 9)], ids=str)
def test_positions_of_other_grids(grid):
    rows, columns = grid
    with np.load(DATA / "tiny" / "vit_posinterp.npz") as stored:
        arrays = {
            key: torch.from_numpy(stored[f"{key}_{rows}x{columns}"]) for key in ("x", "block_m2", "block_m9")
        }
    with torch.no_grad():
        late, early = molmo1_model("tiny").model.vision_tower(arrays["x"], [-2, -9], grid)
    torch.testing.assert_close(late, arrays["block_m2"], rtol=0, atol=1e-4)
    torch.testing.assert_close(early, arrays["block_m9"], rtol=0, atol=1e-4)


def test_blocks_behind_the_last_layer_are_not_run():
    tower, ran = molmo1_model("tiny").model.vision_tower, []
    hooks = [
        block.register_forward_hook(lambda *_, number=number: ran.append(number))
        for number, block in enumerate(tower.encoder.layers)
    ]
    try:
        with torch.no_grad():
            tower(torch.zeros(1, 64, 192), [-2, -9])
    finally:
        for hook in hooks:
            hook.remove()
    assert ran == list(range(10))
