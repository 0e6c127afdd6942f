"""Checks of what computes: one small kernel each, compared with numpy."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from molmo_act.doctor.finding import AbsentError
from molmo_act.doctor.machine import measure_here
from molmo_act.embedded.providers import first_line

SIDE = 256
CLOSE = 1e-3
"""Largest share of the largest number by which a product in float32 may differ."""
GPU_MEMORY = "{:.1f} of {:.1f} GB free"
NF4_CLOSE, INT8_CLOSE = 0.25, 0.05
"""The same where weights have 4 or 8 bits; a kernel that does not run right is off by about 1."""


def torch_cpu() -> str:
    """Multiplies two matrices on the CPU."""
    import torch

    left, right = _matrices()
    found = (torch.from_numpy(left) @ torch.from_numpy(right)).numpy()
    worst = _compare(found, left @ right, CLOSE)
    return f"product of {SIDE} × {SIDE} within {worst:.0e}, {torch.get_num_threads()} threads"


def torch_cuda() -> str:
    """Multiplies two matrices on the first GPU, in float32 and bfloat16."""
    torch, device = _cuda()
    left, right = _matrices()
    worst = 0.0
    for dtype, close in ((torch.float32, 1e-2), (torch.bfloat16, 3e-2)):  # TF32 may be allowed
        product = torch.from_numpy(left).to(device, dtype) @ torch.from_numpy(right).to(device, dtype)
        worst = max(worst, _compare(product.float().cpu().numpy(), left @ right, close))
    name, (major, minor) = torch.cuda.get_device_name(0), torch.cuda.get_device_capability(0)
    free, total = torch.cuda.mem_get_info(0)
    memory = GPU_MEMORY.format(free / 1e9, total / 1e9)
    about = f"{name}, capability {major}.{minor}, CUDA {torch.version.cuda}, {memory}"
    return f"{about}; products within {worst:.0e}"


def gpu_memory_mb(detail: str) -> float | None:
    """Reads the memory of a GPU from what `torch_cuda` said.

    Args:
        detail: What it said.

    Returns:
        MB, used ones included; None where it did not say.
    """
    found = re.search(r"[\d.]+ of ([\d.]+) GB free", detail)
    return None if found is None else 1e3 * float(found[1])


def cuda_graph() -> str:
    """Captures a product in a CUDA graph and replays it on other numbers."""
    torch, device = _cuda()
    left, right = _matrices()
    one, other = torch.from_numpy(left).to(device), torch.from_numpy(right).to(device)
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        one @ other  # a capture must not be the first call
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        product = one @ other
    one.mul_(2)
    graph.replay()
    worst = _compare(product.cpu().numpy(), 2 * left @ right, 1e-2)
    return f"a captured product replayed, within {worst:.0e}"


def transformers() -> str:
    """Imports the classes that models are made of."""
    from transformers.models.molmo2 import Molmo2ForConditionalGeneration

    return f"knows {Molmo2ForConditionalGeneration.__name__}"


def nf4() -> str:
    """Multiplies by a weight in 4 bits, on the GPU where there is one."""
    return _bitsandbytes("LinearNF4", NF4_CLOSE, {})


def int8() -> str:
    """Multiplies by a weight in 8 bits, on the GPU where there is one."""
    return _bitsandbytes("Linear8bitLt", INT8_CLOSE, {"has_fp16_weights": False})


def onnxruntime() -> str:
    """Multiplies two matrices with each provider of ONNX Runtime that this build has."""
    import onnxruntime as ort

    graph, (left, right) = _matmul_graph(), _matrices()
    said = []
    for provider in ort.get_available_providers():
        try:  # without its retry on the CPU, which writes to stdout
            session = ort.InferenceSession(graph, providers=[provider], enable_fallback=0)
        except Exception as error:
            if provider == "CPUExecutionProvider":
                raise
            said.append(f"{provider} not usable: {first_line(error)}")
            continue
        if session.get_providers()[0] != provider:  # nor does it say that a library is missing
            said.append(f"{provider} not usable")
            continue
        (found,) = session.run(None, {"left": left, "right": right})
        said.append(f"{provider} within {_compare(found, left @ right, 1e-2):.0e}")
    return ", ".join(said)


def tokenizers() -> str:
    """Splits two words with a table of its own, and puts them together again."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["the", "mug"]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, "the"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    ids = tokenizer.encode(" ".join(words)).ids
    if ids != [0, 1] or tokenizer.decode(ids) != "the mug":
        raise ArithmeticError(f"two words came back as {ids}")
    return "two words split and put together"


def rates() -> str:
    """Measures how fast this machine copies memory and multiplies, as `molmo-act plan` takes it."""
    return str(measure_here())


def _bitsandbytes(kind: str, close: float, options: dict[str, Any]) -> str:
    import bitsandbytes
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.float16 if device == "cuda" else torch.bfloat16
    left, right = _matrices()
    layer = getattr(bitsandbytes.nn, kind)(SIDE, SIDE, bias=False, **options)
    layer.load_state_dict({"weight": torch.from_numpy(right.T.copy()).to(dtype)}, strict=False)
    layer = layer.to(device)
    with torch.inference_mode():
        found = layer(torch.from_numpy(left).to(device, dtype)).float().cpu().numpy()
    worst = _compare(found, left @ right, close)
    return f"{kind} of {SIDE} × {SIDE} on {device} within {worst:.0e}"


def _cuda() -> tuple[Any, Any]:
    import torch

    if torch.version.cuda is None:
        raise AbsentError("this torch is built without CUDA")
    if not torch.cuda.is_available():
        raise AbsentError("no CUDA device")
    return torch, torch.device("cuda", 0)


def _matrices() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((2, SIDE, SIDE)).astype(np.float32)
    return left, right


def _compare(found: np.ndarray, expected: np.ndarray, close: float) -> float:
    """The largest difference, as a share of the largest number.

    Raises:
        ArithmeticError: It is more than it may be, or not a number.
    """
    worst = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not worst <= close:
        raise ArithmeticError(f"the result differs from numpy's by {worst:.2g} of its largest number")
    return worst


def _matmul_graph() -> bytes:
    """An ONNX model of one product, for a runtime without the package onnx: opset 13, IR version 8.

    Protocol buffers by hand: a field is its number and kind in one byte, then its length and its bytes.
    """

    def field(number: int, value: bytes | int) -> bytes:
        if isinstance(value, int):
            return bytes([number << 3, value])
        size, head = len(value), bytearray()
        while True:
            size, low = size >> 7, size & 0x7F
            head.append(low | (0x80 if size else 0))
            if not size:
                return bytes([number << 3 | 2]) + bytes(head) + value

    def matrix(name: bytes) -> bytes:
        side = bytes([1 << 3]) + bytes([SIDE & 0x7F | 0x80, SIDE >> 7])
        shape = field(1, side) * 2
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))

    node = field(1, b"left") + field(1, b"right") + field(2, b"product") + field(4, b"MatMul")
    graph = field(1, node) + field(2, b"check") + field(11, matrix(b"left")) + field(11, matrix(b"right"))
    graph += field(12, matrix(b"product"))
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))
