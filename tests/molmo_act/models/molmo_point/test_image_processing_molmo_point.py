"""The image processor: every kind of input, its settings file, and batches."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from molmo_act.errors import CheckpointError, ImageError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo_point.image_processing_molmo_point import MolmoPointImageProcessor
from molmo_act.models.molmo_point.tiling import preprocess_image
from tests.support.synthetic import synthetic_image

TINY = Path(__file__).parents[3] / "data" / "molmo_point_tiny"


@pytest.fixture(scope="module")
def processor():
    return MolmoPointImageProcessor.from_pretrained(TINY)


@pytest.fixture
def image():
    return synthetic_image(11, 60, 90)


def test_settings_are_those_of_the_file(processor, image):
    geometry = Geometry(crop_size=112, patch_size=14, pooling=(2, 2), margins=(2, 2), max_crops=8)
    assert processor.geometry == geometry
    expected = preprocess_image(image, geometry)
    got = processor.preprocess(image)
    assert torch.equal(got.patches, expected.patches)
    assert torch.equal(got.subpatch_mapping, expected.subpatch_mapping)


def same_pixels(image: np.ndarray, tmp_path: Path) -> dict[str, object]:
    """The picture in every form that loses nothing."""
    path = tmp_path / "picture.png"
    Image.fromarray(image).save(path)
    turned = Image.fromarray(np.rot90(image).copy())
    exif = turned.getexif()
    exif[0x0112] = 6  # "turn me clockwise to see me upright"
    turned.save(tmp_path / "turned.png", exif=exif)
    opaque = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    return {
        "path": path,
        "str": str(path),
        "pil": Image.open(path),
        "tensor": torch.from_numpy(image),
        "tensor channels first": torch.from_numpy(image).permute(2, 0, 1),
        "float array": image.astype(np.float64) / 255,
        "uint16 array": image.astype(np.uint16) * 257,
        "opaque RGBA": Image.fromarray(opaque),
        "turned by EXIF": tmp_path / "turned.png",
    }


def test_every_lossless_form_of_a_picture_gives_the_same_patches(processor, image, tmp_path):
    expected = processor.preprocess(image)
    for form, given in same_pixels(image, tmp_path).items():
        got = processor.preprocess(given)
        assert torch.equal(got.patches, expected.patches), form
        assert got.image_size == (90, 60), form


@pytest.mark.parametrize(
    ("given", "rgb"),
    [
        (Image.new("L", (40, 30), 77), (77, 77, 77)),
        (Image.new("1", (40, 30), 1), (255, 255, 255)),
        (Image.new("RGB", (40, 30), (9, 99, 200)).quantize(4), (9, 99, 200)),  # palette
        (Image.new("I;16", (40, 30), 25700), (100, 100, 100)),  # 16-bit grey
        (Image.new("RGBA", (40, 30), (200, 0, 0, 0)), (255, 255, 255)),  # nothing but transparency: white
        (Image.new("RGBA", (40, 30), (200, 0, 0, 51)), (244, 204, 204)),  # a fifth of red on white
        (Image.new("LA", (40, 30), (0, 51)), (204, 204, 204)),
        (np.full((30, 40), 5, np.uint8), (5, 5, 5)),
        (np.full((30, 40, 1), 0.2), (51, 51, 51)),
        (torch.full((4, 30, 40), 255, dtype=torch.uint8), (255, 255, 255)),
    ],
    ids=["L", "1", "P", "I;16", "clear RGBA", "faint RGBA", "LA", "grey", "grey float", "RGBA tensor"],
)
def test_other_modes_become_defined_colours(processor, given, rgb):
    got = processor.preprocess(given)
    assert got.image_size == (40, 30)
    assert (got.patches.unflatten(-1, (-1, 3)) == torch.tensor(rgb)).all()


@pytest.mark.parametrize("size", [(1, 1), (3840, 2160), (2, 900)], ids=str)
def test_extreme_sizes(processor, size):
    got = processor.preprocess(Image.new("RGB", size, (1, 2, 3)))
    assert got.image_size == size
    assert 2 <= got.num_crops <= 9
    assert (got.patches.unflatten(-1, (-1, 3)) == torch.tensor([1, 2, 3])).all()


@pytest.mark.parametrize(
    "given",
    [
        np.full((4, 4, 3), np.nan),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        object(),
        "none.png",
    ],
    ids=["NaN", "empty", "two channels", "object", "missing file"],
)
def test_what_is_no_picture_is_refused(processor, given):
    with pytest.raises(ImageError):
        processor.preprocess(given)


def test_several_images_are_joined_with_ids_of_their_own(processor):
    first, second = synthetic_image(1, 60, 90), synthetic_image(2, 200, 300)
    got = processor([first, second])
    alone = [processor(image) for image in (first, second)]
    for key in processor.model_input_names:
        assert torch.equal(got[key], torch.cat([one[key] for one in alone])), key
    assert got["pixel_values"].dtype == torch.float32
    assert got["image_num_crops"].sum() == len(got["pixel_values"])
    assert isinstance(processor(first, return_tensors="np")["pixel_values"], np.ndarray)


def test_max_crops_is_a_setting_and_an_option(image):
    processor = MolmoPointImageProcessor.from_pretrained(TINY, max_crops=1)
    large = synthetic_image(1, 200, 300)
    assert processor.preprocess(large).num_crops == 2
    assert processor.preprocess(large, max_crops=6).num_crops == 7
    processor.max_crops = 4
    assert processor.preprocess(large).num_crops == 5


def test_file_round_trip(processor, tmp_path):
    processor.max_crops, before = 3, processor.max_crops
    try:
        (written,) = processor.save_pretrained(tmp_path / "new")
    finally:
        processor.max_crops = before
    released = json.loads((TINY / "preprocessor_config.json").read_text())
    for key in ("auto_map", "processor_class"):  # name python files that we do not write
        del released[key]
    assert json.loads(Path(written).read_text()) == {**released, "max_crops": 3}
    assert MolmoPointImageProcessor.from_pretrained(tmp_path / "new").max_crops == 3


def test_settings_inside_processor_config_are_read_too(processor, tmp_path):
    combined = {"image_processor": {**processor.to_dict(), "max_crops": 5}}
    (tmp_path / "processor_config.json").write_text(json.dumps(combined))
    assert MolmoPointImageProcessor.from_pretrained(tmp_path).max_crops == 5


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no file preprocessor_config\.json"):
        MolmoPointImageProcessor.from_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="There is no folder"):
        MolmoPointImageProcessor.from_pretrained(tmp_path / "nowhere")
    shutil.copy(TINY / "preprocessor_config.json", tmp_path)
    path = tmp_path / "preprocessor_config.json"
    path.write_text(path.read_text()[:40])
    with pytest.raises(CheckpointError, match="not valid JSON"):
        MolmoPointImageProcessor.from_pretrained(tmp_path)
    path.write_text("[]")
    with pytest.raises(CheckpointError, match="expected a JSON object"):
        MolmoPointImageProcessor.from_pretrained(tmp_path)
