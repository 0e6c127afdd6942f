"""The point node, around the colour-spot model, and the deproject node in one process with one executor.

Environment: with COMPOSED_THREADS the executor has so many threads.
"""

from __future__ import annotations

import os

import rclpy
from blob_node import BlobModel
from molmo_act_ros.deproject_node import DeprojectNode
from molmo_act_ros.point_node import PointNode
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.parameter import Parameter


def main() -> None:
    rclpy.init()
    nodes = [PointNode(BlobModel), DeprojectNode()]
    threads = int(os.environ.get("COMPOSED_THREADS", "0"))
    executor = MultiThreadedExecutor(threads) if threads else SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
        node.trigger_configure()
        node.trigger_activate()
    nodes[0].set_parameters([Parameter("query", value="red and green")])
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except RuntimeError:  # what an interrupt becomes while rclpy reads a message
        if rclpy.ok():
            raise
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
