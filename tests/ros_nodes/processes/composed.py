"""The point node, around the colour-spot model, and the deproject node in one process with one executor."""

from __future__ import annotations

import rclpy
from blob_node import BlobModel
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.parameter import Parameter

from ros_nodes.deprojecting import DeprojectNode
from ros_nodes.pointing import PointNode


def main() -> None:
    rclpy.init()
    nodes = [PointNode(BlobModel), DeprojectNode()]
    executor = SingleThreadedExecutor()
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
