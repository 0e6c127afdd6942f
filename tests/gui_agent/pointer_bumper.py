"""Moves the pointer of an X display to one place over and over, as a hand on the mouse does.

python pointer_bumper.py X Y MILLISECONDS
"""

from __future__ import annotations

import sys
import time

from Xlib import X
from Xlib.display import Display
from Xlib.ext.xtest import fake_input


def main() -> None:
    x, y, pause = map(int, sys.argv[1:])
    display = Display()
    print("ready", flush=True)
    while True:
        fake_input(display, X.MotionNotify, x=x, y=y)
        display.sync()
        time.sleep(pause / 1000)


if __name__ == "__main__":
    main()
