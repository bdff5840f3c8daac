"""How many associations there may be at once, together and of one sender: one stops nobody."""

import threading
from collections import defaultdict
from typing import Protocol


class _Running(Protocol):
    def is_alive(self) -> bool:
        """Whether it still runs."""
        ...


class Slots:
    """Counts what runs by the title of its sender. What has ended frees its place by itself."""

    def __init__(self, *, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._lock = threading.Lock()
        self._taken: dict[str, list[_Running]] = defaultdict(list)

    def take(self, title: str, one: _Running) -> bool:
        """Take a place for it; False where there is none."""
        with self._lock:
            for name, running in list(self._taken.items()):
                self._taken[name] = [other for other in running if other.is_alive()]
                if not self._taken[name]:
                    del self._taken[name]
            of_one = len(self._taken.get(title, ()))
            if of_one >= self._most_of_one or sum(map(len, self._taken.values())) >= self._most:
                return False
            self._taken[title].append(one)
            return True
