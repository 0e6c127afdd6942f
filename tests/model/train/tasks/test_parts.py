"""What the task of packed sequences is made of, by the kind of its recipe."""

from __future__ import annotations

from dataclasses import replace

import torch

from model.data.encoding.encoder import SampleEncoder
from model.data.encoding.percent_tree import PercentTreeEncoder
from model.train.config.presets import RECIPES
from model.train.distributed import DistributedContext
from model.train.losses.packed import PackedLossModule
from model.train.losses.video_molmo import VideoMolmoLossModule
from model.train.tasks.parts import packed_parts
from tests.model.train.small_run import save_tiny, tiny_recipe
from tests.support.tiny_molmo1 import DATA

ALONE = DistributedContext(torch.device("cpu"))


def test_recipes_of_both_families(tmp_path):
    parts = packed_parts(tiny_recipe(save_tiny(tmp_path)), ALONE)
    assert isinstance(parts.loss_module, PackedLossModule)
    assert isinstance(parts.encode, SampleEncoder)
    assert parts.config is parts.loss_module.model.config
    video = packed_parts(replace(RECIPES["videomolmo"], model=str(DATA / "tiny")), ALONE)
    assert isinstance(video.loss_module, VideoMolmoLossModule)
    assert isinstance(video.encode, PercentTreeEncoder)
    assert video.config is None
