"""Pixels to rays and back, against OpenCV's projection of known points in space."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
pytest.importorskip("cv2", reason="needs the extra ros")
import cv2
from molmo_act_ros.geometry.camera_model import CameraModel
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from molmo_act.errors import InputError

K = [600.0, 0.0, 319.5, 0.0, 590.0, 239.0, 0.0, 0.0, 1.0]
LENSES = {
    "plumb_bob": [-0.28, 0.07, 0.001, -0.0005, 0.0],  # as of a common webcam
    "rational_polynomial": [0.5, -2.7, 0.0005, -0.0002, 1.6, 0.38, -2.5, 1.5],  # as of an Azure Kinect
    "equidistant": [-0.01, 0.04, -0.04, 0.01],  # as of a RealSense T265
}


def info(model: str = "plumb_bob", d: list[float] | None = None, **fields) -> CameraInfo:
    known = {"width": 640, "height": 480, "k": K, "d": LENSES.get(model, []) if d is None else d}
    return CameraInfo(**known | {"distortion_model": model} | fields)


def seen_by_opencv(model: str, xyz: np.ndarray) -> np.ndarray:
    """Pixels with centres at whole numbers."""
    d, zero = np.array(LENSES[model]), np.zeros(3)
    project = cv2.fisheye.projectPoints if model == "equidistant" else cv2.projectPoints
    if model == "equidistant":
        uv = project(xyz[:, None], zero, zero, np.reshape(K, (3, 3)), d)[0]
    else:
        uv = project(xyz, zero, zero, np.reshape(K, (3, 3)), d)[0]
    return uv[:, 0]


@pytest.mark.parametrize("model", LENSES)
def test_rays_lead_to_the_points_that_opencv_projects(model):
    rng = np.random.default_rng(1)
    xyz = rng.uniform((-0.5, -0.38, 0.95), (0.5, 0.38, 1.2), (500, 3))  # the whole image
    uv = seen_by_opencv(model, xyz)
    camera = CameraModel.of(info(model))
    np.testing.assert_allclose(camera.rays(uv) * xyz[:, 2:], xyz, atol=1e-6)
    np.testing.assert_allclose(camera.project(xyz), uv, atol=1e-6)


@pytest.mark.parametrize("model", LENSES)
def test_pixel_to_ray_to_pixel_is_where_it_began(model):
    u, v = np.meshgrid(np.linspace(0, 640, 41), np.linspace(0, 480, 31))
    uv = np.column_stack([u.ravel(), v.ravel()])
    camera = CameraModel.of(info(model))
    np.testing.assert_allclose(camera.project(camera.rays(uv)), uv, atol=0.02)


def test_the_principal_point_is_a_pixel_centre_at_a_whole_number():
    camera = CameraModel.of(info("plumb_bob", []))
    np.testing.assert_allclose(camera.rays([[319.5, 239.0]]), [[0, 0, 1]], atol=1e-12)
    np.testing.assert_allclose(camera.rays([[919.5, 239.0]]), [[1, 0, 1]], atol=1e-12)


def test_region_and_binning_are_the_same_rays():
    whole = CameraModel.of(info())
    region = RegionOfInterest(x_offset=100, y_offset=40, width=400, height=300)
    part = CameraModel.of(info(roi=region, binning_x=2, binning_y=4))
    assert part.size == (200, 75)
    uv = np.array([[0.0, 0.0], [16.5, 59.75]])
    in_whole = (uv + 0.5) * (2, 4) + (100, 40) - 0.5  # of corners, not of centres
    np.testing.assert_allclose(part.rays(uv), whole.rays(in_whole), atol=1e-9)


def test_a_rectified_image_has_the_matrix_p_and_no_distortion():
    p = [500.0, 0, 310.0, 0, 0, 510.0, 230.0, 0, 0, 0, 1, 0]
    camera = CameraModel.of(info(p=p), rectified=True)
    np.testing.assert_allclose(camera.rays([[810.0, 740.0]]), [[1, 1, 1]], atol=1e-12)


def test_outside_of_the_lens_model_there_is_no_ray():
    camera = CameraModel.of(info("plumb_bob", [-0.28, 0.0, 0, 0]))
    assert np.isnan(camera.rays([[5000.0, 240.0]])).any()


def test_no_pixels_are_no_rays():
    assert CameraModel.of(info()).rays(np.empty((0, 2))).shape == (0, 3)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"k": [0.0] * 9}, "focal lengths 0 and 0; expected numbers above 0. Calibrate"),
        ({"k": [600.0, 0, float("nan"), 0, 600, 1, 0, 0, 1]}, "numbers in K that are not finite"),
        ({"model": "double_sphere"}, "model 'double_sphere'"),
        ({"d": [0.1]}, "'plumb_bob' with 1 coefficients"),
        ({"model": "equidistant", "d": []}, "'equidistant' with 0 coefficients"),
        ({"d": [float("inf")] * 5}, "distortion coefficients that are not finite"),
    ],
)
def test_a_camera_that_is_not_calibrated_is_refused(fields, told):
    with pytest.raises(InputError) as caught:
        CameraModel.of(info(**fields))
    assert told in str(caught.value)


@pytest.mark.parametrize("fourth", [(-60.0, 0.0), (0.0, 3.0), (float("nan"), 0.0)])
def test_the_second_camera_of_a_stereo_pair_is_refused(fourth):
    """Its baseline was left out: positions were off by it, silently."""
    p = [600.0, 0, 319.5, fourth[0], 0, 600.0, 239.5, fourth[1], 0, 0, 1, 0]
    with pytest.raises(InputError, match="second camera of a stereo pair"):
        CameraModel.of(info(p=p), rectified=True)
    CameraModel.of(info(p=p))  # K is of one camera


def test_a_calibration_of_another_resolution_is_doubted():
    assert CameraModel.of(info()).doubt == ""
    large = [1400.0, 0, 959.5, 0, 1400, 539.5, 0, 0, 1]
    assert (
        "principal point at (960, 540), outside of its image of 640 × 480"
        in CameraModel.of(info(k=large)).doubt
    )
