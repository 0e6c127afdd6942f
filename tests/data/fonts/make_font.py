"""Makes hanzi.ttf, a font of three characters for tests, by fonttools: `make_font.py DejaVuSans.ttf`.

Its glyphs are A, B and C of DejaVu Sans (molmo_act/fonts/LICENSE.txt), under the codes of 紅, 杯 and 子.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

GLYPHS = {"紅": "A", "杯": "B", "子": "C"}

if __name__ == "__main__":
    font = TTFont(sys.argv[1])
    chooser = subset.Subsetter(subset.Options(hinting=False, layout_features=[], notdef_outline=True))
    chooser.populate(text="ABC")
    chooser.subset(font)
    for table in font["cmap"].tables:
        table.cmap = {ord(code): name for code, name in GLYPHS.items()}
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = "Hanzi of molmo_act tests"
    font.save(Path(__file__).with_name("hanzi.ttf"))
