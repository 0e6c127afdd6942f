"""Backgrounds of scenes: plain, gradient, texture, boards, tiles, a table, photographs.

All functions return uint8 (height, width, 3) RGB and draw only from the generator that they are given.
Textures are made once per process from a fixed seed and then only cropped, stretched and coloured, which is
fast.
"""

from __future__ import annotations

import functools

import numpy as np

from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

_BANK_SIDE = 640


def _normalised(field: np.ndarray) -> np.ndarray:
    low, high = np.percentile(field, (1, 99))
    return np.clip((field - low) / (high - low) * 255, 0, 255).astype(np.uint8)


def _power_noise(rng: np.random.Generator, exponent: float, stretch: float = 1.0) -> np.ndarray:
    """Noise whose spectrum falls like frequency^-exponent, as in photographs; tiles seamlessly."""
    fy = np.fft.fftfreq(_BANK_SIDE)[:, None] * stretch
    fx = np.fft.rfftfreq(_BANK_SIDE)[None, :]
    radius = np.hypot(fy, fx)
    radius[0, 0] = 1.0
    phase = rng.random(radius.shape) * 2j * np.pi
    return np.fft.irfft2(np.exp(phase) * radius**-exponent, s=(_BANK_SIDE, _BANK_SIDE))


@functools.cache
def texture_bank() -> tuple[np.ndarray, ...]:
    """Makes the grey textures, once: clouds, stone, fabric-like grain and wood grain.

    Returns:
        uint8 (640, 640) each.
    """
    rng = np.random.default_rng(0x7E77)
    clouds = [_normalised(_power_noise(rng, exponent)) for exponent in (1.0, 1.4, 1.8, 2.2)]
    grain = [_normalised(_power_noise(rng, 1.3, stretch)) for stretch in (0.06, 0.12)]
    rings = [
        _normalised(np.sin(_power_noise(rng, 2.0, stretch) * scale))
        for stretch, scale in ((0.05, 900), (0.1, 500))
    ]
    speckle = _normalised(cv2.GaussianBlur(rng.standard_normal((_BANK_SIDE, _BANK_SIDE)), (0, 0), 1.2))
    return (*clouds, *grain, *rings, speckle)


@functools.cache
def noise_bank() -> np.ndarray:
    """Makes Gaussian noise to be cropped and scaled, once.

    Returns:
        uint8 (768, 768, 3), standard deviation 32 around 128.
    """
    noise = np.random.default_rng(0x5EED).standard_normal((768, 768, 3)) * 32 + 128
    return np.clip(noise, 0, 255).astype(np.uint8)


def _colour(rng: np.random.Generator) -> np.ndarray:
    """A random RGB colour, float (3,); mostly muted, as walls and tables are."""
    value = rng.uniform(30, 250)
    tint = rng.normal(0, 1, 3) * (12 if rng.random() < 0.6 else 45)
    return np.clip(value + tint, 0, 255)


def _two_colours(rng: np.random.Generator, contrast: float) -> tuple[np.ndarray, np.ndarray]:
    one = _colour(rng)
    return one, np.clip(one + rng.uniform(-contrast, contrast) + rng.normal(0, contrast / 6, 3), 0, 255)


def _between(grey: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Colours a uint8 grey field (H, W): 0 becomes `one`, 255 becomes `two`."""
    ramp = np.linspace(0, 1, 256)[:, None]
    table = np.round(one + (two - one) * ramp).astype(np.uint8)
    return cv2.applyColorMap(grey, table[:, None, ::1])


def _crop(rng: np.random.Generator, texture: np.ndarray, width: int, height: int) -> np.ndarray:
    """A random piece of a texture or photograph, flipped and scaled at random, to the size asked for."""
    rows, columns = texture.shape[:2]
    fit = min(rows / height, columns / width)
    zoom = fit * rng.uniform(0.35, 1.0)
    h, w = max(8, int(height * zoom)), max(8, int(width * zoom))
    y, x = int(rng.integers(0, rows - h + 1)), int(rng.integers(0, columns - w + 1))
    piece = texture[y : y + h, x : x + w]
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    method = cv2.INTER_LINEAR if zoom < 1.6 else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(piece), (width, height), interpolation=method)


def plain(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """One colour; white or nearly so more often than any other."""
    colour = np.full(3, rng.uniform(235, 255)) if rng.random() < 0.35 else _colour(rng)
    return np.full((height, width, 3), np.round(colour), np.uint8)


def gradient(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A straight or round blend of two colours."""
    if rng.random() < 0.6:
        angle = rng.uniform(0, 2 * np.pi)
        x = np.linspace(-1, 1, width, dtype=np.float32)[None] * np.cos(angle)
        field = x + np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.sin(angle)
    else:
        cx, cy = rng.uniform(-0.7, 0.7, 2)
        x = (np.linspace(-1, 1, width, dtype=np.float32)[None] - cx) ** 2
        field = np.sqrt(x + (np.linspace(-1, 1, height, dtype=np.float32)[:, None] - cy) ** 2)
    low, high = float(field.min()), float(field.max())
    grey = ((field - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)
    return _between(grey, *_two_colours(rng, 110))


def texture(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A coloured piece of one texture."""
    bank = texture_bank()
    return _between(_crop(rng, bank[int(rng.integers(len(bank)))], width, height), *_two_colours(rng, 90))


def photo_like(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Draws clouds in each colour channel: the statistics of a blurred photograph without objects."""
    bank = texture_bank()
    shared = _crop(rng, bank[int(rng.integers(1, 4))], width, height)
    own = _between(_crop(rng, bank[3], width, height), *_two_colours(rng, 150))
    return cv2.addWeighted(own, 0.65, cv2.cvtColor(shared, cv2.COLOR_GRAY2RGB), 0.35, 0)


def boards(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Wooden boards with dark joints, upright or lying."""
    bank = texture_bank()
    along, across = (width, height) if rng.random() < 0.6 else (height, width)
    dark = np.array([rng.uniform(60, 150), rng.uniform(40, 100), rng.uniform(20, 70)])
    light = np.minimum(dark + rng.uniform(20, 90) + np.array([20, 8, 0]), 255)
    image = np.ascontiguousarray(
        _between(_crop(rng, bank[int(rng.integers(4, 8))].T, along, across), dark, light)
    )
    board = int(rng.integers(28, 90))
    for y in range(int(rng.integers(0, board)), across, board):
        cv2.line(image, (0, y), (along, y), (dark * 0.55).tolist(), int(rng.integers(1, 3)))
    return image if (along, across) == (width, height) else np.ascontiguousarray(image.transpose(1, 0, 2))


def tiles(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Square tiles: a chequerboard or one colour with joints."""
    side = int(rng.integers(22, 80))
    one, two = _two_colours(rng, 45)
    off_x, off_y = rng.integers(0, 2 * side, 2)
    x = (np.arange(width) + off_x) // side % 2
    y = (np.arange(height) + off_y) // side % 2
    chequered = rng.random() < 0.5
    grey = (
        ((x[None] ^ y[:, None]) * 255).astype(np.uint8) if chequered else np.zeros((height, width), np.uint8)
    )
    image = np.ascontiguousarray(_between(grey, one, two))
    if not chequered:
        joint = np.round(two).astype(np.uint8)
        image[:, (np.arange(width) + off_x) % side < 2] = joint
        image[(np.arange(height) + off_y) % side < 2] = joint
    return image


def table(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A wall above a table or floor."""
    kinds = (plain, gradient, texture)
    wall = kinds[int(rng.integers(3))](rng, width, height)
    ground = (boards, tiles, texture)[int(rng.integers(3))](rng, width, height)
    edge = int(height * rng.uniform(0.2, 0.6))
    image = np.ascontiguousarray(wall)
    image[edge:] = ground[edge:]
    if rng.random() < 0.5:
        cv2.line(image, (0, edge), (width, edge), (ground[edge, 0] * 0.5).tolist(), int(rng.integers(1, 5)))
    return image


def photo(rng: np.random.Generator, width: int, height: int, photos: np.ndarray) -> np.ndarray:
    """Cuts a piece out of a photograph, sometimes out of focus.

    Args:
        rng: Source of all randomness.
        width: Pixels.
        height: Pixels.
        photos: uint8 (M, H, W, 3) RGB, M at least 1.

    Returns:
        uint8 (height, width, 3) RGB.
    """
    image = _crop(rng, photos[int(rng.integers(len(photos)))], width, height)
    if rng.random() < 0.4:
        image = cv2.blur(image, (5, 5))
    return cv2.convertScaleAbs(image, alpha=float(rng.uniform(0.6, 1.15)), beta=float(rng.uniform(0, 30)))


_KINDS = (plain, gradient, texture, photo_like, boards, tiles, table)
_CUMULATIVE = np.cumsum((0.2, 0.16, 0.16, 0.16, 0.1, 0.08, 0.14))


def background(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Draws a random background.

    Args:
        rng: Source of all randomness.
        width: Pixels.
        height: Pixels.

    Returns:
        uint8 (height, width, 3) RGB, writable and contiguous.
    """
    kind = _KINDS[min(int(np.searchsorted(_CUMULATIVE, rng.random())), len(_KINDS) - 1)]
    return np.ascontiguousarray(kind(rng, width, height))
