"""Prepares database, files and releases before the first request; runs at each start."""

from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from scans.services.analyses.inference import ReleaseError
from scans.services.analyses.releases import sync_shipped_release


class Command(BaseCommand):
    help = (
        "Migrate the database, create the cache table and the S3 bucket where they are used, "
        "register the shipped model release, and create the demo clinics if NEUROSCAN_DEMO=1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        create_bucket()
        try:
            sync_shipped_release()
        except ReleaseError as error:
            raise CommandError(str(error)) from error
        if settings.DEMO:
            call_command("create_demo")


def create_bucket() -> None:
    """Create the bucket for medical files where S3 is used and does not have it yet."""
    name = getattr(default_storage, "bucket_name", None)
    if name is None:
        return  # files are on this machine's disk
    client = default_storage.connection.meta.client  # type: ignore[attr-defined]
    if name not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=name)
