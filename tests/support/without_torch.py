"""Runs a module as on a board without torch: python -m tests.support.without_torch MODULE [ARGUMENT …]."""

from __future__ import annotations

import runpy
import sys

BLOCKED = ("torch", "transformers", "safetensors", "huggingface_hub", "jinja2")


class Blocked:
    """Finds no module of these packages, ahead of those that would."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, Blocked())
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
