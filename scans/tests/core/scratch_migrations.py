"""A migration that a later version might bring, applied to the test database and taken back.

It stands beside the real ones, so that `manage.py migrate` finds it as it finds those.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

import scans.migrations

REAL = Path(scans.migrations.__file__).parent


def newest() -> str:
    ((_, name),) = MigrationLoader(connection).graph.leaf_nodes("scans")
    return name


@contextmanager
def scratch_migration(
    folder: Path, operations: str, *, code: str = "", then: str = ""
) -> Iterator[None]:
    """A migration that `migrate` knows inside; taken back at the end.

    `operations` is the source of the list's entries, `then` that of a second migration; `code`
    stands before the class.
    """
    before = newest()
    package = folder / f"scratch_{uuid4().hex}"
    package.mkdir()
    (package / "__init__.py").write_text(f"__path__ = [{str(package)!r}, {str(REAL)!r}]\n")
    _write(package / "9998_scratch.py", operations, code=code, after=before)
    if then:
        _write(package / "9999_then.py", then, code=code, after="9998_scratch")
    with override_settings(MIGRATION_MODULES={"scans": package.name}):
        try:
            yield
        finally:
            migrate(before)


def _write(path: Path, operations: str, *, code: str, after: str) -> None:
    path.write_text(
        f"from django.db import migrations, models\n{code}\n"
        "class Migration(migrations.Migration):\n"
        f"    dependencies = [('scans', {after!r})]\n"
        f"    operations = [{operations}]\n"
    )


def migrate(target: str | None = None) -> None:
    """As an operator types it: signals and all. Without a target, to the newest."""
    to = ["scans", target] if target else []
    call_command("migrate", *to, verbosity=0, interactive=False)
