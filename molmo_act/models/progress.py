"""Shows the progress bars of transformers on terminals only: in a log every refresh is a line more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from transformers.utils.logging import set_tqdm_hook


@contextmanager
def progress_on_terminals() -> Iterator[None]:
    """Inside, a progress bar of transformers shows itself only where stderr is a terminal."""

    def make(factory: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        options = {"disable": None, **options}  # None: where it is no terminal
        return factory(*args, **options) if before is None else before(factory, args, options)

    before = set_tqdm_hook(make)
    try:
        yield
    finally:
        set_tqdm_hook(before)
