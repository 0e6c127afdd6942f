"""The networks that the package rapidocr carries: where text is, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from molmo_act._optional import import_optional, missing_extra
from molmo_act.errors import PlatformError
from molmo_act.reading.detection import Network

EXTRA = "ocr"
_PURPOSE = "reading text in images"
DETECTION, RECOGNITION = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
"""Files of the networks in the folder `models` of rapidocr."""


@dataclass(frozen=True)
class TextNetworks:
    """The two networks of a reader.

    Attributes:
        detect: See `molmo_act.reading.detection.find_boxes`.
        recognize: See `molmo_act.reading.recognition.read_batch`.
        alphabet: What `recognize` can read; the first entry separates.
    """

    detect: Network
    recognize: Network
    alphabet: Sequence[str]

    @classmethod
    def of_rapidocr(cls) -> TextNetworks:
        """Loads the networks that the installed package rapidocr carries; nothing is downloaded.

        Returns:
            The networks, on the CPU.

        Raises:
            MissingExtraError: rapidocr, ONNX Runtime or OpenCV is not installed.
            PlatformError: rapidocr carries other networks, or they cannot be loaded.
        """
        detection, recognition = map(_session, find_networks())
        listed = recognition.get_modelmeta().custom_metadata_map.get("character")
        if listed is None:
            raise PlatformError(f"{RECOGNITION} does not list its characters. {_expected()}")
        return cls(_runner(detection), _runner(recognition), ("", *listed.splitlines(), " "))


def find_networks() -> tuple[Path, Path]:
    """Finds the files of the networks for detection and recognition, without loading them.

    Raises:
        MissingExtraError: rapidocr, ONNX Runtime or OpenCV is not installed.
        PlatformError: rapidocr carries other networks.
    """
    folder = _model_folder()
    for name in (DETECTION, RECOGNITION):
        if not (folder / name).is_file():
            raise PlatformError(f"The installed package rapidocr has no file models/{name}. {_expected()}")
    return folder / DETECTION, folder / RECOGNITION


def _model_folder() -> Path:
    import_optional("onnxruntime", extra=EXTRA, purpose=_PURPOSE)
    import_optional("cv2", extra=EXTRA, purpose=_PURPOSE)
    found = find_spec("rapidocr")  # not imported: it brings a logger of its own
    if found is None or not found.submodule_search_locations:
        raise missing_extra("rapidocr", EXTRA, _PURPOSE)
    return Path(next(iter(found.submodule_search_locations))) / "models"


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the model needs the cores, too
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has no common type for a file that it cannot read
        raise PlatformError(
            f"models/{path.name} of rapidocr cannot be loaded ({error}). {_expected()}"
        ) from error


def _expected() -> str:
    from molmo_act._install import install_command

    return f"Expected rapidocr 3.10, which carries it; install it with: {install_command(EXTRA)}."


def _runner(session: Any) -> Network:
    name = session.get_inputs()[0].name

    def run(pixels: np.ndarray) -> np.ndarray:
        found: np.ndarray = session.run(None, {name: pixels})[0]
        return found

    return run
