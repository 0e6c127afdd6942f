"""The command line of programs about a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.train._arguments import training_arguments


def test_changes_follow_the_folder_with_options_anywhere():
    parser = training_arguments("python -m model.train", "About.")
    args = parser.parse_intermixed_args(["sft", "runs/x", "steps=3", "--data", "/d", "language.rate=1e-3"])
    assert (args.recipe, args.run, args.data) == ("sft", Path("runs/x"), Path("/d"))
    assert args.changes == ["steps=3", "language.rate=1e-3"]


def test_an_unknown_recipe_is_refused_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        training_arguments("python -m model.train", None).parse_intermixed_args(["stf", "runs/x"])
    assert "tune_nano" in capsys.readouterr().err
