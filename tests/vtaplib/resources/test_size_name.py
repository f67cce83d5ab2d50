from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.resources.size_name import FAMILIES, FEATURES, SizeName, parse_size_name


def expanded(pattern: str) -> Iterator[str]:
    """Every name that a pattern with {a,b} stands for."""
    pieces = [piece.split(",") for piece in re.split(r"[{}]", pattern)]
    yield from map("".join, product(*pieces))


NAMES: Final = [
    name if name.startswith("Basic_") else f"Standard_{name}"
    for line in (Path(__file__).parent / "size_names.txt").read_text().splitlines()
    if not line.startswith("#")
    for pattern in line.split()
    for name in expanded(pattern)
]


def test_every_size_of_the_catalogue_is_read_whatever_its_case() -> None:
    assert len(NAMES) == len(set(NAMES)) > 1000
    assert [name for name in NAMES if parse_size_name(name) is None] == []
    for name in NAMES:
        assert parse_size_name(name.upper()) == parse_size_name(name.lower()) == parse_size_name(name)


def test_the_catalogue_has_sizes_of_every_family_and_with_every_feature() -> None:
    parsed = [size for name in NAMES if (size := parse_size_name(name)) is not None]
    assert {size.family for size in parsed} == FAMILIES.keys()
    assert {letter for size in parsed for letter in size.features} == set(FEATURES)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Standard_F4", SizeName("F", 4, "", "", 1)),
        ("Standard_B1ls", SizeName("B", 1, "ls", "", 1)),
        ("Standard_E2bds_v5", SizeName("E", 2, "bds", "", 5)),
        ("Standard_DC2as_v5", SizeName("DC", 2, "as", "", 5)),
        ("Standard_DS14-8_v2", SizeName("DS", 14, "", "", 2)),
        ("Standard_E4-2ds_v5", SizeName("E", 4, "ds", "", 5)),
        ("Standard_M416-208ms_v2", SizeName("M", 416, "ms", "", 2)),
        ("Standard_M96ds_2_v3", SizeName("M", 96, "ds", "", 3)),
        ("Standard_NC24ads_A100_v4", SizeName("NC", 24, "ads", "A100", 4)),
        ("Standard_NG32ads_V620_v1", SizeName("NG", 32, "ads", "V620", 1)),
        ("Standard_ND128isr_NDR_GB200_v6", SizeName("ND", 128, "isr", "GB200", 6)),
        ("Standard_DS2_v2_Promo", SizeName("DS", 2, "", "", 2)),
        ("Basic_A0", SizeName("A", 0, "", "", 1)),
    ],
)
def test_a_name_has_parts(name: str, parts: SizeName) -> None:
    assert parse_size_name(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Standard_",
        "D2s_v5",
        "Standard-D2s-v5",
        "Standard_D2sv5",
        "Standard_D2s_v",
        "Standard_D2s_v0",
        "Standard_D02s_v5",
        "Standard_Ds_v5",
        "Standard_X2s_v5",
        "Standard_D2sz_v5",
        "Standard_D2s_v5 ",
        "Standard_D2s_v5\n",
        "Standard_D2s_v5_Standard_D2s_v5",
        "Premium_D2s_v5",
        "Small",
    ],
)
def test_what_is_not_of_that_form_is_no_name_of_a_size(name: str) -> None:
    assert parse_size_name(name) is None


@given(
    st.sampled_from(sorted(FAMILIES)),
    st.integers(1, 2000),
    st.text(st.sampled_from(FEATURES), max_size=4),
    st.sampled_from(["", "_A100", "_MI300X"]),
    st.integers(1, 20),
)
def test_the_parts_make_the_name(
    family: str, vcpus: int, features: str, accelerator: str, version: int
) -> None:
    parsed = parse_size_name(f"Standard_{family}{vcpus}{features}{accelerator}_v{version}")
    assert parsed == SizeName(family, vcpus, features, accelerator.removeprefix("_"), version)


def test_the_series_is_what_is_common_to_sizes_of_any_number() -> None:
    small, large, other = map(parse_size_name, ["Standard_D2s_v5", "standard_d96S_V5", "Standard_D2_v5"])
    assert small is not None
    assert large is not None
    assert other is not None
    assert small.series == large.series != other.series
