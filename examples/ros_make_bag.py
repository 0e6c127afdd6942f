"""Writes a bag of camera images, depth and calibration of wandering discs; needs neither ROS nor a camera.

    python examples/ros_make_bag.py camera_bag --seconds 5 --storage mcap

The table is 1 m away and the discs are 5 cm thick, so that the deproject node has something to measure.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np
from molmo_act_ros.bag import require_rosbags
from ros_camera import wandering_discs

from molmo_act.errors import InputError, MolmoActError

WIDTH, HEIGHT, FOCAL = 320, 240, 300.0
TABLE_MM, DISC_MM = 1000, 950
BEGIN_NS = 1_700_000_000 * 10**9


def main() -> int:
    """Writes the bag; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("bag", type=Path, help="folder to make")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long it lasts (default 5)")
    parser.add_argument("--rate", type=float, default=10.0, help="images per second (default 10)")
    parser.add_argument("--storage", choices=["sqlite3", "mcap"], default="mcap", help="default mcap")
    options = parser.parse_args()
    try:
        require_rosbags()
        count = make_bag(options.bag, round(options.seconds * options.rate), options.rate, options.storage)
    except MolmoActError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(f"{options.bag}: {count} images with depth")
    return 0


def make_bag(bag: Path, count: int, rate: float, storage: str) -> int:
    """Writes so many images, depth images and calibrations; returns how many."""
    from rosbags.rosbag2 import StoragePlugin, Writer, WriterError
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    kinds = {"color/image_raw": "Image", "depth/image_raw": "Image", "color/camera_info": "CameraInfo"}
    try:
        writer = Writer(bag, version=9, storage_plugin=StoragePlugin[storage.upper()])
    except WriterError as error:
        raise InputError(f"{error} Give another name.") from error
    with writer:
        topics = {
            topic: writer.add_connection(f"/camera/{topic}", f"sensor_msgs/msg/{kind}", typestore=store)
            for topic, kind in kinds.items()
        }
        for number, rgb in enumerate(itertools.islice(wandering_discs(WIDTH, HEIGHT), count)):
            time = BEGIN_NS + round(number * 1e9 / rate)
            messages = {
                "color/image_raw": image(store, time, rgb, "rgb8"),
                "depth/image_raw": image(store, time, depth_of(rgb), "16UC1"),
                "color/camera_info": calibration(store, time),
            }
            for topic, message in messages.items():
                data = store.serialize_cdr(message, message.__msgtype__)
                writer.write(topics[topic], time, data)
    return count


def depth_of(rgb: np.ndarray) -> np.ndarray:
    """Millimetres (H, W): what is not grey is a disc."""
    grey = np.ptp(rgb.astype(int), axis=2) < 20
    return np.where(grey, TABLE_MM, DISC_MM).astype(np.uint16)


def image(store: Any, time: int, pixels: np.ndarray, encoding: str) -> Any:
    """An Image message."""
    return store.types["sensor_msgs/msg/Image"](
        header=header(store, time),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=pixels.strides[0],
        data=np.ascontiguousarray(pixels).view(np.uint8).ravel(),
    )


def calibration(store: Any, time: int) -> Any:
    """A CameraInfo message of a camera without distortion."""
    matrix = [FOCAL, 0, WIDTH / 2 - 0.5, 0, FOCAL, HEIGHT / 2 - 0.5, 0, 0, 1]
    projection = [*matrix[:3], 0, *matrix[3:6], 0, *matrix[6:], 0]
    region = store.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return store.types["sensor_msgs/msg/CameraInfo"](
        header=header(store, time),
        height=HEIGHT,
        width=WIDTH,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=np.array(matrix, np.float64),
        r=np.eye(3).ravel(),
        p=np.array(projection, np.float64),
        binning_x=0,
        binning_y=0,
        roi=region,
    )


def header(store: Any, time: int) -> Any:
    """A Header at a time in nanoseconds."""
    stamp = store.types["builtin_interfaces/msg/Time"](sec=time // 10**9, nanosec=time % 10**9)
    return store.types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera_optical_frame")


if __name__ == "__main__":
    sys.exit(main())
