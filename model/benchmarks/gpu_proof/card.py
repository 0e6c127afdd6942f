"""The card: its name, its memory, and its roofline as this library measures it."""

from __future__ import annotations

import torch

from model._machine import machine_info
from model.benchmarks.gpu_proof.rows import Row, dtype_of, part_parser, roofline
from molmo_act.doctor.machine import bytes_per_second

GIB = 2**30


def main() -> None:
    """Command line."""
    args = part_parser(__doc__).parse_args()
    device, dtype = args.device, str(dtype_of(args)).removeprefix("torch.")
    Row("name", machine_info(device)["machine"]).print()
    Row("torch", f"{torch.__version__}, CUDA {torch.version.cuda or 'none'}").print()
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        capability = f"capability {properties.major}.{properties.minor}"
        Row("memory", f"{properties.total_memory / GIB:.1f} GiB", capability).print()
    Row("copies memory", f"{bytes_per_second(device) / 1e9:,.0f} GB/s", "roofline of decoding").print()
    Row(f"multiplies, {dtype}", f"{roofline(args) / 1e12:,.1f} TFLOP/s", "roofline of prefill").print()


if __name__ == "__main__":
    main()
