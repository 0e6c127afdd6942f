"""The camera, the depth camera and the clock, and what is true at each stamp."""

from __future__ import annotations

import array
import random
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.ros_nodes.processes import frames

FOCAL, WIDTH, HEIGHT = 600.0, 160, 120  # an image, and one of depth, is one datagram
K = [FOCAL, 0.0, (WIDTH - 1) / 2, 0.0, FOCAL, (HEIGHT - 1) / 2, 0.0, 0.0, 1.0]
TICK_S = 0.1  # of simulated time between images


@dataclass(frozen=True)
class Moment:
    """The truth about one stamp.

    Attributes:
        spots: Pixel of each colour.
        depth: Metres of the wall, the same for all pixels.
        shown: When it was published, on the monotonic clock in seconds.
        world: Number of the world, which changes when time goes back.
    """

    spots: dict[str, tuple[int, int]]
    depth: float
    shown: float
    world: int

    def place(self, colour: str) -> np.ndarray:
        """Where the spot is, in metres."""
        u, v = self.spots[colour]
        return np.array([(u - K[2]) / FOCAL * self.depth, (v - K[5]) / FOCAL * self.depth, self.depth])


def header_at(seconds: float) -> Any:
    """A header of the camera."""
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header

    total = round(seconds * 1e9)
    return Header(stamp=Time(sec=total // 10**9, nanosec=total % 10**9), frame_id="camera_optical_frame")


class World:
    """The camera, the depth camera and the clock."""

    def __init__(self, node: Any, rng: random.Random) -> None:
        from rclpy.qos import qos_profile_sensor_data
        from rosgraph_msgs.msg import Clock
        from sensor_msgs.msg import CameraInfo, Image

        self.rng = rng
        make = node.create_publisher
        self.images = make(Image, "image", qos_profile_sensor_data)
        self.depths = make(Image, "depth", qos_profile_sensor_data)
        self.infos = make(CameraInfo, "camera_info", qos_profile_sensor_data)
        self.clock = make(Clock, "/clock", 10)
        self.now = 1000.0
        self.number = self.world = 0
        self.dead: set[str] = set()
        self.disorder = False
        self.late: list[tuple[float, Any]] = []
        self.published: dict[str, float] = {}  # when each input last brought something
        self.history: dict[int, list[Moment]] = {}
        self.begin()

    def begin(self) -> None:
        """Another world: other places, other depth."""
        self.world += 1
        rng = self.rng
        self.spots = {
            "red": (rng.randrange(15, 125), rng.randrange(10, 50)),
            "green": (rng.randrange(15, 125), rng.randrange(70, 110)),
        }
        self.base = 1.0 + (0.37 * self.world) % 3.0

    def tick(self) -> None:
        """The next moment: clock, image, depth and camera_info."""
        from rosgraph_msgs.msg import Clock
        from sensor_msgs.msg import CameraInfo, Image

        self.now += TICK_S
        self.number += 1
        self.spots = {name: ((x - 5) % 140 + 9, y) for name, (x, y) in self.spots.items()}
        moment = Moment(dict(self.spots), self.base + 0.02 * (self.number % 10), time.monotonic(), self.world)
        header = header_at(self.now)
        key = header.stamp.sec * 10**9 + header.stamp.nanosec
        self.history[key] = [*self.history.get(key, [])[-4:], moment]
        self.clock.publish(Clock(clock=header.stamp))
        if "camera_info" not in self.dead:
            self.infos.publish(
                CameraInfo(header=header, width=WIDTH, height=HEIGHT, k=K, distortion_model="plumb_bob")
            )
            self.published["camera_info"] = time.monotonic()
        wall = np.full((HEIGHT, WIDTH), round(1000 * moment.depth), "<u2")  # mm
        depth = Image(header=header, height=HEIGHT, width=WIDTH, encoding="16UC1", step=2 * WIDTH)
        depth.data = array.array("B", wall.tobytes())
        if "depth" not in self.dead:
            due = time.monotonic() + (self.rng.uniform(0, 0.6) if self.disorder else 0.0)
            self.late.append((due, depth))
        for one in [one for one in self.late if one[0] <= time.monotonic()]:
            self.late.remove(one)
            self.depths.publish(one[1])
            self.published["depth"] = time.monotonic()
        if "image" not in self.dead:
            rgb = frames.draw(self.spots, self.number, (WIDTH, HEIGHT))
            image = Image(header=header, height=HEIGHT, width=WIDTH, encoding="rgb8", step=3 * WIDTH)
            image.data = array.array("B", rgb.tobytes())
            self.images.publish(image)
            self.published["image"] = time.monotonic()
