"""Opens what propagates masks by its name."""

from __future__ import annotations

import os

from molmo_act.errors import InputError
from molmo_act.segmentation.propagator import PROPAGATORS, MaskPropagator, StreamingPropagator
from molmo_act.segmentation.streams import TrackMasks
from molmo_act.validation import check_choice, check_path, wrong


def open_propagator(
    propagator: str | MaskPropagator,
    *,
    weights: str | os.PathLike[str] | None = None,
    device: str = "cpu",
) -> MaskPropagator:
    """Opens a propagator by its name.

    Args:
        propagator: One of `PROPAGATORS`; or a propagator, which is given back.
        weights: Folder or hub name of the weights of a model; None for the usual ones.
        device: Where a model is to run.

    Returns:
        The propagator.

    Raises:
        CheckpointError: The weights cannot be loaded.
        InputError: There is no such propagator, or weights were given to one that has none.
        MissingExtraError: OpenCV is not installed, which GrabCut needs.
        PlatformError: The weights need a package that is not installed.
    """
    if not isinstance(propagator, str):
        if not callable(propagator):
            raise wrong("propagator", propagator, f"one of {', '.join(PROPAGATORS)}, or a MaskPropagator")
        if weights is not None:
            raise InputError("weights were given with a propagator that is loaded; leave them out.")
        return propagator
    check_choice("propagator", propagator, PROPAGATORS)
    check_path("weights", weights, none="for the usual ones")
    if propagator == "grabcut":
        if weights is not None:
            raise InputError("weights were given to 'grabcut', which has none; leave them out.")
        from molmo_act.segmentation.grabcut import GrabCut

        return GrabCut()
    from molmo_act.segmentation.sam2 import EdgeTamPropagator, Sam2Propagator

    kind = Sam2Propagator if propagator == "sam2" else EdgeTamPropagator
    return kind.from_pretrained(weights, device=device)


def open_stream(propagator: str | StreamingPropagator, device: str = "cpu") -> TrackMasks:
    """Opens what gives the tracks of a stream their masks.

    Args:
        propagator: See `open_propagator`.
        device: See `open_propagator`.

    Returns:
        It, ready for the first frame.

    Raises:
        CheckpointError: See `open_propagator`, as are the others.
        InputError: It takes no streams, or see `open_propagator`.
        MissingExtraError: See `open_propagator`.
        PlatformError: See `open_propagator`.
    """
    opened = open_propagator(propagator, device=device)
    if not isinstance(opened, StreamingPropagator):
        raise wrong("masks", propagator, "a propagator with the method stream(), which begins a stream")
    return TrackMasks(opened.stream())
