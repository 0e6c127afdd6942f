"""What the icon network learns: crops of icons, of letters, and of the shapes on screens."""

from __future__ import annotations

import numpy as np

from model.data.random_blocks import RandomBlocks
from model.data.screens import icon_crops
from model.data.screens.icon_crops import icon_scene, letter_scene, screen_crops


def disc():
    rows, columns = np.mgrid[:72, :72]
    return (255 * (np.hypot(rows - 36, columns - 36) < 30)).astype(np.uint8)


def test_an_icon_fills_its_crop_and_equal_choices_give_equal_crops():
    middles, corners = [], []
    for seed in range(60):
        scene = icon_scene(disc(), RandomBlocks(np.random.default_rng(seed)))
        again = icon_scene(disc(), RandomBlocks(np.random.default_rng(seed)))
        np.testing.assert_array_equal(scene.image, again.image)
        crop = scene.crop()
        assert crop.shape == (32, 32)
        middles.append(crop[14:18, 14:18].mean())
        corners.append(crop[:2, :2].mean())
    assert np.mean(middles) > 0.8
    assert np.mean(corners) < 0.15


def test_letters():
    scenes = [letter_scene(RandomBlocks(np.random.default_rng(seed))) for seed in range(20)]
    assert all(scene.crop().max() > 0.5 for scene in scenes)


def test_shapes_of_a_screen_are_named_where_an_icon_is(monkeypatch):
    class Screen:
        rand = RandomBlocks(np.random.default_rng(0))

        def pixels(self):
            image = np.full((120, 200, 3), 255, np.uint8)
            image[20:40, 30:50] = 0
            image[70:90, 130:150] = 0
            return image

        def shown(self):
            from model.data.screens.elements import Element, ScreenContent

            icon = Element("icon", "stop", (28.0, 18.0, 52.0, 42.0))
            return ScreenContent((icon, Element("button", "Save", (0.0, 0.0, 9.0, 9.0))), (), frozenset())

    monkeypatch.setattr(icon_crops, "compose_screen", lambda *args: Screen())
    monkeypatch.setattr(icon_crops, "photograph", lambda pixels, rand: pixels)
    rows = screen_crops(np.random.default_rng(0))
    assert [concept for _, concept in rows].count("stop") == 1
    assert {concept for _, concept in rows} == {"stop", None}
