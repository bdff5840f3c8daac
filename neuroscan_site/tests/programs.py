"""Programs that some tests need and that are no Python packages: where they are, if they are."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def find_chromium() -> str | None:
    # The shell draws no window around the page, which costs as much as the page itself.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def find_firefox() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


def find_postgres() -> str | None:
    """The folder with `initdb` and `postgres`; Debian keeps it off the PATH."""
    found = shutil.which("initdb")
    if found:
        return str(Path(found).parent)
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    return str(newest.parent) if newest else None


def find_redis() -> str | None:
    return shutil.which("redis-server")


def find_npm() -> str | None:
    return shutil.which("npm") if shutil.which("node") else None


def find_dcmtk() -> str | None:
    return shutil.which("storescu")


def find_orthanc() -> str | None:
    """Orthanc, off the PATH of plain users; its DICOMweb plugin is a package of its own."""
    has_plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so").exists()
    return shutil.which("Orthanc", path="/usr/sbin:/usr/bin") if has_plugin else None


@dataclass(frozen=True)
class Program:
    name: str
    debian_package: str
    find: Callable[[], str | None]

    def missing(self) -> str:
        """Why a test cannot run; empty if it can."""
        if self.find():
            return ""
        return f"{self.name} is not installed (on Debian: apt install {self.debian_package})"


BY_MARKER = {
    "browser": Program("Chromium", "chromium", find_chromium),
    "postgres": Program("PostgreSQL", "postgresql", find_postgres),
    "node": Program("Node.js", "nodejs npm", find_npm),
    "firefox": Program("Firefox", "firefox-esr", find_firefox),
    "dcmtk": Program("dcmtk", "dcmtk", find_dcmtk),
    "orthanc": Program("Orthanc with DICOMweb", "orthanc orthanc-dicomweb", find_orthanc),
    "redis": Program("Redis", "redis-server", find_redis),
}
