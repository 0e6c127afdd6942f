"""Points and tracks as annotations of an image: Foxglove's where they are installed, else an ImageMarker.

An image viewer draws them over the image of the same stamp, without an image that the node has to draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from molmo_act_ros.conversions.colours import colour_of
from molmo_act_ros.conversions.points import MessageTypes, xy_to_pixel

if TYPE_CHECKING:
    from foxglove_msgs.msg import ImageAnnotations
    from std_msgs.msg import Header
    from visualization_msgs.msg import ImageMarker

    from molmo_act.outputs.points import Points
    from molmo_act.outputs.tracks import Tracks

_POINTS, _ADD, _REMOVE = 4, 0, 1  # as in visualization_msgs/ImageMarker
_DIAMETER, _THICKNESS, _FONT = 12.0, 2.0, 14.0  # pixels


@dataclass(frozen=True)
class Mark:
    """One point to be marked on an image.

    Attributes:
        x: Pixels to the right, in the words of the library: the centre of the first pixel is 0.5.
        y: Pixels down.
        text: What it is.
        number: Number of its query, which decides its colour.
    """

    x: float
    y: float
    text: str
    number: int


def marks_of_points(answers: Sequence[Points]) -> list[Mark]:
    """Lists the points of an image.

    Args:
        answers: Points of one image, one item for each query, with distinct object ids.

    Returns:
        A mark for each point.
    """
    return [
        Mark(point.x, point.y, f"{points.query} #{point.object_id} {point.score:.2f}", number)
        for number, points in enumerate(answers, 1)
        for point in points
    ]


def marks_of_tracks(tracks: Tracks, queries: Sequence[str]) -> list[Mark]:
    """Lists the visible objects on a frame.

    Args:
        tracks: The objects.
        queries: What is tracked, in words.

    Returns:
        A mark for each visible object.
    """
    numbers = {query: number for number, query in enumerate(queries, 1)}
    marks = []
    for track in tracks:
        if track.visible:
            query = track.query or ""
            text = f"{query} #{track.object_id}".strip()
            marks.append(Mark(track.x, track.y, text, numbers.get(query, 0)))
    return marks


def to_foxglove(marks: Sequence[Mark], header: Header, types: MessageTypes) -> ImageAnnotations:
    """Converts marks to circles with texts; none removes those before.

    Args:
        marks: Points on one image. Foxglove counts from the corner of the first pixel, as the library does.
        header: Stamp of the image.
        types: `foxglove_msgs.msg`.

    Returns:
        The message.
    """

    def colour(mark: Mark, alpha: float = 1.0) -> Any:
        red, green, blue = colour_of(mark.number)
        return types.Color(r=red, g=green, b=blue, a=alpha)

    return types.ImageAnnotations(
        circles=[
            types.CircleAnnotation(
                timestamp=header.stamp,
                position=types.Point2(x=mark.x, y=mark.y),
                diameter=_DIAMETER,
                thickness=_THICKNESS,
                outline_color=colour(mark),
                fill_color=colour(mark, 0.0),
            )
            for mark in marks
        ],
        texts=[
            types.TextAnnotation(
                timestamp=header.stamp,
                position=types.Point2(x=mark.x + _DIAMETER / 2, y=mark.y),
                text=mark.text,
                font_size=_FONT,
                text_color=colour(mark),
                background_color=types.Color(r=0.0, g=0.0, b=0.0, a=0.5),
            )
            for mark in marks
        ],
    )


def to_image_marker(marks: Sequence[Mark], header: Header, name: str) -> ImageMarker:
    """Converts marks to one marker with all points; none removes it.

    Args:
        marks: Points on one image.
        header: Stamp and frame of the image.
        name: Namespace of the marker.

    Returns:
        The message; pixels as in OpenCV. It has no texts: the colour is that of the query.
    """
    from geometry_msgs.msg import Point
    from std_msgs.msg import ColorRGBA
    from visualization_msgs.msg import ImageMarker

    marker = ImageMarker(header=header, ns=name, id=0, type=_POINTS, action=_ADD if marks else _REMOVE)
    marker.scale = _DIAMETER / 2
    for mark in marks:
        u, v = xy_to_pixel(mark.x, mark.y)
        red, green, blue = colour_of(mark.number)
        marker.points.append(Point(x=u, y=v))
        marker.outline_colors.append(ColorRGBA(r=red, g=green, b=blue, a=1.0))
    if marks:
        marker.outline_color = marker.fill_color = marker.outline_colors[0]
    return marker
