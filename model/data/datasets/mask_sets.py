"""Opens sets of images with masks: your own, in COCO's format, and videos with referring expressions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model.data.datasets.coco_masks import CocoMasks
from model.data.datasets.expression_masks import ExpressionMasks
from model.data.datasets.mask_set import MaskRow, MaskSet
from model.data.datasets.own_masks import LinesOfMasks
from model.data.datasets.segmentations import to_mask
from molmo_act.errors import InputError

__all__ = ["EXPRESSIONS", "MASKS", "MaskRow", "MaskSet", "open_mask_set", "to_mask"]

MASKS, EXPRESSIONS = "masks.jsonl", "meta_expressions.json"


def open_mask_set(folder: Path, name: str | None = None) -> MaskSet:
    """Opens the set of masks of a folder.

    Args:
        folder: Holds masks.jsonl, meta_expressions.json, or one JSON file in COCO's format.
        name: Which of its files, where there are several.

    Returns:
        The set.

    Raises:
        InputError: There is none, or several; or it cannot be used.
    """
    known = {MASKS: LinesOfMasks, EXPRESSIONS: ExpressionMasks}
    if name is None:
        found = [each for each in known if (folder / each).is_file()]
        found = found or sorted(path.name for path in folder.glob("*.json") if path.name != "mask_dict.json")
        if len(found) != 1:
            listed = ", ".join(found) or "none"
            raise InputError(
                f"{folder} lists masks in {listed}; expected one of {MASKS}, {EXPRESSIONS}, or a JSON file "
                "in COCO's format. Where there are several, name one with --masks."
            )
        [name] = found
    elif Path(name).name != name:
        raise InputError(f"--masks is {name!r}; expected the name of a file in {folder}, without folders.")
    kind: Callable[[Path], MaskSet] = known.get(name, CocoMasks)
    return kind(folder / name)
