"""Graphs on ONNX Runtime: the answers of torch, a cache that stays, and failures that name their cure."""

from __future__ import annotations

import json
import logging
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

import molmo_act
from molmo_act.embedded import providers, sessions
from molmo_act.embedded.load import load_exported
from molmo_act.embedded.model import EmbeddedModel
from molmo_act.embedded.providers import CPU
from molmo_act.embedded.sessions import SessionNetwork
from molmo_act.embedded.settings import read_settings
from molmo_act.errors import CheckpointError, PlatformError
from tests.support.asked_cases import equal
from tests.support.embedded import write_settings
from tests.support.samples import seeds

QUERIES = ["the red square", "all squares", "a cat", "the blue square on the right"]


def squares(seed: int = 0) -> np.ndarray:
    """A red, a green and a blue square of random places on grey."""
    rng = np.random.default_rng(seed)
    image = np.full((240, 320, 3), 225, np.uint8)
    for colour in ((200, 30, 30), (30, 160, 60), (30, 30, 200)):
        y, x = rng.integers(0, 200), rng.integers(0, 280)
        image[y : y + 36, x : x + 36] = colour
    return image


@pytest.fixture(scope="module")
def exported(nano_onnx) -> EmbeddedModel:
    return load_exported(nano_onnx, [CPU])


@pytest.fixture(scope="module")
def network(exported) -> SessionNetwork:
    return exported.runtime.network


@pytest.fixture(scope="module")
def nano() -> molmo_act.PointingModel:
    return molmo_act.load("nano", device="cpu")


@pytest.mark.parametrize("options", [{}, {"order": "masked"}, {"exactly": 3}, {"max_points": 1}], ids=str)
def test_nano_answers_as_in_torch(exported, nano, options):
    image = squares(len(options))
    for ours, theirs in zip(
        exported.point(image, QUERIES, **options), nano.point(image, QUERIES, **options), strict=True
    ):
        equal(ours, theirs, 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds(15, 125))
def test_nano_answers_as_in_torch_to_many_queries(exported, nano, seed):
    """Four to a seed, 500 in all."""
    image = squares(seed)
    for ours, theirs in zip(exported.point(image, QUERIES), nano.point(image, QUERIES), strict=True):
        equal(ours, theirs, 1e-4)


def test_graphs_are_loaded_when_they_are_needed_and_copies_load_their_own(nano_onnx):
    network = SessionNetwork(read_settings(nano_onnx), (CPU,))
    assert network._sessions == {}
    assert network.providers == (CPU,)
    network.slot_embeddings(np.zeros((1, 384), np.float32))
    assert [*network._sessions] == ["slot_embeddings"]
    assert pickle.loads(pickle.dumps(network))._sessions == {}


def test_the_rows_that_are_kept_are_those_that_are_seen(network):
    """Three tokens in one call are the same as with a fourth that is dropped again."""
    embeds = np.random.default_rng(0).standard_normal((4, 256)).astype(np.float32)
    none = np.empty(0, np.int64)
    whole, _ = network.read(embeds[[0, 1, 3]], np.arange(3), np.tri(3, dtype=bool), none, None)
    _, past = network.read(embeds[:3], np.arange(3), np.tri(3, dtype=bool), none, None)
    last, present = network.read(embeds[3:], np.array([2]), np.ones((1, 3), bool), np.array([0, 1]), past)
    np.testing.assert_allclose(last[0], whole[2], atol=1e-4)
    assert present.values[0] is not past.values[0]  # which is to stay as it is
    np.testing.assert_array_equal(past.rows, [0, 1, 2])
    third, _ = network.read(embeds[3:], np.array([2]), np.ones((1, 3), bool), np.array([0, 1]), past)
    np.testing.assert_array_equal(third, last)


def test_a_cache_is_written_where_it_lies_only_if_it_is_not_read_again(network):
    embeds = np.random.default_rng(1).standard_normal((3, 256)).astype(np.float32)
    _, past = network.read(embeds[:2], np.arange(2), np.tri(2, dtype=bool), np.empty(0, np.int64), None)
    one, every = (embeds[2:], np.array([2]), np.ones((1, 3), bool), np.arange(2)), slice(None)
    before = [value.numpy()[:, every].copy() for value in past.values]
    shared, copied = network.read(*one, past)
    for value, kept in zip(past.values, before, strict=True):
        np.testing.assert_array_equal(value.numpy(), kept)
    owned, written = network.read(*one, past, last_use=True)
    np.testing.assert_array_equal(owned, shared)
    assert all(a is b for a, b in zip(written.values, past.values, strict=True))
    for ours, theirs in zip(written.values, copied.values, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_a_cache_grows_and_uses_rows_again_without_a_change_in_what_is_read(network):
    """Forty steps of five tokens, of which every second is kept, against one that reads what was kept."""
    embeds = np.random.default_rng(2).standard_normal((200, 256)).astype(np.float32) * 0.05
    past, keep, seen = None, np.empty(0, np.int64), []
    for step in range(40):
        length, fed = len(seen), embeds[5 * step : 5 * step + 5]
        attends = np.concatenate((np.ones((5, length), bool), np.tri(5, dtype=bool)), axis=1)
        positions = length + np.arange(5)
        hidden, past = network.read(fed, positions, attends, keep, past, last_use=True)
        keep = np.concatenate((np.arange(length), length + np.arange(3)))
        seen += [*range(5 * step, 5 * step + 3)]
    assert past.capacity > 64  # 122 rows
    whole, _ = network.read(
        *(embeds[[*seen, 198, 199]], np.arange(122), np.tri(122, dtype=bool), np.empty(0, np.int64), None)
    )
    np.testing.assert_allclose(hidden, whole[-5:], atol=1e-4)


@pytest.fixture
def copied(nano_onnx, tmp_path) -> Path:
    return Path(shutil.copytree(nano_onnx, tmp_path / "copy"))


def test_a_damaged_graph_is_named(copied):
    path = copied / "words.onnx"
    content = bytearray(path.read_bytes())
    content[: len(content) // 2] = b"\0" * (len(content) // 2)
    path.write_bytes(content)
    network = SessionNetwork(read_settings(copied), (CPU,))
    with pytest.raises(CheckpointError, match=r"words\.onnx of .* is damaged"):
        network.words(np.zeros((1, 256), np.float32))


def test_a_graph_that_was_written_wrong_is_named(copied):
    (copied / "words.onnx").write_bytes(b"no graph")
    said = {key: value for key, value in _said(copied).items() if key != "files"}
    network = SessionNetwork(read_settings(write_settings(copied, said)), (CPU,))
    with pytest.raises(CheckpointError, match=r"words\.onnx of .* cannot be used by ONNX Runtime"):
        network.words(np.zeros((1, 256), np.float32))


def test_another_word_table_is_refused(copied):
    np.save(copied / "embeddings.npy", np.zeros((3, 4), np.float32))
    said = {key: value for key, value in _said(copied).items() if key != "files"}
    network = SessionNetwork(read_settings(write_settings(copied, said)), (CPU,))
    with pytest.raises(
        CheckpointError, match=r"holds float32 of shape \(3, 4\); expected numbers of shape \(4224, 256\)"
    ):
        _ = network.embeddings


def _said(folder: Path) -> dict:

    return json.loads((folder / "molmo_act_onnx.json").read_text())


def graph(operator: str, domain: str = "", opset: int = 18) -> bytes:
    """A graph of one operator, for ONNX Runtime to refuse."""
    onnx = pytest.importorskip("onnx")
    ports = [onnx.helper.make_tensor_value_info(name, 1, ["N", 256]) for name in ("hidden", "word_logits")]
    node = onnx.helper.make_node(operator, ["hidden"], ["word_logits"], domain=domain)
    made = onnx.helper.make_graph([node], "words", ports[:1], ports[1:])
    opsets = [onnx.helper.make_opsetid("", opset), onnx.helper.make_opsetid("com.microsoft", 1)]
    return onnx.helper.make_model(made, opset_imports=opsets, ir_version=10).SerializeToString()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"operator": "NoSuchOperator"},
            "has no kernel for an operator of words.onnx on CPUExecutionProvider",
        ),
        ({"operator": "NoSuchOperator", "domain": "com.microsoft"}, "has no kernel for an operator"),
        ({"operator": "Relu", "opset": 99}, "does not know opset 18 of words.onnx"),
    ],
    ids=str,
)
def test_graphs_that_this_onnx_runtime_does_not_know(copied, given, message):
    (copied / "words.onnx").write_bytes(graph(**given))
    said = {key: value for key, value in _said(copied).items() if key != "files"}
    network = SessionNetwork(read_settings(write_settings(copied, said)), (CPU,))
    with pytest.raises(PlatformError, match=message):
        network.words(np.zeros((1, 256), np.float32))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("config.text_config.num_hidden_layers", 7, r"language\.onnx of .* takes no past_key_6, which"),
        ("config.text_config.num_hidden_layers", 5, "takes past_key_5, which the settings do not know"),
        ("config.text_config.num_key_value_heads", 1, r"slots as .*\[2, W, 2\], which .* \[1, W, 2\]"),
        ("config.text_config.head_dim", 32, r"past_key_0 as .*\[2, R, 64\], which .* \[2, R, 32\]"),
        ("config.no_more_points_class", False, r"patch_scores\.onnx .* scores as .*P \+ 1\], which .*P\]"),
        ("precision", "fp16", r"which the settings expect as tensor\(float16\)"),
        ("image_processor.patch_size", 28, r"vision\.onnx of .* takes pixel_values as .*256, 588\], which"),
    ],
)
def test_settings_of_another_model_than_the_graphs_are_refused(copied, path, value, message):
    said = _said(copied)
    *keys, last = path.split(".")
    part = said
    for key in keys:
        part = part[key]
    part[last] = value
    (copied / "molmo_act_onnx.json").write_text(json.dumps(said))
    model = load_exported(copied, [CPU])
    with pytest.raises(CheckpointError, match=message):
        model.point(squares(), QUERIES[0])


def test_a_graph_in_the_place_of_another_is_refused(copied):
    for suffix in ("", ".data"):
        shutil.copy(copied / f"patch_keys.onnx{suffix}", copied / f"words.onnx{suffix}")
    said = {key: value for key, value in _said(copied).items() if key != "files"}
    network = SessionNetwork(read_settings(write_settings(copied, said)), (CPU,))
    with pytest.raises(CheckpointError, match=r"words\.onnx of .* takes positions, which"):
        network.words(np.zeros((1, 256), np.float32))


def test_a_failure_leaves_stdout_alone(copied, capfd):
    """ONNX Runtime writes there that it tries again on the CPU."""
    path = copied / "words.onnx"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"SimplifiedLayer", b"Simplified\xa0ayer"))  # no UTF-8
    network = SessionNetwork(read_settings(copied), (CPU,))
    with pytest.raises(CheckpointError, match=r"words\.onnx of .* is damaged"):
        network.words(np.zeros((1, 256), np.float32))
    assert capfd.readouterr().out == ""


def test_a_provider_that_cannot_be_started_is_not_used(nano_onnx, monkeypatch, caplog):
    real = sessions.onnxruntime.InferenceSession

    def open_session(path, options, *, providers, **how):
        if providers[0] != CPU:
            raise RuntimeError("CUDA failure 35: driver too old")
        return real(path, options, providers=providers, **how)

    monkeypatch.setattr(sessions.onnxruntime, "InferenceSession", open_session)
    monkeypatch.setattr(sessions.onnxruntime, "get_available_providers", lambda: [providers.CUDA, CPU])
    with caplog.at_level(logging.WARNING):
        assert SessionNetwork(read_settings(nano_onnx), ()).providers == (CPU,)
    assert "CUDAExecutionProvider does not work here and is not used: CUDA failure 35" in caplog.text
    with pytest.raises(PlatformError, match=r"CUDAExecutionProvider was asked for, .*CUDA failure 35"):
        SessionNetwork(read_settings(nano_onnx), (providers.CUDA, CPU))


def test_a_graph_that_a_provider_does_not_take_goes_to_the_next(nano_onnx, monkeypatch, caplog):
    network = SessionNetwork(read_settings(nano_onnx), (CPU,))
    tried, failure = [], PlatformError("no kernel")

    def open_graph(name, providers):
        tried.append([*providers])
        if providers[0] != CPU:
            raise failure
        return "session"

    monkeypatch.setattr(network, "_open", open_graph)
    network.providers = (providers.CUDA, CPU)
    with caplog.at_level(logging.WARNING):
        assert network._session("words") == "session"
    assert tried == [[providers.CUDA, CPU], [CPU]]
    assert "CUDAExecutionProvider does not take words.onnx, the next one is tried: no kernel" in caplog.text
    network.providers = (providers.CUDA,)
    with pytest.raises(PlatformError, match="no kernel"):
        network._session("language")


def test_too_little_memory_names_its_cure(nano_onnx, monkeypatch):
    network = SessionNetwork(read_settings(nano_onnx), (CPU,))

    def fail(*given, **named):
        raise RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc")

    monkeypatch.setattr(sessions.onnxruntime, "InferenceSession", fail)
    with pytest.raises(
        PlatformError, match=r"Memory ran out while words\.onnx of nano ran\. Give fewer max_crops"
    ):
        network.words(np.zeros((1, 256), np.float32))


def test_a_fork_has_sessions_of_its_own(nano_onnx, monkeypatch):
    network = SessionNetwork(read_settings(nano_onnx), (CPU,))
    windows = np.ones((1, 384), np.float32)
    expected, session = network.slot_embeddings(windows), network._session("slot_embeddings")
    assert network._session("slot_embeddings") is session
    monkeypatch.setattr("os.getpid", lambda: -1)
    np.testing.assert_array_equal(network.slot_embeddings(windows), expected)
    assert network._session("slot_embeddings") is not session


def test_providers_are_proved_by_a_run(nano_onnx, monkeypatch):
    """The CPU stands for a provider that works, another session for one that does not."""
    network = SessionNetwork(read_settings(nano_onnx), (CPU,))
    assert network._prove(CPU) is None
    monkeypatch.setattr(network, "_open", lambda name, providers: _Other(providers))
    assert network._prove("CUDAExecutionProvider") == "ONNX Runtime could not load its libraries"
    _Other.listed = "CUDAExecutionProvider"
    assert network._prove("CUDAExecutionProvider").startswith(
        "it gives other numbers than the CPU (by up to 1"
    )
    assert sessions.onnxruntime is providers.onnxruntime


class _Other:
    """A session of other numbers."""

    listed = CPU

    def __init__(self, providers):
        self._wrong = len(providers) > 1

    def get_providers(self):
        return [self.listed]

    def get_inputs(self):
        return [type("Port", (), {"shape": ["N", 3], "name": "x", "type": "tensor(float)"})]

    def run(self, outputs, given):
        return [given["x"] + self._wrong]


def test_no_memory_is_set_aside_for_shapes_that_were_seen(nano_onnx):
    network = molmo_act.load(nano_onnx).runtime.network
    assert not network._open("words", [CPU]).get_session_options().enable_mem_pattern


def test_threads_sleep_while_they_wait(nano_onnx):
    network = molmo_act.load(nano_onnx).runtime.network
    options = network._open("vision", ["CPUExecutionProvider"]).get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize(
    ("said", "allowed", "threads"),
    [
        ("3", {0}, 3),  # what a user says counts
        ("", {0, 1, 2, 3}, 0),  # all cores: left to ONNX Runtime, which knows which ones are real
        ("all", {0, 1, 2, 3}, 0),
        ("", {2}, 1),  # a container or taskset with one core of four
        ("", {1, 3}, 2),
    ],
)
def test_threads_are_those_of_the_environment_or_one_for_each_core(monkeypatch, said, allowed, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: allowed, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert sessions._threads() == threads
