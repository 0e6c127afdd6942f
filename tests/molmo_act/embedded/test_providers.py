"""Which providers are taken: those asked for, or the best that prove themselves."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from molmo_act.embedded import providers
from molmo_act.embedded.providers import (
    CPU,
    CUDA,
    TENSORRT,
    check_packages,
    check_providers,
    choose_providers,
    first_line,
)
from molmo_act.errors import InputError, PlatformError

ALL = [TENSORRT, CUDA, CPU]


@pytest.fixture
def installed(monkeypatch):
    """Sets what the installed ONNX Runtime has."""
    return lambda names: monkeypatch.setattr(
        providers, "onnxruntime", SimpleNamespace(get_available_providers=lambda: names)
    )


def test_names_that_are_there(installed):
    installed(ALL)
    assert (
        check_providers(None)
        == check_providers("auto")
        == check_providers(["auto"])
        == check_providers(("auto",))
        == ()
    )
    assert check_providers([CUDA]) == check_providers((CUDA, CPU, CUDA)) == (CUDA, CPU)
    assert check_providers([CPU]) == (CPU,)
    assert check_providers([TENSORRT]) == (TENSORRT, CUDA, CPU)
    installed([TENSORRT, CPU])
    assert check_providers([TENSORRT]) == (TENSORRT, CPU)


@pytest.mark.parametrize(
    "wanted", [CUDA, 5, [], [5], {CUDA}, "", [""], ["auto", CUDA], np.array([CUDA, CPU])]
)
def test_what_is_no_list_of_names(installed, wanted):
    installed(ALL)
    with pytest.raises(InputError, match=r"providers is .* expected a list of execution providers such as"):
        check_providers(wanted)


@pytest.mark.parametrize(
    ("name", "install"),
    [(CUDA, "pip install onnxruntime-gpu"), ("MadeUpProvider", "a build of ONNX Runtime")],
)
def test_names_that_are_not_there(installed, name, install):
    installed([CPU])
    with pytest.raises(PlatformError, match=f"{name} was asked for, but the ONNX Runtime .*{install}"):
        check_providers([name])


def test_the_best_that_prove_themselves_are_taken(installed, caplog):
    installed(ALL)
    with caplog.at_level(logging.WARNING):
        assert choose_providers((), lambda name: None) == (TENSORRT, CUDA, CPU)
        assert not caplog.records
        assert choose_providers((), lambda name: None if name == CUDA else "no libnvinfer") == (CUDA, CPU)
    assert [record.message for record in caplog.records] == [
        f"{TENSORRT} does not work here and is not used: no libnvinfer."
    ]


def test_one_that_was_asked_for_must_work(installed):
    installed(ALL)
    with pytest.raises(
        PlatformError, match=rf"{CUDA} was asked for, but does not work here: no driver\. .*{CPU}"
    ):
        choose_providers((CUDA, CPU), lambda name: "no driver")
    assert choose_providers((CPU,), lambda name: "never asked") == (CPU,)


def test_errors_are_told_in_one_line():
    assert first_line(ValueError("one.\ntwo")) == "one"
    assert first_line(ValueError()) == "ValueError"


def test_missing_packages_are_named_without_torch(monkeypatch):
    check_packages()
    monkeypatch.setattr(providers, "find_spec", lambda name: None)
    with pytest.raises(
        PlatformError, match=r"needs 'onnxruntime' and 'tokenizers', .* pip install onnxruntime tok"
    ):
        check_packages()
