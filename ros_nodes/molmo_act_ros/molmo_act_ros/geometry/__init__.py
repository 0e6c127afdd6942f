"""From pixels and depth to points in space."""
