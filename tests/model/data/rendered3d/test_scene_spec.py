"""What is known of a scene before it is rendered."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.data.rendered3d.camera import Camera
from model.data.rendered3d.meshes import bar
from model.data.rendered3d.scene_spec import (
    LIGHTS,
    Body,
    Light,
    Prop,
    SceneFrame,
    SceneSpec,
    Surface,
    random_light,
    random_room,
    random_surface,
    upright,
)

CUBE = Body("cube", "red", (bar(0.2, 0.2, 0.2),), (200.0, 10.0, 10.0), 0.3)
CAMERA = Camera.looking(np.array([0.0, 0.0, 0.1]), np.array([0.0, -1.0, 0.1]), 200.0, (160, 120))
LIGHT = Light("city", 0.0, 0.5, (0.0, 0.0, 2.0), 0.5, 20.0)


def scene(*poses: np.ndarray) -> SceneSpec:
    prop = Prop(bar(2, 2, 0.1), Surface("wood", ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)), 4.0))
    return SceneSpec((CUBE,) * len(poses), (prop,), LIGHT, (SceneFrame(CAMERA, np.array(poses)),))


def test_bodies_know_how_far_they_reach() -> None:
    assert CUBE.corners.shape == (8, 3)
    assert CUBE.radius == pytest.approx(0.1 * np.sqrt(2))


def test_poses_turn_around_the_axis_and_then_move() -> None:
    pose = upright(1.0, 2.0, np.pi / 2, 3.0)
    assert pose @ [1, 0, 0, 1] == pytest.approx([1, 3, 3, 1])
    assert pose @ [0, 0, 1, 1] == pytest.approx([1, 2, 4, 1])


def test_the_truth_is_where_the_camera_sees_it() -> None:
    spec = scene(upright(0.0, 0.0, 0.0), upright(0.3, 1.0, 0.0))
    truth = spec.truth()
    (frame,) = truth["frames"]
    assert truth["things"] == [{"noun": "cube", "colour": "red", "is_shape": True}] * 2
    assert frame["stands"][0] == pytest.approx([80, 60 + 200 * 0.1])  # the camera is 0.1 above the ground
    assert frame["middle"][0] == pytest.approx([80, 60])
    assert frame["depth"] == pytest.approx([1.0, 2.0])
    # the near side of the first is 0.9 m away; the second is seen from the side as well
    assert frame["full"][0] == pytest.approx((0.2 * 200 / 0.9) ** 2, rel=0.02)
    assert frame["full"][1] < 0.5 * frame["full"][0]
    json.dumps(truth)


def test_the_renderer_is_told_every_mesh_with_its_colour() -> None:
    steel = bar(0.1, 0.1, 0.1).painted((190, 192, 196), metal=True)
    body = Body("hammer", "blue", (bar(0.1, 0.1, 0.3), steel), (0.0, 0.0, 200.0), 0.6)
    spec = SceneSpec((body,), (), LIGHT, (SceneFrame(CAMERA, np.eye(4)[None], 0.25),))
    told = json.loads(json.dumps(spec.render_spec(8)))
    assert (told["samples"], told["size"], told["light"]["panorama"]) == (8, [160, 120], "city")
    handle, head = told["bodies"][0]
    assert (handle["rgb"], handle["metal"]) == ([0.0, 0.0, 200.0], False)
    assert (head["rgb"], head["metal"]) == ([190, 192, 196], True)
    assert told["frames"][0]["exposure"] == 0.25
    assert len(handle["vertices"]) == 8


def test_rooms_have_dull_colours_and_a_ground_at_the_height_of_objects() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        room, light = random_room(rng), random_light(rng)
        tops = [prop.mesh.vertices[:, 2].max() for prop in room]
        assert min(abs(top) for top in tops) < 1e-9
        assert light.panorama in LIGHTS
        assert light.lamp[2] > 1
        for prop in room:
            assert all(5 <= value <= 250 for rgb in prop.surface.rgb for value in rgb)
    assert random_surface(np.random.default_rng(0), ("cloth",)).kind == "cloth"
