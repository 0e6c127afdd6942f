"""Kernels are compared with numpy; those that are wrong are found out."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from molmo_act.doctor import compute
from molmo_act.doctor.finding import AbsentError


def test_the_cpu_multiplies() -> None:
    assert compute.torch_cpu().startswith("product of 256 × 256 within")


def test_a_kernel_that_is_wrong_is_found_out(monkeypatch) -> None:
    real = torch.from_numpy
    monkeypatch.setattr(torch, "from_numpy", lambda array: real(array) * 1.01)
    with pytest.raises(ArithmeticError, match=r"differs from numpy's by 0\.02"):
        compute.torch_cpu()
    monkeypatch.setattr(torch, "from_numpy", lambda array: real(array) * float("nan"))
    with pytest.raises(ArithmeticError, match="by nan"):
        compute.torch_cpu()


@pytest.mark.parametrize("check", [compute.torch_cuda, compute.cuda_graph])
def test_without_a_gpu_it_is_absent(check, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(AbsentError, match="CUDA"):
        check()


def test_words_are_split() -> None:
    assert compute.tokenizers() == "two words split and put together"


def test_rates_are_said(monkeypatch) -> None:
    monkeypatch.setattr("molmo_act.doctor.machine.SIDE", 256)
    monkeypatch.setattr("molmo_act.doctor.machine.BYTES", 2**20)
    assert re.fullmatch(r"(cpu|cuda): [\d.]+ GB/s, \d+ GFLOPS", compute.rates())


def test_the_memory_of_a_gpu_is_read_as_it_is_said() -> None:
    said = f"A card, capability 8.9, CUDA 12.6, {compute.GPU_MEMORY.format(5, 24.2)}; products within 1e-03"
    assert compute.gpu_memory_mb(said) == 24_200
    assert compute.gpu_memory_mb("no CUDA device") is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("check", [compute.torch_cuda, compute.cuda_graph, compute.nf4, compute.int8])
def test_on_a_gpu(check) -> None:
    assert "within" in check()


@pytest.mark.slow
@pytest.mark.parametrize(("check", "bound"), [(compute.nf4, 0.15), (compute.int8, 0.03)])
def test_narrow_weights_are_near(check, bound) -> None:
    pytest.importorskip("bitsandbytes", reason="needs the extra quant")
    assert float(check().rpartition(" ")[2]) < bound


def test_the_graph_is_one_that_onnx_reads() -> None:
    onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
    model = onnx.load_from_string(compute._matmul_graph())
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["MatMul"]


def test_the_graph_runs() -> None:
    ort = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    assert "CPUExecutionProvider within" in compute.onnxruntime()
    session = ort.InferenceSession(compute._matmul_graph(), providers=["CPUExecutionProvider"])
    left, right = compute._matrices()
    (found,) = session.run(None, {"left": left, "right": right})
    np.testing.assert_allclose(found, left @ right, rtol=1e-3, atol=1e-3)


def test_a_provider_that_does_not_start_is_named_and_nothing_takes_its_place(monkeypatch, capfd) -> None:
    ort = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    start, asked = ort.InferenceSession, []

    def session(graph, providers, **options):
        asked.append(options)
        if providers != ["CPUExecutionProvider"]:
            raise RuntimeError("libcudart.so.13: cannot open shared object file\nmore")
        return start(graph, providers=providers, **options)

    monkeypatch.setattr(ort, "get_available_providers", lambda: ["Broken", "CPUExecutionProvider"])
    monkeypatch.setattr(ort, "InferenceSession", session)
    said = compute.onnxruntime()
    assert said.startswith("Broken not usable: libcudart.so.13: cannot open shared object file, CPUExec")
    assert asked == [{"enable_fallback": 0}] * 2  # else it writes to stdout, and tries the CPU by itself
    assert capfd.readouterr().out == ""
