"""The parameters of the deproject node: names, defaults, bounds, checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from molmo_act.errors import InputError
from molmo_act_ros.geometry.depth import DepthLimits
from molmo_act_ros.parameter_fields import INPUT_TIMEOUT, parameter

HALF_FRAME = -1.0  # value of ``slop``


@dataclass(frozen=True)
class DeprojectParameters:
    """What the deproject node believes, waits for and answers.

    Raises:
        InputError: Two of them contradict each other.
    """

    radius: int = parameter(4, "Pixels around a point whose depth is read, in each direction.", 0, 100)
    min_depth: float = parameter(0.1, "Depth nearer than this is not believed, in metres.", 0)
    max_depth: float = parameter(10.0, "Depth farther than this is not believed, in metres.", 0)
    edge: float = parameter(
        0.02, "Another surface begins where depths leap by more than this share of themselves.", 0, 1
    )
    slop: float = parameter(
        HALF_FRAME, "Most seconds between points and depth; 0 is exact, -1 is half a depth frame.", -1, 10
    )
    keep: float = parameter(
        2.0, "Seconds of depth images that are kept: longer than the points take to come.", 0, 60
    )
    depth_unit: float = parameter(
        0.001, "Metres of one step of 16UC1 depth; a millimetre by REP 118.", 1e-6, 1
    )
    pixel_deviation: float = parameter(
        1.0, "Standard deviation of a pointed pixel, which the covariance is made with.", 0, 1000
    )
    rectified: bool = parameter(False, "The images are rectified: use P of camera_info, no distortion.")
    target_frame: str = parameter("", "Frame of the points; empty: the camera's. Needs tf2.")
    allow_other_frames: bool = parameter(
        False, "Take depth and camera_info whose frame_id is not that of the image."
    )
    input_timeout: float = parameter(2.0, INPUT_TIMEOUT, 0, 86400)

    def __post_init__(self) -> None:
        if self.min_depth >= self.max_depth:
            raise InputError(
                f"min_depth is {self.min_depth} and max_depth {self.max_depth}; expected the first below the "
                "second."
            )
        if self.slop < 0 and self.slop != HALF_FRAME:
            raise InputError(f"slop is {self.slop}; expected seconds, 0 for exact, or -1 for half a frame.")

    @property
    def limits(self) -> DepthLimits:
        """Which depth is believed."""
        return DepthLimits(self.radius, self.min_depth, self.max_depth, self.edge)

    def check_change(self, given: Mapping[str, Any]) -> None:
        """Refuses new values that contradict each other or the present ones.

        Args:
            given: New values by name, also of other parameters.

        Raises:
            InputError: They contradict each other.
        """
        replace(self, **{each.name: given[each.name] for each in fields(self) if each.name in given})
