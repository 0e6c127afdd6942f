"""Commands say known errors in a line and leave the others alone."""

from __future__ import annotations

import errno

import pytest

from model._cli import add_model, command, make_parser, print_counts
from molmo_act.errors import InputError


def test_a_command_gives_its_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def fail(error: Exception | None) -> None:
        """Says what it does."""
        if error is not None:
            raise error

    assert fail.__doc__ == "Says what it does."
    assert fail(None) == 0
    assert fail(InputError("no such folder")) == 2
    assert capsys.readouterr().err == "error: no such folder\n"
    assert fail(OSError(errno.ENOSPC, "No space left on device", "runs/a")) == 2
    expected = "error: 'runs/a': No space left on device. Make room, or give another place.\n"
    assert capsys.readouterr().err == expected
    for fault in (ZeroDivisionError(), OSError(errno.ENOENT, "No such file"), OSError("odd")):
        with pytest.raises(type(fault)):
            fail(fault)


def test_a_parser_prints_the_docstring_as_it_is_and_takes_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    parser = make_parser("Draws:\n\n- circles\n- squares")
    add_model(parser)
    assert parser.parse_args([]).model is None
    assert parser.parse_args(["--model", "nano"]).model == "nano"
    parser.print_help()
    assert "Draws:\n\n- circles\n- squares\n" in capsys.readouterr().out


def test_a_parser_may_say_how_it_is_called() -> None:
    assert (
        make_parser("Draws.", prog="python -m model.draw")
        .format_usage()
        .startswith("usage: python -m model.draw")
    )


def test_counts_are_printed_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    print_counts({"shown": 3, "skipped: image is missing": 1})
    assert capsys.readouterr().out == "shown: 3\nskipped: image is missing: 1\n"
