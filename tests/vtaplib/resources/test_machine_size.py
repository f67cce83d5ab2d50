from __future__ import annotations

import pytest

from vtaplib.resources.machine_size import size_named, smallest_size


@pytest.mark.parametrize(
    ("megabits", "like", "interfaces", "expected"),
    [
        (800, "Standard_D16s_v3", 1, "Standard_D2s_v3"),
        (1000, "standard_d16S_v3", 1, "Standard_D2s_v3"),
        (1000.1, "Standard_D2s_v3", 1, "Standard_D4s_v3"),
        (800, "Standard_D2s_v3", 3, "Standard_D8s_v3"),
        (31_000, "Standard_D2s_v5", 1, "Standard_D96s_v5"),
        # Nothing in the family is fast enough, or published: then the lowest rate that is enough.
        (13_000, "Standard_DS1_v2", 1, "Standard_F16als_v6"),
        (100, "Standard_B1s", 1, "Standard_DS1_v2"),
        (5_000, "Standard_Z9", 1, "Standard_F2s_v2"),
        (100, None, 1, "Standard_DS1_v2"),
        (50_000, "Standard_D2s_v5", 1, None),
        (100, "Standard_D2s_v5", 9, None),
    ],
)
def test_the_smallest_size_that_carries_a_rate_is_of_the_same_family_where_one_is(
    megabits: float, like: str | None, interfaces: int, expected: str | None
) -> None:
    assert smallest_size(megabits, like, interfaces) == expected
    if expected is not None:
        found = size_named(expected)
        assert found is not None
        assert (found.megabits_per_second or 0) >= megabits
