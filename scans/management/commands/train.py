import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scans.services.analyses import inference


class Command(BaseCommand):
    help = (
        "Train the model: the same as python -m ml.training.train, with the same arguments; "
        "`train --help` lists them. docs/training.md has the whole story."
    )
    requires_system_checks = []  # a machine that trains need not be one that serves

    def run_from_argv(self, argv: list[str]) -> None:
        """Pass all arguments after the command's name to the trainer, `--help` too."""
        try:
            status = inference.train(argv[2:])
        except ImportError as error:
            self.stderr.write(f"Training needs TensorFlow; install requirements.txt ({error}).")
            status = 1
        sys.exit(status)

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Start it from the command line: manage.py train --data DIR --out DIR.")
