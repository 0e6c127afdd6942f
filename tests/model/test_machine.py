"""What a machine can do and how much memory it used, as the system itself says."""

from __future__ import annotations

import numpy as np
import torch

from model._machine import (
    machine_info,
    peak_mb,
    reset_peak,
    used_mb,
)

CPU = torch.device("cpu")


def test_a_benchmark_names_its_machine():
    found = machine_info(CPU)
    assert found["machine"]
    assert found["threads"] == torch.get_num_threads()
    assert found["torch"] == torch.__version__


def test_the_peak_is_that_since_it_was_forgotten():
    block = np.ones(100_000_000, dtype=np.uint8)
    assert peak_mb(CPU) >= block.nbytes / 1e6
    del block
    reset_peak(CPU)
    assert peak_mb(CPU) < used_mb(CPU) + 20
    block = np.ones(100_000_000, dtype=np.uint8)
    assert peak_mb(CPU) - used_mb(CPU) < 20
    del block
