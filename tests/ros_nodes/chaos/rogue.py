"""Who sends messages that are wrong in some way, also in the name of others."""

from __future__ import annotations

import array
import math
from typing import Any

from tests.ros_nodes.chaos.world import HEIGHT, WIDTH, World, header_at

NAME = "/rogue"
FAR_M = 99.0  # x of its points in space, by which they are known


class Rogue:
    """Sends on the topics of the cameras and of the nodes."""

    def __init__(self, node: Any, world: World) -> None:
        from molmo_act_interfaces.msg import PointedPixels, PointedPoints3D

        self._world = world
        self._publishers = {
            topic: node.create_publisher(kind, topic, 10)
            for topic, kind in (
                ("pointed_pixels", PointedPixels),
                ("tracked_pixels", PointedPixels),
                ("tracked_points_3d", PointedPoints3D),
            )
        }

    @staticmethod
    def is_of(message: Any) -> bool:
        """Whether points in space come from the rogue, or from its pixels."""
        return message.node == NAME or bool(message.points and message.points[0].position.x == FAR_M)

    def send(self) -> int:
        """Sends fifty messages; returns their number."""
        from molmo_act_interfaces.msg import PointedPixel, PointedPixels, PointedPoint3D, PointedPoints3D
        from sensor_msgs.msg import CameraInfo, Image

        world, rng = self._world, self._world.rng
        for number in range(10):
            header = header_at(world.now + rng.choice([0.0, -500.0, 500.0]) * (number % 3 == 0))
            if number % 4 == 1:
                header.stamp.sec = header.stamp.nanosec = 0
            sizes = {"height": rng.choice([0, 1, HEIGHT]), "width": rng.choice([0, 7, WIDTH])}
            data = array.array("B", rng.randbytes(rng.choice([0, 1, 900])))
            image = Image(header=header, encoding=rng.choice(["rgb8", "nv24", "", "32FC1"]), **sizes)
            image.step, image.data = rng.choice([0, 5, 3 * WIDTH]), data
            world.images.publish(image)
            world.depths.publish(image)
            world.infos.publish(CameraInfo(header=header, k=[math.nan] * 9, d=[1.0], **sizes))
            wild = rng.choice([math.nan, math.inf, -1e30, 99.0])
            pixel = PointedPixel(u=wild, v=wild, object_id=1, label="red", visible=True, score=wild)
            rogue = PointedPixels(header=header, node=NAME, points=[pixel] * 3, **sizes)
            self._publishers[rng.choice(["pointed_pixels", "tracked_pixels"])].publish(rogue)
            # What an old track node would have taken: the number of an object of its own, from another node.
            point = PointedPoint3D(object_id=rng.randrange(1, 9), label="red")
            point.position.x = FAR_M
            self._publishers["tracked_points_3d"].publish(
                PointedPoints3D(header=header_at(world.now), node="/point_node", points=[point])
            )
        return 50
