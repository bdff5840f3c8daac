"""docs/extending.md is true: its recipe for a format is followed on a copy of the repository."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from ml.imaging.formats.tests import drawn_files

ROOT = Path(settings.BASE_DIR)
DOCUMENT = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
RECIPE = DOCUMENT.split("\n## Add a file format\n")[1].split("\n## ")[0]
# A block is about the file that the text before it names last.
BLOCK = re.compile(r"`([\w/]+\.\w+)`[^`]*\n```(python|diff)\n(.*?)```", re.DOTALL)
COPIED = ("ml", "scans/__init__.py", "scans/ingest")

INGEST = """
import json, sys
from ml.imaging.formats import Limits
from scans import ingest
limits = ingest.UploadLimits(Limits(max_bytes=10**6, max_pixels=10**6, min_side=64), 10**6, 10)
found = {}
for name in sys.argv[1:]:
    try:
        file = ingest.decode(open(name, "rb").read(), limits)
        found[name] = [file.metadata.media_type, *file.image.pixels.shape]
    except ingest.Refusal as refusal:
        found[name] = [refusal.code, refusal.detail]
found["offered"] = ingest.accepted_types()
print(json.dumps(found))
"""


@pytest.fixture
def copy(tmp_path):
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("shipped", "__pycache__"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    (tmp_path / "slice.bmp").write_bytes(drawn_files.saved(drawn_files.gray(), "BMP"))
    (tmp_path / "words.txt").write_text("words")
    (tmp_path / "slice.webp").write_bytes(drawn_files.refused()["webp"])
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ingested(folder: Path) -> dict[str, object]:
    done = run(folder, "-c", INGEST, "slice.bmp", "slice.webp", "words.txt")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def predicted(folder: Path) -> dict[str, object]:
    release = str(ROOT / "ml" / "shipped")
    done = run(folder, "-m", "ml.predict", "slice.bmp", "--json", "--release", release)
    return json.loads(done.stdout)


def follow(folder: Path, path: str, kind: str, text: str) -> None:
    """Do with a file what a block of the recipe says: write it, or change its lines."""
    target = folder / path
    if kind == "python":
        assert not target.exists(), f"{path} is there already"
        target.write_text(text, encoding="utf-8")
        return
    lines = text.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    before = target.read_text(encoding="utf-8")
    assert before.count(old) == 1, f"{path} does not hold, once:\n{old}"
    target.write_text(before.replace(old, new), encoding="utf-8")


@pytest.mark.long
def test_the_recipe_for_a_format_adds_it_everywhere(copy):
    blocks = [match.groups() for match in BLOCK.finditer(RECIPE)]
    assert len(blocks) == RECIPE.count("\n```\n") == 8
    before = ingested(copy)
    assert before["slice.bmp"][0] == "unsupported_format"
    assert before["slice.bmp"][1].startswith("This is a BMP file.")
    assert "BMP" not in before["words.txt"][1]
    assert ".bmp" not in before["offered"]

    for block in blocks:
        follow(copy, *block)

    after = ingested(copy)
    assert after["slice.bmp"] == ["image/bmp", drawn_files.HEIGHT, drawn_files.WIDTH]
    assert after["slice.webp"] == [
        "unsupported_format",
        "This is a WebP file. "
        "Upload the image as JPEG, PNG, GIF, TIFF, BMP, DICOM or NIfTI, or several in a ZIP.",
    ]
    assert "JPEG, PNG, GIF, TIFF, BMP, DICOM or NIfTI files" in after["words.txt"][1]
    assert ".bmp" in after["offered"]
    record = predicted(copy)
    assert record["error"] is None
    assert record["status"] in {"completed", "abstained"}
    unread = run(copy, "-c", "from ml.imaging.formats import unread; print(unread.UNREAD)")
    assert "WebP" in unread.stdout
    assert "BMP" not in unread.stdout
    tests = run(copy, "-m", "pytest", "-q", "-rA", "ml/imaging/formats")
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert "PASSED ml/imaging/formats/tests/test_bmp.py::test_a_truncated" in tests.stdout
