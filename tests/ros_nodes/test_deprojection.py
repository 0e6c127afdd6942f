"""Points in space out of pixels and depth; where the node puts them is tested across processes."""

from __future__ import annotations

import array

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("cv2", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`")
from molmo_act_interfaces import msg as types
from molmo_act_ros import deprojection
from molmo_act_ros.deproject_parameters import DeprojectParameters
from molmo_act_ros.geometry.camera_model import CameraModel
from molmo_act_ros.geometry.depth import DepthImage
from molmo_act_ros.geometry.transforms import IDENTITY
from sensor_msgs.msg import CameraInfo, Image

from molmo_act.errors import InputError

INFO = CameraInfo(width=40, height=30, k=[50.0, 0, 19.5, 0, 50, 14.5, 0, 0, 1], distortion_model="plumb_bob")


def test_each_point_has_a_place_or_a_reason():
    metres = np.full((30, 40), 2.0, "<f4")
    metres[:, :10] = np.nan
    metres[:, 30:] = 20.0
    image = Image(height=30, width=40, encoding="32FC1", step=160, data=array.array("B", metres.tobytes()))
    pixels = [
        types.PointedPixel(u=19.5, v=14.5, object_id=1, label="mug", score=0.5, visible=True),
        types.PointedPixel(u=20.0, v=14.5, visible=False),
        types.PointedPixel(u=2.0, v=14.5, visible=True),
        types.PointedPixel(u=37.0, v=14.5, visible=True),
    ]
    camera = CameraModel.of(INFO, rectified=False)
    placed = deprojection.place_points(
        pixels, DepthImage(image), camera, IDENTITY, DeprojectParameters(radius=2), types
    )
    (point,) = placed.points
    assert (point.position.x, point.position.y, point.position.z) == pytest.approx((0, 0, 2), abs=1e-6)
    assert (point.object_id, point.label, point.score) == (1, "mug", 0.5)
    assert placed.left_out == ["not visible", "missing", "out of range"]
    nothing = deprojection.place_points([], DepthImage(image), camera, IDENTITY, DeprojectParameters(), types)
    assert nothing.points == nothing.left_out == []


def test_frames_and_sizes_must_agree():
    deprojection.require_same_frame("/camera", "camera", "camera")
    with pytest.raises(InputError, match="depth is of frame 'depth'"):
        deprojection.require_same_frame("depth", "camera", "camera")
    deprojection.require_aligned((4, 3), (4, 3), (4, 3))
    with pytest.raises(InputError, match="depth has 8 × 3 pixels"):
        deprojection.require_aligned((8, 3), (4, 3), (4, 3))
