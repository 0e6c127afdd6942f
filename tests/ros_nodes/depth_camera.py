"""A depth camera in front of a plane, in the process of the test, which also points and listens."""

from __future__ import annotations

import array
import io
import struct

import numpy as np
from builtin_interfaces.msg import Time
from PIL import Image as PillowImage
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

WIDTH, HEIGHT, FOCAL = 640, 480, 600.0
K = [FOCAL, 0.0, 319.5, 0.0, FOCAL, 239.5, 0.0, 0.0, 1.0]  # whole numbers are pixel centres here
MIDDLE = (319.5, 239.5)
MS = 10**6
WHEN = 50 * MS
BEGIN = 1000 * 10**9  # nanoseconds of the first stamp


def space(u: float, v: float) -> tuple[float, float, float]:
    """Metres of what a pixel (centres at whole numbers) shows: a plane that leans, 1 m away."""
    x, y = (u + 0.5 - WIDTH / 2) / FOCAL, (v + 0.5 - HEIGHT / 2) / FOCAL
    z = 1.0 / (1 - 0.5 * x)
    return x * z, y * z, z


def depth_of_plane() -> np.ndarray:
    u, _ = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT))
    return 1.0 / (1 - 0.5 * (u - WIDTH / 2) / FOCAL)


class DepthCamera:
    """Publishes depth, camera_info and pointed pixels, each with the stamp that is asked for."""

    def __init__(self, listener) -> None:
        from molmo_act_interfaces.msg import PointedPixels, PointedPoint3DStamped, PointedPoints3D

        self.listener, node = listener, listener.node
        self.depth = node.create_publisher(Image, "depth", qos_profile_sensor_data)
        self.compressed = node.create_publisher(
            CompressedImage, "depth/compressedDepth", qos_profile_sensor_data
        )
        self.info = node.create_publisher(CameraInfo, "camera_info", qos_profile_sensor_data)
        self.pixels = node.create_publisher(PointedPixels, "pointed_pixels", 10)
        listener.listen(PointedPoints3D, "points_3d")
        listener.listen(PointedPoint3DStamped, "best_point_3d")
        listener.listen(PointCloud2, "points_3d/cloud")
        listener.listen(MarkerArray, "points_3d/markers")
        self.found = listener.received["points_3d"]

    def wait(self) -> None:
        """Until the node has found every topic, and is found."""
        publishers = (self.depth, self.info, self.pixels)
        self.listener.wait(lambda: all(one.get_subscription_count() for one in publishers))
        count = self.listener.node.count_publishers
        self.listener.wait(lambda: count("points_3d") and count("best_point_3d"))

    def see(
        self,
        when: int,
        metres: np.ndarray | None = None,
        encoding: str = "32FC1",
        frames: tuple[str, str] = ("camera_optical_frame", "camera_optical_frame"),
        compressed: bool = False,
        **camera,
    ) -> None:
        """Publishes depth, raw or compressed, and camera_info, each of a frame."""
        metres = depth_of_plane() if metres is None else metres
        kind = {"32FC1": "<f4", "16UC1": "<u2"}[encoding]
        rows = (metres if kind == "<f4" else np.round(metres * 1000)).astype(kind)
        depth_header, info_header = header(when), header(when)
        depth_header.frame_id, info_header.frame_id = frames
        image = Image(header=depth_header, height=len(rows), width=rows.shape[1], encoding=encoding)
        image.step, image.data = rows.shape[1] * rows.itemsize, array.array("B", rows.tobytes())
        known = {"width": WIDTH, "height": HEIGHT, "k": K, "distortion_model": "plumb_bob"}
        self.info.publish(CameraInfo(header=info_header, **known | camera))
        if compressed:
            self.compressed.publish(as_compressed_depth(rows, encoding, depth_header))
        else:
            self.depth.publish(image)

    def point(self, when: int, *pixels: tuple[float, float], query: str = "mug", **fields) -> None:
        from molmo_act_interfaces.msg import PointedPixel, PointedPixels, PointedQuery

        points = [
            PointedPixel(u=u, v=v, object_id=number + 1, score=0.9 - 0.1 * number, label=query, visible=True)
            for number, (u, v) in enumerate(pixels)
        ]
        message = PointedPixels(header=header(when), node="/point_node", width=WIDTH, height=HEIGHT)
        message.queries = [PointedQuery(query=query, query_id=3)]
        message.points = points
        for name, value in fields.items():
            setattr(message, name, value)
        self.pixels.publish(message)

    def hide(self, when: int, pixel: tuple[float, float]) -> None:
        from molmo_act_interfaces.msg import PointedPixel

        self.point(when, points=[PointedPixel(u=pixel[0], v=pixel[1], object_id=1, visible=False)])

    def answer(self, when: int, again) -> object:
        """What the node says of that time once ``again()`` was done; maybe twice: messages get lost."""
        self.found.clear()
        for _ in range(50):
            again()
            end = self.listener.node.get_clock().now().nanoseconds + 300 * MS
            while self.listener.node.get_clock().now().nanoseconds < end:
                self.listener.executor.spin_once(timeout_sec=0.02)
                for message in self.found:
                    if message.header.stamp == header(when).stamp:
                        return message
        raise AssertionError("no points in space came")


def repeat_until_told(listener, node, told: str, again) -> None:
    """Does ``again()`` ten times a second until the node's log says so: a burst would push messages out."""
    listener.wait(lambda: again() or listener.wait_briefly(0.1) or told in node.stderr)


def as_compressed_depth(rows: np.ndarray, encoding: str, header: Header) -> CompressedImage:
    """What the transport compressedDepth makes of depth, with steps of inverse depth for metres."""
    a, b = (10100.0, -1009.0) if encoding == "32FC1" else (0.0, 0.0)
    steps = (np.where(rows > 0, a / np.maximum(rows, 1e-3) + b, 0) if a else rows).astype(np.uint16)
    file = io.BytesIO()
    PillowImage.fromarray(steps).save(file, "PNG")
    data = array.array("B", struct.pack("<iff", 0, a, b) + file.getvalue())
    return CompressedImage(header=header, format=f"{encoding}; compressedDepth png", data=data)


def header(when: int) -> Header:
    """A header of the camera, so many nanoseconds after BEGIN."""
    total = BEGIN + when
    stamp = Time(sec=total // 10**9, nanosec=total % 10**9)
    return Header(stamp=stamp, frame_id="camera_optical_frame")


def positions(message) -> np.ndarray:
    """Metres (N, 3) of the points of a message."""
    return np.array([[p.position.x, p.position.y, p.position.z] for p in message.points])


def count(reports: list, what: str) -> int:
    """A number of the newest of the reports on /diagnostics; 0 where it is not told."""
    told = {value.key: value.value for value in reports[-1].values} if reports else {}
    return int(told.get(what, 0))
