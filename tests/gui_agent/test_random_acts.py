"""Random acts while another program disturbs: nothing lands where the rules do not allow it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = [pytest.mark.display, pytest.mark.slow]


@pytest.mark.usefixtures("display")  # for its check that the programs are there
def test_random_acts_never_land_elsewhere() -> None:
    command = [sys.executable, "-m", "tests.gui_agent.random_acts", "--acts", "40", "--seed", "7"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert answer.stdout, answer.stderr
    told = json.loads(answer.stdout.splitlines()[-1])
    assert told["wrong"] == []
    assert answer.returncode == 0
    assert sum(n for outcome, n in told["outcomes"].items() if outcome.endswith("done")) > 5
