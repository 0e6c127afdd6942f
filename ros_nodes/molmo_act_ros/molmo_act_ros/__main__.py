"""``python -m molmo_act_ros NODE …``: runs a node of a checkout whose programs are not installed."""

from __future__ import annotations

import sys

from molmo_act_ros.programs import main

sys.exit(main())
