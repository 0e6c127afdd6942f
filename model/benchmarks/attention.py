"""Times the vision tower's attention on this CPU: plain matrix products against the fused kernel.

`python -m model.benchmarks.attention` alternates the two, forward and backward; one JSON line comes last.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from model._cli import make_parser
from model._machine import machine_info
from model.train.models.cpu_attention import plain_attention

CROPS, HEADS, PATCHES, WIDTH = 48, 3, 256, 64
ROUNDS = 9


def _fused(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value)


def _plain(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return plain_attention(torch.nn.Identity(), query, key, value, None, WIDTH**-0.5)[0]


def _seconds(attention: Callable[[Tensor, Tensor, Tensor], Tensor], inputs: list[Tensor]) -> float:
    began = time.perf_counter()
    attention(*inputs).sum().backward()
    return time.perf_counter() - began


def main() -> None:
    """Runs both, alternating, and prints medians in milliseconds and their ratio."""
    make_parser(__doc__).parse_args()
    torch.manual_seed(0)
    inputs = [
        torch.randn(CROPS, HEADS, PATCHES, WIDTH, dtype=torch.bfloat16, requires_grad=True) for _ in range(3)
    ]
    seconds: dict[str, list[float]] = {"plain": [], "fused": []}
    for _ in range(ROUNDS):
        seconds["plain"].append(_seconds(_plain, inputs))
        seconds["fused"].append(_seconds(_fused, inputs))
    medians = {name: round(1000 * statistics.median(values[1:]), 2) for name, values in seconds.items()}
    print(f"{CROPS} crops, {HEADS} heads of {WIDTH}, {PATCHES} patches, bf16, forward and backward")
    result = {"ms": medians, "fused_over_plain": round(medians["fused"] / medians["plain"], 2)}
    print(json.dumps(result | machine_info(torch.device("cpu"))))


if __name__ == "__main__":
    main()
