"""Free memory is what the machine has, within the limits of the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from molmo_act.generation.free_memory import free_memory

LIMITED = """
import resource
from molmo_act.generation.free_memory import free_memory
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
print(free_memory() < 2**30)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
def test_it_is_what_the_machine_has():
    assert 10**7 < free_memory() < 10**14


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
def test_a_limit_of_the_process_counts():
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
