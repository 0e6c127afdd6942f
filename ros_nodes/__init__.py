"""ROS 2 nodes around molmo_act; see README.md beside this file."""
