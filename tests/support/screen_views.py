"""Views of every kind of monitor that tests of geometry go through."""

from __future__ import annotations

from gui_agent.geometry import Area, ScreenView

SCREEN_VIEWS = [
    ScreenView((1920, 1080), Area(0, 0, 1920, 1080)),  # plain
    ScreenView((2560, 1600), Area(0, 0, 1280, 800)),  # scale 2
    ScreenView((1920, 1080), Area(0, 0, 1536, 864)),  # scale 1.25
    ScreenView((1920, 1080), Area(1920, 0, 1920, 1080)),  # second monitor on the right
    ScreenView((2560, 1600), Area(-1280, -800, 1280, 800)),  # scale 2, up and left of the origin
    ScreenView((1920, 1080), Area(-1536, 216, 1536, 864)),  # scale 1.25, left of the origin
    ScreenView((1366, 768), Area(1092.8, 0, 1092.8, 614.4)),  # scale 1.25, an origin between input points
    ScreenView((801, 601), Area(0, 0, 1602, 1202)),  # fewer pixels than input points
    ScreenView((1, 1), Area(5, 7, 1, 1)),  # a single pixel
]
