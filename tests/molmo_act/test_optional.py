"""Optional packages: what is imported, and what the error says where one is missing."""

from __future__ import annotations

import re
import sys

import pytest

from molmo_act._install import install_command
from molmo_act._optional import import_optional, lazy_import, needs_torch, require_optional
from molmo_act.errors import MissingExtraError


def test_a_module_that_is_there_is_returned():
    import xml.dom.minidom

    assert import_optional("xml.dom.minidom", extra="video", purpose="reading") is xml.dom.minidom
    require_optional("xml", extra="video", purpose="reading")


@pytest.mark.parametrize(
    ("module", "package"),
    [("nowhere_to_be_found", "nowhere_to_be_found"), ("cv2", "opencv-python-headless"), ("yaml", "pyyaml")],
)
@pytest.mark.parametrize("ask", [import_optional, require_optional])
def test_a_missing_package_is_named_as_pip_names_it(monkeypatch, ask, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        MissingExtraError, match=rf"^Tests need.* {package!r}.*{re.escape(install_command('gui'))}$"
    ) as it:
        ask(module, extra="gui", purpose="Tests need it: it")
    assert (it.value.package, it.value.extra) == (package, "gui")


def test_a_missing_module_below_is_blamed_on_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(MissingExtraError, match="'scipy'") as caught:
        import_optional("scipy.optimize", extra="video", purpose="tracking")
    assert isinstance(caught.value.__cause__, ImportError)


def test_a_package_that_fails_to_import_counts_as_missing(monkeypatch, tmp_path):
    (tmp_path / "broken_here.py").write_text("raise ImportError('libGL.so.1: cannot open')\n")
    monkeypatch.syspath_prepend(tmp_path)
    require_optional("broken_here", extra="video", purpose="tracking")  # it is installed
    with pytest.raises(MissingExtraError):
        import_optional("broken_here", extra="video", purpose="tracking")


def test_a_lazy_module_is_imported_at_its_first_use(monkeypatch):
    monkeypatch.setitem(sys.modules, "nowhere_to_be_found", None)
    module = lazy_import("nowhere_to_be_found", extra="train", purpose="drawing")
    with pytest.raises(MissingExtraError, match=r"^drawing needs the package 'nowhere_to_be_found'"):
        module.line  # noqa: B018
    monkeypatch.setitem(sys.modules, "nowhere_to_be_found", re)
    assert module.compile is re.compile
    with pytest.raises(AttributeError, match="no_such_thing"):
        module.no_such_thing  # noqa: B018


@pytest.mark.parametrize(("version", "python"), [((3, 10), "needs Python 3.11 or newer"), ((3, 12), "")])
def test_without_torch_the_error_says_what_works(monkeypatch, version, python):
    monkeypatch.setattr(sys, "version_info", version)
    said = str(needs_torch("molmo_act.load", "torch"))
    assert said.startswith("molmo_act.load needs the package 'torch', which is not installed.")
    assert install_command() in said
    assert python in said
    assert "molmo-act export CHECKPOINT --out FOLDER" in said
