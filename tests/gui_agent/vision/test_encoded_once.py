"""Each image is read once, where a model can do that."""

from __future__ import annotations

from PIL import Image

from gui_agent.vision.encoded_once import KEPT, EncodedOnce
from molmo_act.errors import InputError
from molmo_act.outputs.points import Points


class Encoder:
    def __init__(self, writes_text: bool = False) -> None:
        self.encoded, self.asked, self._writes_text = 0, [], writes_text

    def encode(self, image):
        if self._writes_text:
            raise InputError("it writes coordinates as text")
        self.encoded += 1
        return image.size

    def point(self, image, query):
        self.asked.append(image)
        return Points(xy=[], score=[], image_size=[(8, 8)], query=query)


def test_the_last_images_are_kept() -> None:
    model = Encoder()
    once = EncodedOnce(model)
    images = [Image.new("RGB", (8 + n, 8)) for n in range(KEPT + 1)]
    for query in ("one", "two"):
        once.point(images[0], query)
    assert (model.encoded, model.asked) == (1, [(8, 8)] * 2)
    for image in images:
        once.point(image, "it")
    assert model.encoded == KEPT + 1
    once.point(images[-1], "it")
    once.point(images[0], "it")  # forgotten
    assert model.encoded == KEPT + 2


def test_a_model_that_cannot_share_reads_the_image_with_each_query() -> None:
    model, image = Encoder(writes_text=True), Image.new("RGB", (8, 8))
    once = EncodedOnce(model)
    assert [once.point(image, query).query for query in ("one", "two")] == ["one", "two"]
    assert model.asked == [image, image]
