"""Plans: the same from the same seed, nothing inside another object, and what clips are asked to show."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.data.rendered3d.layouts import LEAST_SEEN, ClipSpec, plan_clip, plan_image
from model.data.rendered3d.meshes import KINDS
from model.data.scenes.nouns import clash

SIZE = (160, 120)
SHORT = ClipSpec(seconds=1.0, fps=4)


def test_the_same_numbers_give_the_same_plan():
    def all_of(plan):
        return json.dumps([plan.render_spec(4), plan.truth()])

    assert all_of(plan_image(1, 2, SIZE)) == all_of(plan_image(1, 2, SIZE))
    assert all_of(plan_clip(1, 2, SIZE, spec=SHORT)) == all_of(plan_clip(1, 2, SIZE, spec=SHORT))
    others = [plan_image(1, 3, SIZE), plan_image(2, 2, SIZE), plan_image(1, 2, SIZE, split="eval")]
    assert len({all_of(plan) for plan in (plan_image(1, 2, SIZE), *others)}) == 4


@pytest.mark.parametrize("number", range(12))
def test_objects_of_an_image_stand_apart_in_full_view(number):
    plan = plan_image(0, number, SIZE)
    (frame,) = plan.frames
    assert 1 <= len(plan.bodies) <= 8
    places = frame.poses[:, :2, 3]
    for index, body in enumerate(plan.bodies):
        assert not any(clash(body.noun, other.noun) for other in plan.bodies if other.noun != body.noun)
        assert body.colour in (KINDS[body.noun].colours or (body.colour,))
        gaps = np.linalg.norm(np.delete(places, index, axis=0) - places[index], axis=1)
        others = [other.radius for other in plan.bodies if other is not body]
        assert all(gap > body.radius + radius for gap, radius in zip(gaps, others, strict=True))
    for outline in frame.silhouettes(plan.bodies):
        assert outline.within(SIZE).sum() >= LEAST_SEEN * outline.area


@pytest.mark.slow
def test_images_show_several_of_a_kind_and_hide_some_a_little():
    plans = [plan_image(3, number, SIZE) for number in range(30)]
    nouns = [[body.noun for body in plan.bodies] for plan in plans]
    assert np.mean([len(set(names)) < len(names) for names in nouns]) > 0.5
    assert 3.5 < np.mean([len(names) for names in nouns]) < 6


@pytest.mark.parametrize("number", range(6))
def test_objects_of_a_clip_never_touch_and_have_different_names(number):
    plan = plan_clip(0, number, SIZE, spec=ClipSpec(seconds=4, fps=5))
    names = [(body.colour, body.noun) for body in plan.bodies]
    assert len(set(names)) == len(names) >= 3
    assert plan.fps == 5
    assert len(plan.frames) == 20
    for frame in plan.frames:
        places = frame.poses[:, :2, 3]
        for index, body in enumerate(plan.bodies):
            for other in range(index):
                gap = np.linalg.norm(places[index] - places[other])
                assert gap > 0.98 * (body.radius + plan.bodies[other].radius)


def test_clips_move_and_their_calm_ones_less():
    calm = ClipSpec(seconds=2, fps=4, camera=False, leaving=False, pillars=False, light=False)
    lively, still = (plan_clip(5, 0, SIZE, spec=spec) for spec in (ClipSpec(seconds=2, fps=4), calm))
    assert np.ptp([m.camera.pose for m in lively.frames], axis=0).max() > 0.05
    assert np.ptp([m.camera.pose for m in still.frames], axis=0).max() == 0
    assert np.ptp([m.exposure for m in lively.frames]) > 0.1
    assert {m.exposure for m in still.frames} == {0.0}
    assert len(lively.props) > len(still.props)
    assert np.ptp([m.poses[:, 0, 3] for m in still.frames], axis=0).max() > 0.05


def test_some_objects_leave_the_view_and_come_back():
    returned = 0
    for number in range(6):
        plan = plan_clip(2, number, SIZE, spec=ClipSpec(seconds=8, fps=2))
        inside = np.array(
            [[o.within(SIZE).sum() > 0.3 * o.area for o in m.silhouettes(plan.bodies)] for m in plan.frames]
        )
        for seen in inside.T:
            steps = np.diff(np.flatnonzero(seen))
            returned += int((steps > 1).any())
    assert returned >= 3
