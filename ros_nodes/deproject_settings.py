"""What the deproject node can be told by parameters: names, defaults, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from molmo_act.errors import InputError
from ros_nodes.depth import Limits
from ros_nodes.parameters import parameter

HALF_FRAME = -1.0


@dataclass(frozen=True)
class Settings:
    """The parameters; all but ``keep`` and ``target_frame`` may change at run time.

    Raises:
        InputError: Two of them contradict each other.
    """

    radius: int = parameter(4, "Pixels around a point whose depth is looked at, in each direction.", 0, 100)
    min_depth: float = parameter(0.1, "Depth nearer than this is not believed, in metres.", 0)
    max_depth: float = parameter(10.0, "Depth farther than this is not believed, in metres.", 0)
    edge: float = parameter(
        0.02, "Another surface begins where depths leap by more than this share of themselves.", 0, 1
    )
    slop: float = parameter(
        HALF_FRAME, "Most seconds between points and depth; 0 is exact, -1 is half a depth frame.", -1, 10
    )
    keep: float = parameter(
        2.0, "Seconds of depth pictures that are kept: longer than the points take to come.", 0, 60
    )
    pixel_deviation: float = parameter(
        1.0, "Standard deviation of a pointed pixel, which the covariance is made with.", 0, 1000
    )
    rectified: bool = parameter(False, "The pictures are rectified: use P of camera_info, no distortion.")
    target_frame: str = parameter("", "Frame of the points; empty: the camera's. Needs tf2.")

    def __post_init__(self) -> None:
        if self.min_depth >= self.max_depth:
            raise InputError(
                f"min_depth is {self.min_depth} and max_depth {self.max_depth}; expected the first below the "
                "second."
            )
        if self.slop < 0 and self.slop != HALF_FRAME:
            raise InputError(f"slop is {self.slop}; expected seconds, 0 for exact, or -1 for half a frame.")

    @property
    def limits(self) -> Limits:
        """Of what counts as measured."""
        return Limits(self.radius, self.min_depth, self.max_depth, self.edge)


def refusal(current: Settings, given: Mapping[str, Any]) -> str:
    """Why these parameters may not be set on a configured node, or nothing; bounds are checked by rclpy."""
    for name in ("keep", "target_frame"):
        if name in given:
            return f"{name} is read on configure; clean the node up first"
    try:
        replace(current, **{each.name: given[each.name] for each in fields(current) if each.name in given})
    except InputError as error:
        return str(error)
    return ""
