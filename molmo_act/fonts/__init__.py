"""Fonts for what is written on images: one inside Pillow, one bundled, and those of the machine."""
