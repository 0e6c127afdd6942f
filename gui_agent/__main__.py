"""``python -m gui_agent``: the same as the command ``gui-agent``."""

import sys

from gui_agent.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
