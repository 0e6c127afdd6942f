"""The command ``gui-agent`` with a finder of colours for its model, to be run as a process of its own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import molmo_act
from gui_agent.cli.main import main
from tests.support.blob_model import BlobFinder

if __name__ == "__main__":
    molmo_act.load = lambda name_or_path, **options: BlobFinder()
    sys.exit(main())
