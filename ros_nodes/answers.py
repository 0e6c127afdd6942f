"""The answers to all queries about one picture, as messages; needs no ROS and knows no node.

The message classes are given by the caller: those of rclpy in a node, those of `rosbags` in a bag tool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from molmo_act.points import Points

Types = ModuleType | SimpleNamespace

_GROUNDED, _PROPAGATED = 0, 1  # as in PointedPixel


def numbered(answers: Sequence[Points]) -> list[Points]:
    """The same answers with object ids that are distinct over the whole picture, in the order of queries."""
    if len(answers) == 1:
        return list(answers)
    taken = 0
    result = []
    for points in answers:
        result.append(replace(points, object_id=points.object_id + taken))
        taken = max([taken, *result[-1].object_id.tolist()])
    return result


def together(answers: Sequence[Points]) -> Points:
    """One answer of all the points, for what shows them whatever their query; nothing else is kept."""
    if len(answers) == 1:
        return answers[0]
    return Points(
        xy=np.concatenate([points.xy for points in answers]),
        score=np.concatenate([points.score for points in answers]),
        object_id=np.concatenate([points.object_id for points in answers]),
        image_size=answers[0].image_size,
        query=", ".join(points.query for points in answers),
    )


def pointed_pixels(points: Points, header: Any, query_id: int, types: Types) -> Any:
    """The answer to one query as a PointedPixels.

    Args:
        points: Points of one picture.
        header: Stamp and frame of the capture.
        query_id: Number of the query; 0 for one that is asked only once.
        types: Where the classes PointedPixel and PointedPixels are.
    """
    width, height = points.image_size[0]
    pixels = [
        types.PointedPixel(
            u=point.x,
            v=point.y,
            object_id=point.object_id,
            score=point.score,
            label=points.query,
            visible=True,
            source=_GROUNDED,
        )
        for point in points
    ]
    return types.PointedPixels(
        header=header,
        width=width,
        height=height,
        query=points.query,
        query_id=query_id,
        absent=points.absent,
        points=pixels,
    )


def tracked_pixels(tracks: Any, header: Any, types: Types) -> Any:
    """All objects on one frame as a PointedPixels.

    Its query names what the objects answer, and its ids are those of the tracker. What is not visible is
    there as well, where it was seen last.

    Args:
        tracks: `molmo_act` Tracks.
        header: Stamp and frame of the capture.
        types: Where the classes PointedPixel and PointedPixels are.
    """
    width, height = tracks.image_size
    return types.PointedPixels(
        header=header,
        width=width,
        height=height,
        query=", ".join(dict.fromkeys(query for query in tracks.query if query)),
        points=[tracked_pixel(track, types) for track in tracks],
    )


def tracked_pixel(track: Any, types: Types) -> Any:
    """One object on one frame as a PointedPixel; without a label where it was given as a pixel."""
    return types.PointedPixel(
        u=track.x,
        v=track.y,
        object_id=track.object_id,
        score=track.score,
        label=track.query or "",
        visible=track.visible,
        source=_GROUNDED if track.source == "grounded" else _PROPAGATED,
    )


def detections(answers: Sequence[Points], header: Any, types: Types) -> Any:
    """All points of a picture as a vision_msgs/Detection2DArray with boxes of size zero.

    Args:
        answers: Of each query, with distinct object ids.
        header: Stamp and frame of the capture.
        types: `vision_msgs.msg`, of version 4 (ROS 2 Humble) or newer.
    """
    array = types.Detection2DArray(header=header)
    for points in answers:
        for point in points:
            detection = types.Detection2D(header=header, id=str(point.object_id))
            detection.bbox.center.position.x = point.x
            detection.bbox.center.position.y = point.y
            result = types.ObjectHypothesisWithPose()
            result.hypothesis.class_id = points.query
            result.hypothesis.score = point.score
            detection.results.append(result)
            array.detections.append(detection)
    return array
