"""ROS messages to and from images, points and numbers."""
