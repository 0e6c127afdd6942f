"""What is done to a desktop: targets that hold still, gestures, and results."""
