"""Counts the images that get through from one camera to several processes, by profile of Fast DDS.

    python -m molmo_act_ros.benchmarks.losses --receivers 3

Each case has a camera at 10 Hz and receivers in processes of their own. One line is printed for each, with
the number of images sent and what each receiver got.
"""

from __future__ import annotations

import argparse
import array
import os
import signal
import subprocess
import sys
import time

from molmo_act.cli._writing import Parser
from molmo_act_ros.benchmarks.domain import own_domain
from molmo_act_ros.benchmarks.session import PROFILE, UDP_PROFILE
from molmo_act_ros.runner import require_ros

SIZES = (57_600, 921_600, 2_764_800)  # bytes: rgb8 of 160 x 120, 640 x 480, 1280 x 720
CASES = {
    "default to default": ("", ""),
    "default to UDP": ("", str(UDP_PROFILE)),
    "UDP to default": (str(UDP_PROFILE), ""),
    "UDP to UDP": (str(UDP_PROFILE), str(UDP_PROFILE)),
    "shared memory to shared memory": (str(PROFILE), str(PROFILE)),
}
"""Profile of the camera and of the receivers."""
HZ = 10.0
WAIT_S = 60.0


def main() -> None:
    """Runs the benchmark, or one receiver of it, with the arguments of the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--receivers", type=int, default=3, help="processes that receive (default 3)")
    parser.add_argument("--images", type=int, default=80, help="images of each case (default 80)")
    parser.add_argument("--receive", type=float, metavar="S", help=argparse.SUPPRESS)
    args = parser.parse_args()
    require_ros()
    if args.receive is not None:
        receive(args.receive)
        return
    for name in CASES:
        for size in SIZES:
            got = count(name, size, args.receivers, args.images)
            print(f"{name}, {size} bytes: {args.images} sent, {got} received", flush=True)


def count(case: str, size: int, receivers: int, images: int) -> list[int]:
    """Sends images to receivers.

    Args:
        case: One of `CASES`.
        size: Bytes of an image.
        receivers: Number of processes that receive.
        images: Number of images.

    Returns:
        How many each of them got.

    Raises:
        SystemExit: A receiver did not start, or did not end.
    """
    camera, receiver = CASES[case]
    with own_domain() as domain:
        common = {"ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        words = [sys.executable, "-m", "molmo_act_ros.benchmarks.losses", "--receive", str(WAIT_S)]
        started = [
            subprocess.Popen(
                words,
                env=_environment(common, receiver),
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(receivers)
        ]
        code = f"from molmo_act_ros.benchmarks.losses import send; send({size}, {images}, {receivers})"
        try:
            subprocess.run(
                [sys.executable, "-c", code],
                env=_environment(common, camera),
                check=True,
                timeout=WAIT_S + images / HZ,
            )
            return [int(each.communicate(timeout=WAIT_S)[0].split()[-1]) for each in started]
        except (subprocess.SubprocessError, IndexError) as error:
            raise SystemExit(f"{case}: {error}") from None
        finally:
            for each in started:
                each.kill()


def _environment(common: dict[str, str], profile: str) -> dict[str, str]:
    found = os.environ | common
    found.pop("FASTRTPS_DEFAULT_PROFILES_FILE", None)
    return found | ({"FASTRTPS_DEFAULT_PROFILES_FILE": profile} if profile else {})


def send(size: int, images: int, receivers: int) -> None:
    """Waits for the receivers, and sends images at 10 Hz as a camera does.

    Args:
        size: Bytes of an image.
        images: Number of images.
        receivers: Number of processes that receive.
    """
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Image

    rclpy.init(args=[])
    node = rclpy.create_node("camera")
    publisher = node.create_publisher(Image, "image", qos_profile_sensor_data)
    end = time.monotonic() + WAIT_S / 2
    while publisher.get_subscription_count() < receivers and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(1.0)  # those who receive learn of the camera, too
    image = Image(height=1, width=size, step=size, encoding="mono8", data=array.array("B", bytes(size)))
    begun = time.monotonic()
    for number in range(images):
        time.sleep(max(0.0, begun + number / HZ - time.monotonic()))
        publisher.publish(image)
    time.sleep(1.0)
    rclpy.shutdown()


def receive(longest: float) -> None:
    """Prints the number of images when the camera has gone.

    Args:
        longest: Seconds until it must have come and gone.
    """
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Image

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    rclpy.init(args=[])
    node = rclpy.create_node("receiver")
    images = 0

    def take(_: Image) -> None:
        nonlocal images
        images += 1

    node.create_subscription(Image, "image", take, qos_profile_sensor_data)
    end, seen = time.monotonic() + longest, False
    while time.monotonic() < end and not (seen and node.count_publishers("image") == 0):
        seen = seen or node.count_publishers("image") > 0
        rclpy.spin_once(node, timeout_sec=0.02)
    print(images)
    rclpy.shutdown()


if __name__ == "__main__":
    main()
