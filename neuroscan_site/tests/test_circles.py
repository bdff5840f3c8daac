"""No circle of files: what a file imports, for types only too, never leads back to it."""

from itertools import pairwise

import grimp
import pytest

from neuroscan_site.tests.circles import circles

PACKAGES = ("neuroscan_site", "accounts", "scans", "ml")


def test_there_are_0_circles_of_files():
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    found = circles(imports)
    assert len(imports) > 500
    assert len(found) == 0, "\n".join(" -> ".join(circle) for circle in found)


@pytest.mark.parametrize(
    ("imports", "count"),
    [
        ({"a": ["b"], "b": ["c"], "c": []}, 0),
        ({"a": ["b"], "b": ["a"]}, 1),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["e"], "e": ["d"]}, 2),
    ],
)
def test_circles_are_found_where_there_are_some(imports, count):
    found = circles(imports)
    assert len(found) == count
    for circle in found:
        assert circle[0] == circle[-1]
        assert all(later in imports[earlier] for earlier, later in pairwise(circle))
