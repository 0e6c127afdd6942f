"""RapidOcrReader: reads whole screens with the networks of rapidocr, and anew only what has changed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from molmo_act.reading.atlas import packed
from molmo_act.reading.detection import TextBox, find_boxes
from molmo_act.reading.names import SCRIPTS
from molmo_act.reading.networks import TextNetworks
from molmo_act.reading.recognition import Characters, batches, crops_of, read_batch, to_line
from molmo_act.reading.regions import (
    CELL,
    cell_range,
    cells_of,
    changed_cells,
    content_cells,
    grown,
    rectangles,
)
from molmo_act.reading.seams import joined_at_seams
from molmo_act.reading.signs import TAKEN_FOR, as_line, lonely_marks, sign_at
from molmo_act.reading.text import Box, ReadText, TextLine, overlap

LARGEST = 10_000_000
"""Pixels of an image above which it is first read at a smaller scale: 4K is read at its own, 8K is not."""
SMALL = 15
"""Height in pixels of a box below which text counts as small; its letters are half as high."""
UNSURE = 0.8
"""Confidence below which a line is read again at twice the size."""
TWICE = 2.0
MIN_CONFIDENCE = 0.5
"""Lines of a lower mean confidence are no text, as PP-OCR was released."""
_LEFT_OVER = 96, 48  # most width and height in pixels of what may be text that the first scale overlooked
_SECOND_AREA = 0.1  # most of the image's area that is looked at again
_REMEMBERED = 4096  # lines
_SIGN_HEIGHT = 18  # pixels around a single character, as high as a line is cut out
_LOWEST_CHARACTER = 6  # pixels
_ROW = 16  # pixels by which the tops of lines in one row may differ


class RapidOcrReader:
    """A `TextReader` with the networks that the package rapidocr carries (PP-OCRv6), on the CPU.

    It looks only where something is to be seen, reads lines in batches of one width, and looks again at twice
    the size only where text is small or unsure. Of a frame of the size of the last one it reads what has
    changed.

    Args:
        networks: The networks; None for those of the installed rapidocr.

    Raises:
        MissingExtraError: The extra `ocr` is not installed.
        PlatformError: The installed rapidocr carries other networks.

    Example:
        >>> reader = RapidOcrReader()  # doctest: +SKIP
        >>> print(reader.read(screenshot).text)  # doctest: +SKIP
        File Edit View
    """

    name = "rapidocr"
    scripts = SCRIPTS[name]

    def __init__(self, networks: TextNetworks | None = None) -> None:
        self.networks = networks or TextNetworks.of_rapidocr()
        self._last: tuple[np.ndarray, ReadText] | None = None
        self._known: OrderedDict[bytes, Characters] = OrderedDict()

    def forget(self) -> None:
        """Drops the last frame and every line that was read, so that the next image is read whole."""
        self._last = None
        self._known.clear()

    def read(self, image: np.ndarray, *, timeout: float | None = None) -> ReadText:
        """Reads everything written in an image.

        Args:
            image: uint8 (H, W, 3), RGB.
            timeout: Seconds after which it begins no further part; what was read by then is returned, and
                `ReadText.truncated` is set.

        Returns:
            The lines, in pixels of the image.
        """
        until = None if timeout is None else time.monotonic() + timeout
        size = image.shape[1], image.shape[0]
        kept: Sequence[TextLine] = ()
        if self._last is not None and self._last[0].shape == image.shape:
            dirty, kept = self._stale(image, *self._last)
            if not dirty.any():
                return self._last[1]
            content = _content_within(image, dirty)
        else:
            content = content_cells(image)
        lines, truncated = self._read_cells(image, content, until)
        ordered = sorted([*kept, *lines], key=lambda line: (round(line.box[1] / _ROW), line.box[0]))
        text = ReadText(tuple(ordered), size, truncated)
        self._last = None if truncated else (image.copy(), text)
        return text

    @staticmethod
    def _stale(
        image: np.ndarray, before: np.ndarray, text: ReadText
    ) -> tuple[np.ndarray, Sequence[TextLine]]:
        """Which cells are to be read anew, and which lines stand in none of them."""
        dirty = changed_cells(image, before)
        if not dirty.any():
            return dirty, text.lines
        dirty = grown(dirty)
        kept = list(text.lines)
        while True:  # a line that lost a part is read whole, and what shares a cell with it, too
            touched = [line for line in kept if dirty[cell_range(line.box)].any()]
            if not touched:
                return dirty, kept
            dirty |= grown(cells_of([line.box for line in touched], (dirty.shape[0], dirty.shape[1])))
            kept = [line for line in kept if line not in touched]

    def _read_cells(
        self, image: np.ndarray, cells: np.ndarray, until: float | None
    ) -> tuple[list[TextLine], bool]:
        """Reads what lies in some cells at one scale, and again where that was too coarse."""
        height, width = image.shape[:2]
        scale = min(1.0, (LARGEST / (width * height)) ** 0.5)
        lines, whole = self._pass(image, rectangles(cells, (width, height)), scale, until)
        again = self._second_look(lines, cells, (width, height), scale)
        finer, also_whole = self._pass(image, again, min(TWICE * scale, TWICE), until)
        lines = _better(lines, finer)
        if scale == 1 and whole and also_whole:
            lines = [*(_as_sign(image, line) for line in lines), *self._signs(image, cells, lines)]
        return lines, not (whole and also_whole)

    def _signs(self, image: np.ndarray, cells: np.ndarray, lines: Sequence[TextLine]) -> list[TextLine]:
        """Signs and single characters that gave no line."""
        found, unknown = [], []
        for box in lonely_marks(image, cells, lines):
            if sign := sign_at(image, box):
                found.append(as_line(sign, box))
            elif box[3] - box[1] >= _LOWEST_CHARACTER:
                unknown.append(box)
        crops = [_around(image, box) for box in unknown]
        for box, characters in zip(unknown, self._recognize(crops, None)[0], strict=True):
            if characters is None or characters.mean_confidence < UNSURE:
                continue
            if len(characters.text) == 1 and characters.text.isascii():
                found.append(as_line(characters.text, box, characters.mean_confidence))
        return found

    def _pass(
        self, image: np.ndarray, parts: Iterable[Box], scale: float, until: float | None
    ) -> tuple[list[TextLine], bool]:
        """Reads rectangles of an image at one scale; False where the time was up."""
        boxes: list[TextBox] = []
        for canvas in packed(parts, scale):
            if _late(until):
                return [], False
            boxes += find_boxes(self.networks.detect, image, canvas)
        boxes = joined_at_seams(boxes)
        cuts = [(number, *cut) for number, box in enumerate(boxes) for cut in crops_of(image, box)]
        read, whole = self._recognize([pixels for _, pixels, _ in cuts], until)
        best: dict[int, tuple[Characters, bool]] = {}
        for (number, _, turned), characters in zip(cuts, read, strict=True):
            least = best[number][0].mean_confidence if number in best else MIN_CONFIDENCE
            if characters is not None and characters.mean_confidence >= least:
                best[number] = characters, turned
        lines = (to_line(characters, boxes[number], turned) for number, (characters, turned) in best.items())
        return [line for line in lines if line is not None], whole

    def _recognize(
        self, crops: Sequence[np.ndarray], until: float | None
    ) -> tuple[list[Characters | None], bool]:
        """Reads the crops that were not read before; None for those that time was not left for."""
        keys = [_fingerprint(one) for one in crops]
        new = [number for number, key in enumerate(keys) if key not in self._known]
        found: dict[bytes, Characters] = {key: self._known[key] for key in keys if key in self._known}
        whole = True
        for group, _ in batches([crops[number] for number in new]):
            if _late(until):
                whole = False
                break
            numbers = [new[member] for member in group]
            read = read_batch(
                self.networks.recognize, self.networks.alphabet, [crops[number] for number in numbers]
            )
            found |= {keys[number]: characters for number, characters in zip(numbers, read, strict=True)}
        for key, characters in found.items():
            self._known[key] = characters
            self._known.move_to_end(key)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return [found.get(key) for key in keys], whole

    @staticmethod
    def _second_look(
        lines: Sequence[TextLine], cells: np.ndarray, size: tuple[int, int], scale: float
    ) -> list[Box]:
        """Rectangles to be looked at again: small and unsure lines, and small things that gave no line."""
        shape = cells.shape[0], cells.shape[1]
        small = [line.box for line in lines if _height(line.box) * scale < SMALL or line.confidence < UNSURE]
        left = cells & ~grown(cells_of([line.box for line in lines], shape))
        loose = [
            box
            for box in rectangles(left, size)
            if box[2] - box[0] <= _LEFT_OVER[0] / scale and box[3] - box[1] <= _LEFT_OVER[1] / scale
        ]
        parts = rectangles(grown(cells_of([*small, *loose], shape)), size)
        parts.sort(key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
        budget = _SECOND_AREA * size[0] * size[1]
        chosen = []
        for box in parts:
            budget -= (box[2] - box[0]) * (box[3] - box[1])
            if budget < 0:
                break
            chosen.append(box)
        return chosen


def _content_within(image: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Which of some cells have content; only their rows are looked at."""
    rows = np.flatnonzero(cells.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    content = np.zeros_like(cells)
    content[top:bottom] = content_cells(image[top * CELL : bottom * CELL])
    found: np.ndarray = content & cells
    return found


def _better(lines: Sequence[TextLine], finer: Sequence[TextLine]) -> list[TextLine]:
    """Of lines at one place the ones of higher confidence, weighted by how much they read."""
    kept = list(lines)
    for line in finer:
        rivals = [other for other in kept if _same_place(line.box, other.box)]
        worth = sum(len(other.text) * other.confidence for other in rivals)
        if not rivals or len(line.text) * line.confidence > worth:
            kept = [other for other in kept if other not in rivals] + [line]
    return kept


def _same_place(first: Box, second: Box) -> bool:
    least = min((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return overlap(first, second) > 0.5 * least


def _as_sign(image: np.ndarray, line: TextLine) -> TextLine:
    """A line; the sign that its shape is where it is one character that readers take for it."""
    if len(line.text) > 1:
        return line
    sign = sign_at(image, line.box)
    return as_line(sign, line.box) if sign and line.text in TAKEN_FOR[sign] else line


def _around(image: np.ndarray, box: Box) -> np.ndarray:
    """A single character as a line of text is cut out."""
    middle = (box[1] + box[3]) / 2
    top, bottom = min(box[1] - 2, middle - _SIGN_HEIGHT / 2), max(box[3] + 2, middle + _SIGN_HEIGHT / 2)
    cut: np.ndarray = image[max(int(top), 0) : int(bottom), max(int(box[0]) - 4, 0) : int(box[2]) + 4]
    return cut


def _height(box: Box) -> float:
    return box[3] - box[1]


def _fingerprint(pixels: np.ndarray) -> bytes:
    digest = blake2b(np.ascontiguousarray(pixels).tobytes(), digest_size=16)
    digest.update(str(pixels.shape).encode())
    return digest.digest()


def _late(until: float | None) -> bool:
    return until is not None and time.monotonic() >= until
