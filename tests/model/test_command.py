"""Commands say known errors in a line and leave the others alone."""

from __future__ import annotations

import pytest

from model.command import command
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
    with pytest.raises(ZeroDivisionError):
        fail(ZeroDivisionError())
