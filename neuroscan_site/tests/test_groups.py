"""Tests of one group run in one process: real processes one after the other, a server once."""

import pytest

pytestmark = pytest.mark.xdist_group("groups")


def test_a_group_is_part_of_the_id_that_xdist_hands_out(request):
    """pytest-xdist 3.8 and pytest 9.2 do not agree where an id is kept: no group was one."""
    is_by_group = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@groups") == is_by_group
