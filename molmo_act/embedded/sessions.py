"""The graphs of an exported model as a `Network`, on ONNX Runtime; the cache stays where the graphs run."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np

from molmo_act.embedded.device_cache import DeviceCache, empty_cache, grown_cache
from molmo_act.embedded.graph_ports import check_ports
from molmo_act.embedded.providers import CPU, CUDA, TENSORRT, choose_providers, first_line, onnxruntime
from molmo_act.embedded.settings import AGAIN, EMBEDDINGS, LOCATIONS, ExportSettings
from molmo_act.errors import CheckpointError, PlatformError

logger = logging.getLogger(__name__)

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}
_FIXED = ("vision", "slot_embeddings")
"""Graphs whose shapes stay the same from prompt to prompt."""
_SMALL = ("patch_keys", "patch_scores", "subpatch_scores", "slot_embeddings", LOCATIONS)
"""Graphs that are done before a second thread has woken up."""
_PROOF = "slot_embeddings"
"""The graph that a provider has to run to be used: a single product, which is compared with the CPU's."""
_OUT_OF_MEMORY = ("bad_alloc", "out of memory", "failed to allocate", "bad allocation")
_UNKNOWN_OPERATOR = ("not_implemented", "not implemented", "is not a registered function", "no op registered")
_TOO_NEW = ("opset", "ir version", "ir_version")


class SessionNetwork:
    """The graphs of an exported model, loaded at first use: a `Network` of `molmo_act.generation.one_prompt`.

    Args:
        settings: The exported model.
        wanted: Providers that were asked for, of `check_providers`.

    Attributes:
        providers: Names of the providers in use, the preferred one first.

    Raises:
        CheckpointError: A graph is damaged.
        PlatformError: A provider that was asked for does not work here.
    """

    def __init__(self, settings: ExportSettings, wanted: tuple[str, ...]) -> None:
        self._settings = settings
        self._sessions: dict[str, Any] = {}
        self._types: dict[str, dict[str, Any]] = {}
        self._process, self._lock = os.getpid(), Lock()
        self._abandoned: list[dict[str, Any]] = []
        self.providers: tuple[str, ...] = (CPU,)
        self.providers = choose_providers(wanted, self._prove)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy starts with: sessions cannot be copied, and are made anew."""
        return {"settings": self._settings, "wanted": self.providers}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Takes what `__getstate__` gave."""
        self.__init__(**state)  # type: ignore[misc]

    @property
    def dtype(self) -> str:
        """Name of the type that the language model computes in."""
        return "float16" if self._settings.precision == "fp16" else "float32"

    @cached_property
    def embeddings(self) -> np.ndarray:
        """Input embeddings of all words, float (V, D), read from the file as they are needed.

        Raises:
            CheckpointError: The file holds no such table.
        """
        path, config = self._settings.folder / EMBEDDINGS, self._settings.config
        try:
            table: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            self._settings.check_contents(EMBEDDINGS)
            raise CheckpointError(f"{path} cannot be read ({first_line(error)}). {AGAIN}") from error
        expected = (config.extended_vocab_start, config.text_config.hidden_size)
        if table.shape != expected or table.dtype.kind != "f":
            raise CheckpointError(
                f"{path} holds {table.dtype} of shape {table.shape}; expected numbers of shape {expected}. "
                f"{AGAIN}"
            )
        return table

    def see(self, pixel_values: np.ndarray) -> np.ndarray:
        """See `Network.see`."""
        return self._run("vision", pixel_values=pixel_values)[0]

    def connect(self, windows: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Network.connect`."""
        features, keys = self._run("connector", windows=windows, valid=valid)
        return features, keys

    def words(self, hidden: np.ndarray) -> np.ndarray:
        """See `Network.words`."""
        return self._run("words", hidden=hidden)[0]

    def patch_keys(self, hidden: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """See `Network.patch_keys`."""
        return self._run("patch_keys", hidden=hidden, positions=positions)[0]

    def patch_scores(
        self,
        hidden: np.ndarray,
        positions: np.ndarray,
        keys: np.ndarray,
        indexable: np.ndarray,
        num_keys: int,
    ) -> np.ndarray:
        """See `Network.patch_scores`."""
        tables = {"patch_keys": keys, "indexable": indexable, "num_keys": np.array(num_keys)}
        return self._run("patch_scores", hidden=hidden, positions=positions, **tables)[0]

    def subpatch_scores(self, hidden: np.ndarray, keys: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """See `Network.subpatch_scores`."""
        return self._run("subpatch_scores", hidden=hidden, keys=keys, valid=valid)[0]

    def location_scores(self, hidden: np.ndarray) -> np.ndarray:
        """See `Network.location_scores`."""
        return self._run(LOCATIONS, hidden=hidden)[0]

    def slot_embeddings(self, windows: np.ndarray) -> np.ndarray:
        """See `Network.slot_embeddings`."""
        return self._run("slot_embeddings", windows=windows)[0]

    def read(
        self,
        embeds: np.ndarray,
        positions: np.ndarray,
        attends: np.ndarray,
        keep: np.ndarray,
        past: DeviceCache | None,
        *,
        last_use: bool = False,
    ) -> tuple[np.ndarray, DeviceCache]:
        """See `Network.read`; the cache stays on the device of the graph."""
        session, fed = self._session("language"), len(embeds)
        cache, kept, free, own = self._guarded("language", lambda: self._room(past, keep, fed))
        binding = session.io_binding()
        for name, values in self._language_inputs(embeds, positions, attends, cache, kept, free).items():
            binding.bind_cpu_input(name, np.ascontiguousarray(values))
        past_names, present_names = self._cache_names
        for name, value in zip(past_names, cache.values, strict=True):
            binding.bind_ortvalue_input(name, value)
        binding.bind_output("hidden", "cpu")
        for name, value in zip(present_names, cache.values, strict=True):
            if own or last_use:
                binding.bind_ortvalue_output(name, value)  # written where it lies
            else:
                binding.bind_output(name, *self._device)
        self._guarded("language", lambda: session.run_with_iobinding(binding))
        hidden, *present = binding.get_outputs()
        rows = np.concatenate((kept, free))
        written = replace(cache, rows=rows) if own or last_use else DeviceCache(present, rows)
        return hidden.numpy().astype(np.float32, copy=False), written

    def _room(
        self, past: DeviceCache | None, keep: np.ndarray, fed: int
    ) -> tuple[DeviceCache, np.ndarray, np.ndarray, bool]:
        """A cache with room, rows of it that are kept, rows that are free, and whether it is a new one."""
        if past is None:
            text = self._settings.config.text_config
            sizes = text.num_hidden_layers, text.num_key_value_heads, text.head_dim
            past = empty_cache(*sizes, fed, self._language_type, self._device)
            return past, *past.place(keep, fed), True
        kept, free = past.place(keep, fed)
        if len(free) == fed:
            return past, kept, free, False
        past = grown_cache(past, kept, fed, self._device)
        return past, *past.place(past.rows, fed), True

    def _language_inputs(
        self,
        embeds: np.ndarray,
        positions: np.ndarray,
        attends: np.ndarray,
        cache: DeviceCache,
        kept: np.ndarray,
        free: np.ndarray,
    ) -> dict[str, np.ndarray]:
        dtype, heads = self._language_type, self._settings.config.text_config.num_key_value_heads
        mask = np.full((len(embeds), cache.capacity), np.finfo(dtype).min, dtype)
        mask[:, np.concatenate((kept, free))] = np.where(attends, dtype(0), np.finfo(dtype).min)
        slots = np.empty((heads, len(free), 2), np.int64)
        slots[..., 0], slots[..., 1] = np.arange(heads)[:, None], free
        embeds = embeds.astype(dtype, copy=False)
        return {"embeds": embeds, "positions": positions, "mask": mask, "slots": slots}

    @cached_property
    def _language_type(self) -> Any:
        return _TYPES[self._session("language").get_inputs()[0].type]

    @cached_property
    def _cache_names(self) -> tuple[list[str], list[str]]:
        """Names of the cache as it goes in, and as it comes out."""
        layers = range(self._settings.config.text_config.num_hidden_layers)
        each = [f"{kind}_{layer}" for layer in layers for kind in ("key", "value")]
        return [f"past_{name}" for name in each], [f"present_{name}" for name in each]

    @cached_property
    def _device(self) -> tuple[str, int]:
        """Where the language model runs and its cache stays."""
        return ("cuda", 0) if self._session("language").get_providers()[0] in (CUDA, TENSORRT) else ("cpu", 0)

    def _run(self, name: str, **given: np.ndarray) -> list[np.ndarray]:
        """Runs a graph on numbers of the types that it takes; what it gives is float32."""
        session = self._session(name)
        if name not in self._types:
            self._types[name] = {port.name: _TYPES[port.type] for port in session.get_inputs()}
        fed = {port: np.asarray(given[port], kind) for port, kind in self._types[name].items()}
        outputs = self._guarded(name, lambda: session.run(None, fed))
        return [values.astype(np.float32, copy=False) for values in outputs]

    def _session(self, name: str) -> Any:
        if self._process != os.getpid():  # a fork has none of the threads that these sessions wait for
            self._abandoned.append(self._sessions)  # not even to close them
            self._sessions, self._process, self._lock = {}, os.getpid(), Lock()
        with self._lock:
            if name not in self._sessions:
                self._sessions[name] = self._opened(name, self._providers_of(name))
            return self._sessions[name]

    def _providers_of(self, name: str) -> Sequence[str]:
        """TensorRT builds an engine for each new shape: it gets the graphs whose shapes stay the same."""
        if name in _FIXED:
            return self.providers
        return [each for each in self.providers if each != TENSORRT] or [CPU]

    def _opened(self, name: str, providers: Sequence[str]) -> Any:
        """A graph on the first of some providers that takes it, with the others behind that."""
        for skipped, provider in enumerate(providers):
            try:
                return self._open(name, providers[skipped:])
            except (CheckpointError, PlatformError) as error:
                if skipped + 1 == len(providers):
                    raise
                logger.warning("%s does not take %s.onnx, the next one is tried: %s", provider, name, error)
        raise AssertionError("there is no provider")

    def _open(self, name: str, providers: Sequence[str]) -> Any:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # what matters is raised
        options.intra_op_num_threads = 1 if name in _SMALL else _threads()
        # ONNX Runtime would set memory aside for each shape that it has seen, beside what runs have left.
        options.enable_mem_pattern = False
        # Threads that wait without sleeping take the cores from other programs, and from each other's.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = str(self._settings.folder / f"{name}.onnx")
        given = {"providers": list(providers), "enable_fallback": 0}  # it would write to stdout
        session = self._guarded(name, lambda: onnxruntime.InferenceSession(path, options, **given))
        self._guarded(name, lambda: check_ports(self._settings, name, session))
        return session

    def _prove(self, provider: str) -> str | None:
        """Runs a graph on a provider, and compares it with the CPU; says what is wrong, or None."""
        numbers = np.random.default_rng(0).standard_normal((4, 4)).astype(np.float32)
        cpu = self._open(_PROOF, [CPU])  # a graph that is damaged is not the provider's fault
        try:
            session = self._open(_PROOF, [*dict.fromkeys((provider, CPU))])
            if session.get_providers()[0] != provider:
                return "ONNX Runtime could not load its libraries"
            [port] = session.get_inputs()
            numbers = np.resize(numbers, (4, port.shape[1])).astype(_TYPES[port.type])
            expected = cpu.run(None, {port.name: numbers})[0]
            found = session.run(None, {port.name: numbers})[0]
        except Exception as error:  # providers fail with nearly every type of exception
            return first_line(error.__cause__ or error)
        if not np.allclose(found, expected, rtol=0.02, atol=0.02):
            return f"it gives other numbers than the CPU (by up to {np.abs(found - expected).max():.3g})"
        return None

    def _guarded(self, name: str, action: Any) -> Any:
        """Does what ONNX Runtime may fail at, and explains the failure."""
        try:
            return action()
        except (CheckpointError, PlatformError):
            raise
        except Exception as error:  # ONNX Runtime's own types are not public
            raise self._explained(name, error) from error

    def _explained(self, name: str, error: Exception) -> Exception:
        """The error that says what to do about a failure of a graph."""
        settings, said = self._settings, str(error).lower()
        version, reason = import_module("onnxruntime").__version__, first_line(error)
        if isinstance(error, MemoryError) or any(word in said for word in _OUT_OF_MEMORY):
            return PlatformError(
                f"Memory ran out while {name}.onnx of {settings.name} ran. Give fewer max_crops, or export "
                "it with --precision int8 or int4."
            )
        files = [file for file in settings.files if file.startswith(f"{name}.onnx")]
        settings.check_contents(*files)  # says which file is damaged, if one is
        if any(word in said for word in _UNKNOWN_OPERATOR):
            return PlatformError(
                f"ONNX Runtime {version} has no kernel for an operator of {name}.onnx on "
                f"{', '.join(self.providers)} ({reason}). Give providers=[{CPU!r}], install a newer "
                "onnxruntime, or export with --precision fp32."
            )
        if any(word in said for word in _TOO_NEW):
            return PlatformError(
                f"ONNX Runtime {version} does not know opset {settings.opset} of {name}.onnx ({reason}). "
                "Install a newer onnxruntime, or export with a smaller --opset."
            )
        return CheckpointError(
            f"{name}.onnx of the exported model {str(settings.folder)!r} cannot be used by ONNX Runtime "
            f"{version} ({reason}). {AGAIN}"
        )


def _threads() -> int:
    """How many threads a graph uses: what OMP_NUM_THREADS says, as in torch, else one for each core.

    ONNX Runtime, which 0 leaves it to, counts the cores of the machine. Those that this process may not run
    on would leave threads that spin on the cores of others.
    """
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal():
        return int(said)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return allowed if allowed < (os.cpu_count() or 1) else 0
