"""What the library returns: points and tracks."""
