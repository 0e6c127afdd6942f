"""Masks as a data set in COCO's format, which annotation tools, detectron2 and pycocotools read."""

from __future__ import annotations

from collections.abc import Sequence

from molmo_act.outputs.mask import Mask
from molmo_act.outputs.rows import words
from molmo_act.outputs.serialization import rounded


def to_coco(
    masks: Sequence[Mask], frames: int, image_size: tuple[int, int], file_names: Sequence[str] | None = None
) -> dict[str, object]:
    """Gives masks as a data set in COCO's format.

    Args:
        masks: The masks.
        frames: Number of frames, T.
        image_size: (width, height) of each in pixels.
        file_names: T names of the frames' images; None for ``00000.png`` and so on.

    Returns:
        ``images`` with ids from 1, ``categories`` (one for each query), and ``annotations``: run lengths,
        area, box, and `object_id` as ``track_id``. ``score`` is None where it is not known.

    Raises:
        InputError: There is not one name for each frame.
    """
    width, height = image_size
    numbered = [f"{frame:05}.png" for frame in range(frames)]
    names = words(numbered if file_names is None else file_names, frames, "file_names")
    queries = list(dict.fromkeys(mask.query or "object" for mask in masks))
    return {
        "images": [
            {"id": frame + 1, "file_name": name, "width": width, "height": height}
            for frame, name in enumerate(names)
        ],
        "categories": [{"id": number, "name": query} for number, query in enumerate(queries, 1)],
        "annotations": [
            {
                "id": number,
                "image_id": mask.frame_index + 1,
                "category_id": queries.index(mask.query or "object") + 1,
                "track_id": mask.object_id,
                "segmentation": {"size": [height, width], "counts": mask.counts},
                "area": mask.area,
                "bbox": list(mask.bbox),
                "iscrowd": 0,
                "score": rounded(mask.score),
            }
            for number, mask in enumerate(masks, 1)
        ],
    }
