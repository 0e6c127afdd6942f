"""Stands for ROS 2's bondpy, which is not on PyPI."""
