"""One tree of errors, each of which is also the built-in error that a Python user would catch."""

from __future__ import annotations

import inspect
import pickle

import pytest

from molmo_act import errors
from molmo_act._install import install_command
from molmo_act.errors import MissingExtraError, MolmoActError


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("InputError", ValueError),
        ("ImageError", ValueError),
        ("QueryError", ValueError),
        ("CheckpointError", ValueError),
        ("MissingExtraError", ImportError),
        ("PlatformError", RuntimeError),
    ],
)
def test_every_error_is_of_the_tree_and_built_in(name, builtin):
    assert issubclass(getattr(errors, name), (MolmoActError, builtin))
    assert issubclass(getattr(errors, name), builtin)


def test_the_docstring_draws_the_whole_tree():
    classes = [value for value in vars(errors).values() if inspect.isclass(value)]
    assert all(issubclass(value, MolmoActError) for value in classes)
    assert all(value.__name__ in errors.__doc__ for value in classes)


def test_a_missing_package_says_what_to_type():
    error = MissingExtraError("av", "video", "reading video files")
    assert str(error) == (
        "reading video files needs the package 'av', which is not installed. "
        f"Install it with: {install_command('video')}"
    )
    assert (error.package, error.extra) == ("av", "video")


@pytest.mark.parametrize("name", [name for name, value in vars(errors).items() if inspect.isclass(value)])
def test_errors_pass_between_processes(name):
    kind = getattr(errors, name)
    error = kind("av", "video", "reading") if kind is MissingExtraError else kind("what to do")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)
