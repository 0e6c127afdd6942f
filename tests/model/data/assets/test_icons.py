"""Which drawings stand for which icons; no set is fetched here."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from model.data.assets import icons as icon_archive
from model.data.assets.names import icon_concepts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bell", ("bell", "regular")),  # no ending
        ("bell-fill", ("bell", "filled")),  # bootstrap
        ("bell-outline", ("bell", "outline")),  # mdi
        ("bell-20-solid", ("bell", "filled")),  # heroicons: the last ending counts
        ("folder-open", ("folder-open", "regular")),  # an ending that is no variant
    ],
)
def test_split_variant(name: str, expected: tuple[str, str]) -> None:
    base, variant = icon_archive.split_variant(name)
    assert (base.removesuffix("-20"), variant) == expected


def test_the_concept_itself_is_preferred_to_its_other_names() -> None:
    icons = {concept.filed[0]: f"<{concept.name}/>" for concept in icon_concepts().values()}
    icons |= {"trash-2": "<other/>", "unknown-thing": "<unknown/>"}
    chosen = icon_archive.choose_drawings(icons)
    assert chosen["regular", "trash"] == "<trash/>"
    assert set(chosen.values()).isdisjoint({"<other/>", "<unknown/>"})


def test_a_variant_with_few_icons_is_left_out() -> None:
    assert icon_archive.choose_drawings({"trash": "<a/>", "home": "<b/>"}) == {}


def test_no_set_is_in_both_splits_and_all_licences_are_open() -> None:
    licences, splits = zip(*icon_archive.ICON_SETS.values(), strict=True)
    assert set(licences) <= {"MIT", "ISC", "Apache-2.0"}
    assert set(splits) == {"train", "eval"}
    families = Counter(package.rsplit("@", 1)[0] for package in icon_archive.ICON_SETS)
    assert max(families.values()) == 1


def test_rasterise_gives_the_opacity() -> None:
    pytest.importorskip("resvg_py", reason="resvg-py draws SVG; install the extra train")
    mask = icon_archive.icon_mask('<path d="M0 0h12v24h-12z" fill="currentColor"/>', 24, 24)
    assert mask.shape == (icon_archive.MASK_SIZE,) * 2
    half = icon_archive.MASK_SIZE // 2
    assert (mask[:, : half - 1] == 255).all()
    assert (mask[:, half + 1 :] == 0).all()
    assert mask.dtype == np.uint8
