"""OpenVINO, imported so that it keeps to itself. Nothing else here imports it directly.

As it ships, `import openvino` sends a usage event to its maker's analytics and leaves a client
number in the home directory, without asking. A clinic's worker sends nothing anywhere: with the
telemetry package hidden, OpenVINO uses a stub of its own that does nothing. NNCF does the same.
"""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
if "openvino" not in _modules:
    _modules["openvino_telemetry"] = None  # importing it now raises ImportError

import openvino  # noqa: E402
from openvino import opset13 as opset  # noqa: E402

__all__ = ["openvino", "opset"]
