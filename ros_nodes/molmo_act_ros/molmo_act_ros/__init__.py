"""ROS 2 nodes around molmo_act: words and camera images in, points out."""
