"""Chooses execution providers of ONNX Runtime: those asked for, or the best that prove themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Literal, TypeAlias

from molmo_act._optional import lazy_import
from molmo_act.errors import InputError, PlatformError
from molmo_act.validation import wrong

logger = logging.getLogger(__name__)

Providers: TypeAlias = 'Sequence[str] | Literal["auto"]'
"""Names of execution providers, the preferred one first; "auto" for the best that work here."""
CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
PACKAGES = ("onnxruntime", "tokenizers")
"""What exported models run on beside NumPy and Pillow."""
PREFERRED = (TENSORRT, CUDA)
"""What "auto" tries before the CPU. TensorRT builds an engine for each shape, so only graphs whose shapes
stay the same take it."""
_AUTO = ("auto", ["auto"], ("auto",))
_PACKAGES = {
    CUDA: "onnxruntime-gpu",
    TENSORRT: "onnxruntime-gpu",
    "DmlExecutionProvider": "onnxruntime-directml",
}
_DEVICE = f"device is chosen by providers. Leave {{name}} out, or give providers, such as [{CUDA!r}]"
_PRECISION = (
    "precision was chosen when it was exported. Leave {name} out, or export it with another --precision"
)
_CHECKPOINT = (
    "checkpoint was read when it was exported. Leave {name} out, or give it when a checkpoint is loaded"
)
_INSTEAD = {
    **{"device": _DEVICE, "device_map": _DEVICE, "dtype": _PRECISION, "quantization": _PRECISION},
    **{"revision": _CHECKPOINT, "max_drift_px": _CHECKPOINT},
}

onnxruntime: Any = lazy_import("onnxruntime", extra="onnx", purpose="running an exported model")


def check_packages() -> None:
    """Refuses a machine that lacks what exported models run on.

    Raises:
        PlatformError: ONNX Runtime or tokenizers is not installed; an extra would bring torch along.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise PlatformError(
            f"Running an exported model needs {' and '.join(map(repr, missing))}, not installed here. "
            f"Install with: pip install {' '.join(missing)} (onnxruntime-gpu in place of onnxruntime for "
            "CUDA)."
        )


def check_providers(wanted: object) -> tuple[str, ...]:
    """Checks providers that were asked for.

    Args:
        wanted: What a caller gave as ``providers``; None and "auto" ask for the best that work.

    Returns:
        Their names, the CPU last; none for the best that work.

    Raises:
        InputError: It is no list of names.
        PlatformError: One is not part of the ONNX Runtime that is installed.
    """
    if wanted is None or (isinstance(wanted, (str, list, tuple)) and wanted in _AUTO):
        return ()
    expected = f"a list of execution providers such as [{CUDA!r}], or 'auto' alone for the best that work"
    if isinstance(wanted, str) or not isinstance(wanted, Sequence) or not wanted:
        raise wrong("providers", wanted, expected)
    if not all(isinstance(name, str) and name not in ("", "auto") for name in wanted):
        raise wrong("providers", wanted, expected)
    there = onnxruntime.get_available_providers()
    missing = [name for name in wanted if name not in there]
    if missing:
        package = _PACKAGES.get(missing[0], "a build of ONNX Runtime that has it")
        install = (
            f"Install it with: pip install {package}" if missing[0] in _PACKAGES else f"Install {package}"
        )
        raise PlatformError(
            f"{missing[0]} was asked for, but the ONNX Runtime that is installed has {', '.join(there)}. "
            f"{install} (in place of onnxruntime), or give providers=[{CPU!r}]."
        )
    names = [*wanted]
    if TENSORRT in names and CUDA in there:  # which runs the graphs that TensorRT does not get
        names.insert(names.index(TENSORRT) + 1, CUDA)
    return tuple(dict.fromkeys((*names, CPU)))


def choose_providers(wanted: tuple[str, ...], prove: Callable[[str], str | None]) -> tuple[str, ...]:
    """Chooses the providers that a model runs on.

    Args:
        wanted: Of `check_providers`.
        prove: Runs a graph on a provider; says what went wrong, or None.

    Returns:
        Names of providers that work here, the CPU last.

    Raises:
        PlatformError: One that was asked for does not work here.
    """
    there = onnxruntime.get_available_providers()
    working = []
    for name in wanted or [name for name in PREFERRED if name in there]:
        reason = None if name == CPU else prove(name)
        if reason is None:
            working.append(name)
        elif wanted:
            raise PlatformError(
                f"{name} was asked for, but does not work here: {reason}. Install the libraries that it "
                f"needs, or give providers=[{CPU!r}]."
            )
        else:
            logger.warning("%s does not work here and is not used: %s.", name, reason)
    return tuple(dict.fromkeys((*working, CPU)))


def first_line(error: BaseException) -> str:
    """The first line of what an error says, shortened."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".")


def refuse_device_options(options: Mapping[str, object]) -> None:
    """Refuses options of `load` that only checkpoints of torch have.

    Args:
        options: What was given, by name; None for what was not.

    Raises:
        InputError: One was given.
    """
    for name, value in options.items():
        if value is not None:
            instead = _INSTEAD[name].format(name=name)
            raise InputError(f"{name}={value!r} was given with an exported model, whose {instead}.")
