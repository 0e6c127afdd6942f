"""The temporal module's experiment: what an arm is fed, that it learns, and how arms are compared."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.data.clips import Clip, ClipSettings
from model.data.encode import TreeEncoder
from model.evaluation.tracking_metrics import WANTED_SHARE
from model.train.nano_config import GEOMETRY
from model.train.temporal_experiment import (
    Arm,
    Rates,
    as_picture,
    compared,
    look,
    means_of_past,
    plot,
    show,
)
from molmo_act.api import NANO
from molmo_act.modeling import MolmoPointProcessor

CLIP = Clip(7_999_999, ClipSettings(size=(224, 224), seconds=0.4, fps=5, things=2))


def test_means_are_of_the_frames_before():
    frames = torch.arange(5.0)[:, None, None, None] ** 2
    assert means_of_past(frames, 1).flatten().tolist() == [0, 1, 4, 9]
    assert means_of_past(frames, 4).flatten().tolist() == pytest.approx([0, 1 / 2, 5 / 3, 14 / 4])


def test_what_is_hidden_is_not_pointed_at():
    for frame in CLIP:
        picture = as_picture(CLIP, frame)
        for query, numbers in zip(picture.queries, CLIP.queries.values(), strict=True):
            wanted = [n for n in numbers if frame.share[n - 1] >= WANTED_SHARE]
            assert len(query.targets) == len(wanted)
            for target, number in zip(query.targets, wanted, strict=True):
                assert frame.owner[int(target.point[1]), int(target.point[0])] == number


def test_an_arm_learns_and_its_vision_tower_does_not():
    arm = Arm("attention, l = 1", 0, Rates(warmup=1))
    encoder = TreeEncoder(MolmoPointProcessor.from_pretrained(NANO).tokenizer, GEOMETRY)
    shown = show(CLIP, arm.model, encoder)
    assert shown.windows_TPKC.shape[0] == len(CLIP) == 2
    tower = arm.model.model.vision_tower.positional_embedding.clone()
    before = look({"arm": arm}, [shown])["arm"]
    arm.step(shown, 0, 2)
    assert arm.model.model.temporal.mixer.out_proj.weight.any()
    assert torch.equal(arm.model.model.vision_tower.positional_embedding, tower)
    assert look({"arm": arm}, [shown])["arm"]["loss"][0] < before["loss"][0]


def test_arms_are_compared_clip_by_clip():
    mean, gain, error = compared([0.5, 0.7, 0.9], [0.4, 0.7, 0.7])
    assert (mean, gain) == pytest.approx((0.7, 0.1))
    assert error == pytest.approx(np.std([0.1, 0.0, 0.2], ddof=1) / 3**0.5)


def test_looks_are_drawn(tmp_path):
    figure = pytest.importorskip("matplotlib.figure", reason="needs the extra plots").Figure()
    held_out = {"l = 0": {"loss": [1.0, 2.0]}, "addition, l = 4": {"loss": [1.5, 2.0]}}
    plot(figure, {20: held_out, 40: held_out}, tmp_path / "looks.svg")
    [axes] = figure.axes
    assert axes.get_legend_handles_labels()[1] == list(held_out)
    assert "<svg" in (tmp_path / "looks.svg").read_text()
