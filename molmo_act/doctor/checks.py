"""The checks by name: what each runs, what it needs, and what installs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from molmo_act._install import install_command
from molmo_act.doctor import compute, desktop, media, ros


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: As in reports and in ``--for``.
        group: See `Finding.group`.
        package: Distribution that it tries, as pip calls it; "" for none.
        run: Runs a real kernel or call, compares its result, and says in one line what that was. Raises
            `AbsentError` where the machine has nothing to run it on, and anything else where it fails.
        extra: Extra of molmo-act that installs the package; None for one that is always there.
        install: Command that installs what pip does not; None for none.
    """

    name: str
    group: str
    package: str
    run: Callable[[], str]
    extra: str | None = None
    install: str | None = None

    def fix(self) -> str:
        """Says how to install it."""
        if self.install is not None:
            return self.install
        if self.extra is None:
            return f"pip install {self.package}"
        return install_command(self.extra)


_APT = "sudo apt install {}"
TRANSFORMERS = None if sys.version_info >= (3, 11) else "pip install onnxruntime tokenizers"
"""transformers needs Python 3.11; older ones run exported models."""
CHECKS = {
    check.name: check
    for check in (
        Check("torch-cpu", "compute", "torch", compute.torch_cpu),
        Check("torch-cuda", "compute", "torch", compute.torch_cuda),
        Check("cuda-graph", "compute", "torch", compute.cuda_graph),
        Check("transformers", "compute", "transformers", compute.transformers, install=TRANSFORMERS),
        Check("nf4", "compute", "bitsandbytes", compute.nf4, "quant"),
        Check("int8", "compute", "bitsandbytes", compute.int8, "quant"),
        Check(
            "onnxruntime", "compute", "onnxruntime", compute.onnxruntime
        ),  # its extra would bring torch along
        Check("tokenizers", "compute", "tokenizers", compute.tokenizers),
        Check("rates", "compute", "", compute.rates),
        Check("video", "media", "av", media.video, "video"),
        Check("opencv", "media", "opencv-python-headless", media.opencv, "video"),
        Check("rclpy", "ros", "ros-jazzy-rclpy", ros.rclpy, "ros"),
        Check(
            "interfaces",
            "ros",
            "molmo_act_interfaces",
            ros.interfaces,
            install=f"{install_command('ros,ros-build')} and then, in a checkout: "
            "pip install --no-build-isolation --no-deps ros_nodes/molmo_act_interfaces",
        ),
        Check("session", "desktop", "", desktop.session),
        Check("capture", "desktop", "mss", desktop.capture, "gui"),
        Check("input", "desktop", "pyautogui", desktop.pointer, "gui"),
        Check("clipboard", "desktop", "", desktop.clipboard, install=_APT.format("xclip")),
        Check("mcp", "desktop", "mcp", desktop.mcp, "agents"),
    )
}
