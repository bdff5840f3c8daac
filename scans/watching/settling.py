"""Which files have stopped growing: seen unchanged for a while, by this process itself."""

import os
from dataclasses import dataclass, field

# Names of files that programs still write, whatever their sizes say.
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".download")


def is_unfinished(name: str) -> bool:
    """Whether the name says that a program has not finished writing the file, or hides it."""
    return name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED)


@dataclass(frozen=True)
class Signature:
    """What changes with a file: its size, the times of its bytes and of its entry, in ns."""

    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, stat: os.stat_result) -> "Signature":
        """Return that of a file."""
        return cls(stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


@dataclass
class Settling:
    """Remembers since when each file has looked the same.

    The clock of the machine that writes the files is not asked: on a network share it is another.
    """

    quiet_seconds: float
    _seen: dict[str, tuple[Signature, float]] = field(default_factory=dict)
    _found: set[str] = field(default_factory=set)

    def has_settled(self, path: str, signature: Signature, *, now: float) -> bool:
        """Whether the file at this path has been like this for the quiet time."""
        self._found.add(path)
        before, since = self._seen.get(path, (None, now))
        if before != signature:
            self._seen[path] = (signature, now)
            return False
        return now - since >= self.quiet_seconds

    def later(self, path: str, *, until: float) -> None:
        """Have the file wait until then, because it could not be stored or moved now."""
        if path in self._seen:
            signature, _ = self._seen[path]
            self._seen[path] = (signature, until - self.quiet_seconds)

    def forget_missing(self) -> None:
        """Forget the files that were not asked about since this was called last."""
        self._seen = {path: seen for path, seen in self._seen.items() if path in self._found}
        self._found = set()
