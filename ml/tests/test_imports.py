"""What the web process may import, and what nothing in here may."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_what_the_web_process_imports_loads_no_tensorflow_and_no_django():
    loaded = loaded_after("import ml.overlay, ml.releases, ml.predictor, ml.engines, ml.phantom")

    assert not loaded & {"tensorflow", "keras", "h5py", "django"}


def test_no_module_of_ml_imports_django():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "ml").rglob("*.py")
        if "tests" not in path.parts and path.name != "__init__.py"
    ]

    loaded = loaded_after(f"import {', '.join(modules)}")

    assert {"ml", "tensorflow"} <= loaded
    assert not loaded & {"django", "accounts", "scans", "neuroscan_site"}
