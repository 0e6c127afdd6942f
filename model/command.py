"""Commands of this folder: what goes wrong in a known way is one line on stderr and status 2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from molmo_act.errors import MolmoActError

Arguments = ParamSpec("Arguments")


def command(main: Callable[Arguments, object]) -> Callable[Arguments, int]:
    """A command line that gives its exit status, for `sys.exit`."""

    @wraps(main)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> int:
        try:
            main(*args, **kwargs)
        except MolmoActError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        return 0

    return run
