"""What runs graphs and what runs torch offer all that decoding asks of a network."""

from __future__ import annotations

import inspect

import pytest

from molmo_act.embedded.sessions import SessionNetwork
from molmo_act.generation.one_prompt.network import Network
from tests.support.tiny_checkpoint import tiny_model
from tests.support.torch_network import TorchNetwork


@pytest.mark.parametrize("network", [SessionNetwork, TorchNetwork(tiny_model())], ids=["onnx", "torch"])
def test_networks_have_all_members(network):
    members = {name: getattr(Network, name) for name in dir(Network) if not name.startswith("_")}
    assert len(members) == 11
    for name, member in members.items():
        assert hasattr(network, name), name
        if inspect.isfunction(member):
            parameters = [
                one for one in inspect.signature(getattr(network, name)).parameters if one != "self"
            ]
            assert parameters == [one for one in inspect.signature(member).parameters if one != "self"], name
