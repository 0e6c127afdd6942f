"""Points and tracks as ROS messages: the project's own, and detections.

Message classes of the project and of vision_msgs are given by the caller: those of rclpy in a node, those of
`rosbags` in a program without ROS. Pixels are those of the message's own image, u right, v down. The library
has pixel centres at +0.5; messages have them at whole numbers, as CameraInfo and OpenCV do. This module is
the one place that shifts between the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.outputs.points import Points

if TYPE_CHECKING:
    from molmo_act_interfaces.msg import PointedPixel, PointedPixels
    from std_msgs.msg import Header
    from vision_msgs.msg import Detection2DArray

    from molmo_act.outputs.tracks import Track, Tracks

#: Message classes by name: a package's ``msg`` module, or a stand-in for it.
MessageTypes = ModuleType | SimpleNamespace

#: Most queries of a node or a bag; all of them are answered in one message for each image.
MAX_QUERIES = 64

_GROUNDED, _PROPAGATED = 0, 1  # as in PointedPixel
_CENTRE = 0.5  # where the library has the centre of the first pixel; messages have it at 0


# The answers to all queries about one image


def with_distinct_ids(answers: Sequence[Points]) -> list[Points]:
    """Renumbers objects so that ids are distinct over the whole image.

    Args:
        answers: Points of one image, one item for each query.

    Returns:
        The same answers in the same order; ids of the first one stay, those of the others go on after it.
    """
    if len(answers) == 1:
        return list(answers)
    taken = 0
    result = []
    for points in answers:
        result.append(replace(points, object_id=points.object_id + taken))
        taken = max([taken, *result[-1].object_id.tolist()])
    return result


def merge(answers: Sequence[Points]) -> Points:
    """Merges the answers to several queries, for outputs that do not tell queries apart.

    Args:
        answers: Points of one image, one item for each query, with distinct object ids.

    Returns:
        All points; their query is that of all joined by commas, and features are dropped.
    """
    if len(answers) == 1:
        return answers[0]
    return Points(
        xy=np.concatenate([points.xy for points in answers]),
        score=np.concatenate([points.score for points in answers]),
        object_id=np.concatenate([points.object_id for points in answers]),
        image_size=answers[0].image_size,
        query=", ".join(points.query for points in answers),
    )


# As the project's own messages


def points_to_pixels(
    answers: Sequence[Points], header: Header, query_ids: Mapping[str, int], node: str, types: MessageTypes
) -> PointedPixels:
    """Converts the answers to all queries about one image.

    Args:
        answers: Points of one image, one item for each query, with distinct object ids.
        header: Stamp and frame of the capture.
        query_ids: Id of each query; one that is asked only once has none.
        node: Full name of the node that points.
        types: Has the classes PointedPixel, PointedPixels and PointedQuery.

    Returns:
        The message.
    """
    width, height = answers[0].image_size[0]
    ids = [query_ids.get(points.query, 0) for points in answers]
    return types.PointedPixels(
        header=header,
        node=node,
        width=width,
        height=height,
        queries=[
            types.PointedQuery(query=points.query, query_id=query_id, absent=points.absent)
            for points, query_id in zip(answers, ids, strict=True)
        ],
        points=[
            types.PointedPixel(
                u=point.x - _CENTRE,
                v=point.y - _CENTRE,
                object_id=point.object_id,
                query_id=query_id,
                score=point.score,
                label=points.query,
                visible=True,
                source=_GROUNDED,
            )
            for points, query_id in zip(answers, ids, strict=True)
            for point in points
        ],
    )


def tracks_to_pixels(
    tracks: Tracks, header: Header, query_ids: Mapping[str, int], node: str, types: MessageTypes
) -> PointedPixels:
    """Converts all objects on one frame.

    Args:
        tracks: The objects, also those that are not visible: they are where they were seen last.
        header: Stamp and frame of the capture.
        query_ids: Id of each query of the tracker.
        node: Full name of the node that tracks.
        types: Has the classes PointedPixel, PointedPixels and PointedQuery.

    Returns:
        The message; its object ids are those of the tracker.
    """
    width, height = tracks.image_size
    return types.PointedPixels(
        header=header,
        node=node,
        width=width,
        height=height,
        queries=[
            types.PointedQuery(query=query, query_id=query_id, absent=math.nan)
            for query, query_id in query_ids.items()
        ],
        points=[track_to_pixel(track, query_ids, types) for track in tracks],
    )


def track_to_pixel(track: Track, query_ids: Mapping[str, int], types: MessageTypes) -> PointedPixel:
    """Converts one object on one frame.

    Args:
        track: The object.
        query_ids: Id of each query of the tracker.
        types: Has the class PointedPixel.

    Returns:
        The message, without a label where the object was given as a pixel.
    """
    return types.PointedPixel(
        u=track.x - _CENTRE,
        v=track.y - _CENTRE,
        object_id=track.object_id,
        query_id=query_ids.get(track.query or "", 0),
        score=track.score,
        label=track.query or "",
        visible=track.visible,
        source=_GROUNDED if track.source == "grounded" else _PROPAGATED,
    )


def xy_to_pixel(x: float, y: float) -> tuple[float, float]:
    """Converts a pixel of the library to one of a message.

    Args:
        x: Pixels to the right; the centre of the first one is 0.5.
        y: Pixels down.

    Returns:
        (u, v) in pixels; the centre of the first one is (0, 0).
    """
    return x - _CENTRE, y - _CENTRE


def pixel_to_xy(u: float, v: float) -> tuple[float, float]:
    """Converts a pixel of a message to one of the library.

    Args:
        u: Pixels to the right; the centre of the first one is 0.
        v: Pixels down.

    Returns:
        (x, y) in pixels; the centre of the first one is (0.5, 0.5).
    """
    return u + _CENTRE, v + _CENTRE


# As messages of vision_msgs


def points_to_detections(answers: Sequence[Points], header: Header, types: MessageTypes) -> Detection2DArray:
    """Converts all points of an image to detections with boxes of size zero.

    Args:
        answers: Points of one image, one item for each query, with distinct object ids.
        header: Stamp and frame of the capture.
        types: `vision_msgs.msg`, of version 4 (ROS 2 Humble) or newer.

    Returns:
        The message.
    """
    array = types.Detection2DArray(header=header)
    for points in answers:
        for point in points:
            detection = types.Detection2D(header=header, id=str(point.object_id))
            detection.bbox.center.position.x = point.x - _CENTRE
            detection.bbox.center.position.y = point.y - _CENTRE
            result = types.ObjectHypothesisWithPose()
            result.hypothesis.class_id = points.query
            result.hypothesis.score = point.score
            detection.results.append(result)
            array.detections.append(detection)
    return array
