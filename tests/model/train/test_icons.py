"""Training the icon network: what is learned, folding, temperature and the file; a real but tiny run."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.data.assets.named_icons import NONE, NamedIcon
from model.train import icons as training
from model.train.icons import (
    Crops,
    TrainedNetwork,
    drawn_crops,
    temperature_of,
    train,
    vocabulary,
    write_network,
)
from molmo_act.reading.icons.network import IconNetwork, icon_network


@pytest.fixture(scope="module")
def drawings():
    rows, columns = np.mgrid[:72, :72]
    disc = np.hypot(rows - 36, columns - 36) < 30
    bar = abs(rows - 36) < 8
    cross = abs(rows - columns) < 8
    named = ((disc, "stop"), (bar, "minus"), (cross, NONE))
    return [NamedIcon("train", "own", name, (255 * mask).astype(np.uint8)) for mask, name in named]


def test_shapes_are_learned(drawings):
    torch.manual_seed(0)
    crops = drawn_crops(drawings, 640, np.random.default_rng(0))
    names = [concept.name for concept in vocabulary().concepts]
    assert set(crops.classes) == {names.index("stop"), names.index("minus"), len(names)}
    network = IconNetwork(train(crops, 5, len(names) + 1).folded(), vocabulary())
    fresh = drawn_crops(drawings, 200, np.random.default_rng(1))
    found = network.probabilities(fresh.pixels / np.float32(255)).argmax(axis=1)
    assert (found == fresh.classes).mean() > 0.9


def test_folding_changes_nothing(drawings):
    torch.manual_seed(0)
    count = len(vocabulary().concepts) + 1
    trained = TrainedNetwork(count)
    crops = torch.rand(8, 1, 32, 32)
    trained(torch.rand(64, 1, 32, 32))  # statistics that are not 0 and 1
    trained.eval()
    folded = IconNetwork(trained.folded(), vocabulary())
    expected = trained(crops).softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(folded.probabilities(crops[:, 0].numpy()), expected, atol=2e-3)


def test_the_temperature_makes_a_network_as_sure_as_it_is_right():
    class Sure:
        """Wholly sure, and right in three of four."""

        def probabilities(self, crops):
            shares = np.full((len(crops), 2), 1e-6)
            shares[np.arange(len(crops)), crops[:, 0, 0].astype(int)] = 1 - 1e-6
            return shares

    pixels = np.zeros((400, 1, 1), np.float32)
    classes = np.array([0, 0, 0, 1] * 100)
    assert temperature_of(Sure(), Crops(pixels, classes)) > 2


def test_what_is_written_is_what_is_read(tmp_path):
    network = icon_network()
    stripped = IconNetwork(network.weights, vocabulary(), 1.3)
    write_network(stripped, tmp_path / "icons.safetensors")
    again = icon_network(tmp_path / "icons.safetensors")
    assert again.temperature == 1.3
    assert [each.name for each in again.vocabulary.concepts] == [each.name for each in vocabulary().concepts]
    for name, tensor in network.weights.items():
        np.testing.assert_array_equal(again.weights[name], tensor)


def test_the_command_trains_writes_and_reports(tmp_path, monkeypatch, capsys, drawings):
    tuned = [NamedIcon("train", training.TUNING_SETS[0], icon.concept, icon.mask) for icon in drawings]
    monkeypatch.setattr(training, "load_named_icons", lambda split: [*drawings, *tuned])
    file = tmp_path / "icons.safetensors"
    given = [
        "--out",
        str(file),
        "--icons",
        "300",
        "--letters",
        "10",
        "--screens",
        "0",
        "--epochs",
        "1",
        "--without-pages",
    ]
    monkeypatch.setattr("sys.argv", ["icons", *given])
    assert training.main() == 0
    assert '"crops": 310' in capsys.readouterr().out
    assert icon_network(file).probabilities(np.zeros((1, 32, 32), np.float32)).shape[0] == 1
