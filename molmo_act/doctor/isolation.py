"""Runs each check in a process of its own: a library that crashes or hangs ends its check and nothing else.

`python -m molmo_act.doctor.isolation NAME` runs one check here and prints its finding as JSON. `run_isolated`
does the same without the working folder on the path, where any file may have the name of a module.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from molmo_act.doctor.checks import CHECKS, Check
from molmo_act.doctor.finding import AbsentError, Finding

_START = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]  # "" is the working folder
from importlib import util
spec = util.spec_from_file_location("molmo_act", sys.argv[1], submodule_search_locations=[sys.argv[2]])
sys.modules["molmo_act"] = package = util.module_from_spec(spec)
spec.loader.exec_module(package)
sys.argv[1:] = sys.argv[3:]
import runpy
runpy.run_module("molmo_act.doctor.isolation", run_name="__main__")
"""  # -P of Python 3.11, for 3.10 too and with this very package, wherever it was imported from
TIME_LIMIT = 60.0
"""Seconds for one check; the slowest import takes some twenty on a small board."""


def run_isolated(name: str, time_limit: float = TIME_LIMIT) -> Finding:
    """Runs a check in a process of its own.

    Args:
        name: One of `CHECKS`.
        time_limit: Seconds after which the process is killed.

    Returns:
        What it found; "broken" where the process crashed or hung.
    """
    check, began = CHECKS[name], time.monotonic()
    package = Path(__file__).absolute().parents[1]
    command = [sys.executable, "-c", _START, str(package / "__init__.py"), str(package), name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=time_limit, check=False)
    except subprocess.TimeoutExpired:
        return _broken(check, f"did not answer within {time_limit:g} s", time.monotonic() - began)
    try:
        return Finding(**json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, TypeError, IndexError):
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return _broken(check, f"crashed: {last}", time.monotonic() - began)


def run_here(check: Check) -> Finding:
    """Runs a check in this process.

    Args:
        check: The check.

    Returns:
        What it found.
    """
    began = time.monotonic()

    def found(status: str, detail: str, fix: str | None = None) -> Finding:
        seconds = round(time.monotonic() - began, 3)
        return Finding(
            check.name,
            check.group,
            status,  # type: ignore[arg-type]
            _version(check),
            detail,
            seconds,
            fix,
            _build(check),
        )

    try:
        return found("ok", check.run())
    except AbsentError as error:
        return found("absent", str(error))
    except ModuleNotFoundError as error:
        return found("missing", f"{error.name or error} is not installed", check.fix())
    except Exception as error:  # libraries that do not fit the machine fail in every way
        first = (str(error).strip().splitlines() or [""])[0]
        return found("broken", f"{type(error).__name__}: {first}".strip(": "), _repair(check))


def _broken(check: Check, detail: str, seconds: float) -> Finding:
    return Finding(
        check.name,
        check.group,
        "broken",
        _version(check),
        detail,
        round(seconds, 3),
        _repair(check),
        _build(check),
    )


def _repair(check: Check) -> str | None:
    return f"pip install --force-reinstall {check.package}" if check.package else check.install


def _version(check: Check) -> str | None:
    if not check.package:
        return None
    for name in (check.package, re.sub("-headless$", "", check.package)):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def _build(check: Check) -> str | None:
    """What torch was built for, by its own file, which can be read where torch cannot be imported."""
    if check.package != "torch":
        return None
    try:
        file = metadata.distribution("torch").locate_file("torch/version.py")
        text = Path(str(file)).read_text(encoding="utf-8")
    except (metadata.PackageNotFoundError, OSError, UnicodeDecodeError):
        return _build_of_version(_version(check))
    for kind, name in (("cuda", "CUDA"), ("hip", "ROCm"), ("xpu", "XPU")):
        found = re.search(rf"^{kind}\b[^=\n]*= *['\"]([\w.]+)", text, re.MULTILINE)
        if found is not None:
            return f"{name} {found[1]}"
    return "CPU" if re.search(r"^cuda\b[^=\n]*= *None", text, re.MULTILINE) else None


def _build_of_version(version: str | None) -> str | None:
    """What the local part of a version says, such as "cu118" or "cpu"."""
    local = (version or "").partition("+")[2]
    cuda = re.fullmatch(r"cu(\d+)(\d)", local)
    return "CPU" if local == "cpu" else None if cuda is None else f"CUDA {cuda[1]}.{cuda[2]}"


if __name__ == "__main__":
    print(json.dumps(run_here(CHECKS[sys.argv[1]]).to_dict()))
