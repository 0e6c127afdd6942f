"""Glyphs of icon fonts: what their classes say they show."""

from __future__ import annotations

import pytest

from model.data.assets.names import icon_concepts
from model.data.paths import table_lines
from model.data.web.icon_fonts import read_glyph


@pytest.mark.parametrize(
    ("classes", "concept"),
    [
        ("fas fa-search fa-sm", "search"),
        ("fa fa-fw fa-trash-o", "trash"),  # an ending that tells drawings apart
        ("glyphicon glyphicon-cog", "settings"),  # what people say
        ("tim-icons icon-zoom-split", "search"),  # from the table
        ("bi-list", "menu"),
        ("fa fa-paw", None),  # no icon anybody asks for
        ("ti-server", None),  # drawn as databases are
    ],
)
def test_classes_name_a_concept(classes, concept):
    glyph = read_glyph(classes)
    assert glyph is not None
    assert glyph.concept == concept
    assert concept is None or concept in glyph.resembles


@pytest.mark.parametrize("classes", ["", "badge", "fa fa-fw", "icon"])
def test_other_classes_name_none(classes):
    assert read_glyph(classes) is None


def test_what_looks_alike_goes_both_ways():
    close, circle = read_glyph("fa-times-circle fa-close"), read_glyph("icon-cancel-circle")
    assert close is not None
    assert circle is not None
    assert "close" in circle.resembles
    assert read_glyph("fa-clone").resembles == {"copy", "clipboard"}


def test_the_table_speaks_of_known_concepts():
    for line in table_lines("font_icons.txt"):
        sign = " = " if " = " in line else " ~ "
        assert set(line.split(sign)[1].split(", ")) <= set(icon_concepts()), line
