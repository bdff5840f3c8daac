"""What the web process may import, and what nothing in here may."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


def loaded_after(statement: str, **environment: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_what_the_web_process_imports_loads_no_tensorflow_and_no_django():
    loaded = loaded_after(
        "import ml.engines, ml.imaging.formats, ml.imaging.overlay, ml.imaging.phantom, "
        "ml.predictor, ml.release.releases"
    )

    assert not loaded & {"tensorflow", "keras", "h5py", "openvino", "nncf", "django"}


def test_a_worker_on_openvino_loads_no_tensorflow_and_sends_nothing_anywhere(tmp_path):
    """As it ships, importing OpenVINO leaves a number in the home directory and sends an event."""
    statement = """
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        raise AssertionError(event)
sys.addaudithook(refuse)
from pathlib import Path
from ml.imaging.phantom import draw_phantom
from ml.predictor import Predictor
predictor = Predictor.load(Path("ml/shipped"), engine="openvino-f32")
result = predictor.predict(draw_phantom(seed=1))
assert result.engine == "openvino-f32", result
"""

    loaded = loaded_after(statement, HOME=str(tmp_path))

    assert "openvino" in loaded
    assert not loaded & {"tensorflow", "keras", "h5py", "nncf", "django"}
    assert not list(tmp_path.iterdir())


def test_no_module_of_ml_imports_django():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "ml").rglob("*.py")
        if "tests" not in path.parts and path.name != "__init__.py"
    ]

    loaded = loaded_after(f"import {', '.join(modules)}")

    assert {"ml", "tensorflow"} <= loaded
    assert not loaded & {"django", "accounts", "scans", "neuroscan_site"}
