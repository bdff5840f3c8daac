"""docs/configuration.md names every setting and no other; a missing one is told in a sentence."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z0-9_]+)")


def variables_of_settings() -> set[str]:
    """The first argument of each `env.<kind>("NAME", ...)` and `_renamed_int("NAME", ...)`."""
    tree = ast.parse((ROOT / "neuroscan_site" / "settings.py").read_text())
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and _reads_variable(call.func)
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def _reads_variable(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id == "_renamed_int"
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "env"
    )


def variables_of_gunicorn() -> set[str]:
    return set(
        re.findall(
            r"""os\.environ\.get\(["']([A-Z_0-9]+)["']""", (ROOT / "gunicorn.conf.py").read_text()
        )
    )


def variables_of_compose() -> set[str]:
    return set(COMPOSE_VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))


def documented() -> list[str]:
    page = (ROOT / "docs" / "configuration.md").read_text()
    return re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", page, re.MULTILINE)


def test_settings_are_found_at_all():
    assert {"SECRET_KEY", "NEUROSCAN_DATA_DIR", "DATABASE_URL"} <= variables_of_settings()
    assert "POSTGRES_PASSWORD" in variables_of_compose()


def test_every_variable_is_documented_once_and_none_is_made_up():
    exist = variables_of_settings() | variables_of_gunicorn() | variables_of_compose()
    assert sorted(documented()) == sorted(exist)


def test_the_example_for_compose_names_what_compose_reads():
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {match[1] for line in lines if (match := re.match(r"#?([A-Z][A-Z0-9_]*)=", line))}
    assert named == variables_of_compose()


def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in variables_of_settings() and not name.startswith("DJANGO")
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=inherited | env,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("command", ["check", "migrate", "runserver"])
def test_without_a_secret_key_nothing_starts_and_the_sentence_says_what_to_set(tmp_path, command):
    result = manage(command, DEBUG="0", NEUROSCAN_DATA_DIR=str(tmp_path))
    assert result.returncode != 0
    assert "no secret key. Set SECRET_KEY to a long random string" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_secret_key_file_that_is_not_there_is_named(tmp_path):
    result = manage(
        "check",
        NEUROSCAN_DATA_DIR=str(tmp_path),
        SECRET_KEY_FILE=str(tmp_path / "nowhere"),
    )
    assert result.returncode != 0
    assert f"SECRET_KEY_FILE names {tmp_path / 'nowhere'}" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_empty_secret_key_file_is_no_key(tmp_path):
    (tmp_path / "key").write_text("\n")
    result = manage(
        "check", NEUROSCAN_DATA_DIR=str(tmp_path), SECRET_KEY_FILE=str(tmp_path / "key")
    )
    assert result.returncode != 0
    assert "no secret key" in result.stderr
