"""Transforms out of messages, and tf2 through its stand-in."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("geometry_msgs", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, Transform, Vector3
from molmo_act_ros.geometry.transforms import IDENTITY, NoTransformError, RigidTransform, TransformListener

from molmo_act.errors import PlatformError

TF2 = Path(__file__).parents[1] / "processes" / "tf2_stand_in" / "tf2_ros.py"
HALF = np.sqrt(0.5)


def transform(x: float, y: float, z: float, w: float, *shift: float) -> RigidTransform:
    translation = Vector3(**dict(zip("xyz", shift or (0.0, 0.0, 0.0), strict=True)))
    return RigidTransform.of(Transform(rotation=Quaternion(x=x, y=y, z=z, w=w), translation=translation))


@pytest.mark.parametrize(
    ("quaternion", "images"),  # where the axes x, y and z go
    [
        ((0.0, 0.0, 0.0, 1.0), [(1, 0, 0), (0, 1, 0), (0, 0, 1)]),
        ((0.0, 0.0, HALF, HALF), [(0, 1, 0), (-1, 0, 0), (0, 0, 1)]),  # a quarter turn about z
        ((HALF, 0.0, 0.0, HALF), [(1, 0, 0), (0, 0, 1), (0, -1, 0)]),  # about x
        ((0.0, HALF, 0.0, HALF), [(0, 0, -1), (0, 1, 0), (1, 0, 0)]),  # about y
        ((0.0, 0.0, 3.0, 3.0), [(0, 1, 0), (-1, 0, 0), (0, 0, 1)]),  # not normalised
    ],
)
def test_a_quaternion_is_its_rotation(quaternion, images):
    rotation = transform(*quaternion).rotation
    np.testing.assert_allclose(rotation.T, images, atol=1e-12)


def test_translation_is_kept_and_identity_changes_nothing():
    assert transform(0.0, 0.0, 0.0, 1.0, 1.5, -2.0, 0.25).translation.tolist() == [1.5, -2.0, 0.25]
    point = np.array([1.0, 2.0, 3.0])
    assert (IDENTITY.rotation @ point + IDENTITY.translation).tolist() == [1.0, 2.0, 3.0]


def test_a_listener_asks_tf2_and_passes_its_reason_on(monkeypatch):
    spec = importlib.util.spec_from_file_location("tf2_ros", TF2)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "tf2_ros", module)
    listener = TransformListener(object())
    found = listener.lookup("base", "camera_optical_frame", Time(sec=1))
    assert found.translation.tolist() == [0.1, 0.2, 0.3]
    np.testing.assert_allclose(found.rotation @ [0, 0, 1], [1, 0, 0], atol=1e-12)  # forward is x of the base
    with pytest.raises(NoTransformError, match="TransformException: nowhere passed to lookupTransform"):
        listener.lookup("base", "nowhere", Time(sec=1))
    listener.close()


def test_without_tf2_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    with pytest.raises(PlatformError, match=r"apt install ros-\$ROS_DISTRO-tf2-ros-py"):
        TransformListener(object())
