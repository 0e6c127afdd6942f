"""One way to turn whatever a source gives into a message tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.data.encode import Tree, TreeEncoder
from model.data.encode_film import FilmEncoder
from model.data.sample import Film, Picture


@dataclass(frozen=True)
class Encoders:
    """The encoders of one model.

    Attributes:
        pictures, films: For each kind of sample.
        points, names: Most pointing branches, and most naming branches of a picture.
    """

    pictures: TreeEncoder
    films: FilmEncoder
    points: int = 64
    names: int = 0

    def __call__(self, sample: Picture | Film, rng: np.random.Generator) -> Tree:
        """The tree of a sample.

        Raises:
            InputError: It cannot be written in the form that is asked for.
        """
        if isinstance(sample, Film):
            return self.films.encode(sample, rng, self.points)
        return self.pictures.encode(sample, rng, self.points, self.names)
