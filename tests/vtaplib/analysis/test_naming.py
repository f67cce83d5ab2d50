from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.analysis.naming import distinct_names, file_stem

NAMES = st.sampled_from(["nic", "NIC", "nic-2", "a", "b"])
IDS = st.builds(
    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/networkInterfaces/{}".format,
    st.sampled_from(["s1", "s2"]),
    NAMES,
    NAMES,
)


@given(st.lists(IDS, unique_by=str.lower))
def test_names_tell_things_apart_also_without_case(resource_ids: list[str]) -> None:
    names = distinct_names(resource_ids)
    assert names.keys() == set(resource_ids)
    assert len({name.lower() for name in names.values()}) == len(resource_ids)


@given(st.lists(IDS, unique_by=str.lower))
def test_a_name_is_the_end_of_the_id_and_no_longer_than_it_must_be(resource_ids: list[str]) -> None:
    for one, name in distinct_names(resource_ids).items():
        _, _, subscription, _, group, *_, last = one.split("/")
        length = name.count("/") + 1
        assert "/".join((subscription, group, last)[-length:]) == name
        if length > 1:
            others = [other for other in resource_ids if other != one]
            assert any(other.lower().endswith(f"/{last.lower()}") for other in others)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("nic-collector", "nic-collector"),
        ("rg/nic", "rg+nic"),
        ("rg(1)/nic_a.b", "rg%281%29+nic_a.b"),
        ("a\\b/a+b", "a%5Cb+a%2Bb"),
    ],
)
def test_a_stem_is_a_file_name_everywhere(name: str, stem: str) -> None:
    assert file_stem(name) == stem


STEPS = st.text("ab+%/_é", max_size=6)


@given(STEPS, STEPS)
def test_two_names_never_share_a_stem(one: str, other: str) -> None:
    assert (file_stem(one) == file_stem(other)) == (one == other)
    assert "/" not in file_stem(one)
