"""What graphs take and give: those of an export are those that are expected, others are named."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from molmo_act.embedded.graph_ports import Port, check_ports, expected_ports
from molmo_act.embedded.settings import read_settings
from molmo_act.errors import CheckpointError
from tests.support.embedded import write_export
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return read_settings(write_export(tiny_model(), tiny_processor(), tmp_path_factory.mktemp("export")))


def session_of(inputs, outputs):
    """What ONNX Runtime says of a graph with these ports."""
    listed = [
        [SimpleNamespace(name=name, shape=[*port.shape], type=port.type) for name, port in ports.items()]
        for ports in (inputs, outputs)
    ]
    return SimpleNamespace(get_inputs=lambda: listed[0], get_outputs=lambda: listed[1])


def test_every_graph_has_ports(settings):
    for precision in ("fp32", "fp16"):
        for graph in settings.graphs:
            same = replace(settings, precision=precision)
            check_ports(same, graph, session_of(*expected_ports(same, graph)))


@pytest.mark.parametrize(
    ("graph", "name", "port", "message"),
    [
        ("words", "hidden", None, r"words\.onnx of .* takes no hidden, which the settings expect"),
        ("words", "more", Port((), "tensor(int64)"), "takes more, which the settings do not know"),
        ("words", "hidden", Port(("N", 3), "tensor(float)"), r"hidden as tensor\(float\) of \[N, 3\], which"),
        ("words", "hidden", Port(("N",), "tensor(float)"), r"hidden as tensor\(float\) of \[N\], which"),
        ("patch_keys", "positions", Port(("P",), "tensor(int32)"), "positions as tensor.int32. of"),
    ],
)
def test_other_ports_are_named(settings, graph, name, port, message):
    inputs, outputs = expected_ports(settings, graph)
    others = {key: value for key, value in {**inputs, name: port}.items() if value is not None}
    with pytest.raises(CheckpointError, match=message):
        check_ports(settings, graph, session_of(others, outputs))


def test_names_of_sizes_do_not_count_but_for_the_column_of_no_more_points():
    found = SimpleNamespace(type="tensor(float)", shape=["M", None])
    assert Port(("N", "K"), "tensor(float)").matches(found)
    assert not Port(("N", 3), "tensor(float)").matches(found)
    columns = SimpleNamespace(type="tensor(float)", shape=["N", "P + 1"])
    assert Port(("N", "P + 1"), "tensor(float)").matches(columns)
    assert not Port(("N", "P"), "tensor(float)").matches(columns)
