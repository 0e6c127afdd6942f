"""Pointed pixels, depth and a camera in; points in space with covariances out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.errors import InputError
from molmo_act_ros.conversions.points import MessageTypes
from molmo_act_ros.deproject_parameters import DeprojectParameters
from molmo_act_ros.geometry.camera_model import CameraModel
from molmo_act_ros.geometry.depth import DepthImage, DepthMeasurement, NoDepthError
from molmo_act_ros.geometry.transforms import RigidTransform

if TYPE_CHECKING:
    from molmo_act_interfaces.msg import PointedPixel, PointedPoint3D


@dataclass(frozen=True)
class PlacedPoints:
    """The points of one image in space.

    Attributes:
        points: Those that have a position.
        left_out: Why others have none, one text for each.
    """

    points: list[PointedPoint3D]
    left_out: list[str]


def place_points(
    pixels: Sequence[PointedPixel],
    depth: DepthImage,
    camera: CameraModel,
    transform: RigidTransform,
    options: DeprojectParameters,
    types: MessageTypes,
) -> PlacedPoints:
    """Finds where pixels are in space.

    Args:
        pixels: Pixels of one image.
        depth: Depth of the same moment, aligned to the image.
        camera: Calibration of the image.
        transform: From the frame of the camera to that of the points.
        options: Which depth is believed, and how exact a pixel is.
        types: Has the class PointedPoint3D.

    Returns:
        The points.
    """
    uv = np.array([[point.u, point.v] for point in pixels]).reshape(-1, 2)
    placed = PlacedPoints([], [])
    for point, ray in zip(pixels, camera.rays(uv), strict=True):
        try:
            if not point.visible:  # the pixel is where it was, and shows something else by now
                raise NoDepthError("not visible")
            measured = depth.measure(point.u, point.v, options.limits)
            if np.isnan(ray).any():
                raise NoDepthError("outside of the lens model")
        except NoDepthError as error:
            placed.left_out.append(str(error))
            continue
        deviation = options.pixel_deviation * measured.metres / camera.focal
        placed.points.append(_placed(point, ray, measured, deviation, transform, types))
    return placed


def _placed(
    point: PointedPixel,
    ray: np.ndarray,
    measured: DepthMeasurement,
    lateral: np.ndarray,
    transform: RigidTransform,
    types: MessageTypes,
) -> PointedPoint3D:
    """The point in space; its covariance comes from the deviations of the depth and of the pixel."""
    covariance = measured.deviation**2 * np.outer(ray, ray) + np.diag([*lateral**2, 0.0])
    rotation = transform.rotation
    x, y, z = rotation @ (ray * measured.metres) + transform.translation
    placed = types.PointedPoint3D(
        object_id=point.object_id, query_id=point.query_id, score=point.score, label=point.label
    )
    placed.position.x, placed.position.y, placed.position.z = float(x), float(y), float(z)
    placed.covariance = (rotation @ covariance @ rotation.T).ravel()
    return placed


def require_same_frame(depth: str, camera: str, image: str) -> None:
    """Refuses depth or a calibration of another coordinate frame than the image.

    Args:
        depth: ``frame_id`` of the depth image.
        camera: That of camera_info.
        image: That of the image pointed at.

    Raises:
        InputError: They differ.
    """
    frames = [frame.removeprefix("/") for frame in (depth, camera, image)]
    if len(set(frames)) > 1:
        raise InputError(
            f"depth is of frame {frames[0]!r}, camera_info of {frames[1]!r}, and the image pointed at of "
            f"{frames[2]!r}; expected the same. Use the depth that the driver aligns to colour, such as "
            "aligned_depth_to_color, with the camera_info of colour; set allow_other_frames if they are "
            "aligned all the same."
        )


def require_aligned(depth: tuple[int, int], camera: tuple[int, int], image: tuple[int, int]) -> None:
    """Refuses depth or a calibration of another size than the image.

    Args:
        depth: (width, height) of the depth image.
        camera: That of camera_info.
        image: That of the image pointed at.

    Raises:
        InputError: They differ.
    """
    if not depth == camera == image:
        raise InputError(
            f"depth has {depth[0]} × {depth[1]} pixels, camera_info {camera[0]} × {camera[1]}, and the "
            f"image pointed at {image[0]} × {image[1]}; expected the same. Use the depth that the "
            "driver aligns to colour, with the camera_info of colour."
        )
