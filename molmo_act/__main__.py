"""``python -m molmo_act``: the same as the command ``molmo-act``."""

from __future__ import annotations

import sys

from molmo_act.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
