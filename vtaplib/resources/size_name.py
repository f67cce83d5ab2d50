"""The names of machine sizes, read by Azure's naming convention.

Azure, virtual machine sizes naming conventions: `[Family][Sub-family][vCPUs]-[constrained vCPUs][Additive
features]_[Accelerator]_[Memory]_[Version]`, as in `Standard_D2s_v5`, `Standard_E4-2ds_v5`,
`Standard_NC24ads_A100_v4`, `Standard_M96ds_2_v3`. A name that does not read so is none of Azure's. One that
does may still not exist: there are many hundreds, and more every month.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

FAMILIES: Final[Mapping[str, str]] = {
    "A": "entry level",
    "B": "burstable",
    "D": "general purpose",
    "DC": "general purpose, confidential",
    "DS": "general purpose with premium storage, as named up to the second generation",
    "E": "memory optimised",
    "EC": "memory optimised, confidential",
    "F": "compute optimised",
    "FX": "compute optimised, with more memory and higher clock",
    "G": "memory and storage optimised",
    "GS": "memory and storage optimised, with premium storage",
    "H": "high performance computing",
    "HB": "high performance computing, memory bandwidth",
    "HC": "high performance computing, dense computation",
    "HX": "high performance computing, large memory",
    "L": "storage optimised",
    "M": "memory optimised, large",
    "NC": "GPUs for computation",
    "NCC": "GPUs for computation, confidential",
    "ND": "GPUs for deep learning",
    "NG": "GPUs for games",
    "NM": "accelerators for media",
    "NP": "FPGAs",
    "NV": "GPUs for visualisation",
    "PB": "FPGAs, the first ones",
}
"""Families with their sub-families, and what Azure says that they are for (Azure, sizes for virtual machines;
the pages of previous generations for A, DS, G, GS, H and PB).
"""
FEATURES: Final = "abdeilmnoprstx"
"""The letters of additive features, such as `a` for AMD, `d` for a local disk, `s` for premium storage."""
_NAME: Final = re.compile(
    rf"""(?P<tier>standard|basic)_
    (?P<family>{"|".join(sorted(FAMILIES, key=len, reverse=True))})
    (?P<vcpus>0|[1-9]\d*)(?:-(?P<constrained>[1-9]\d*))?
    (?P<features>[{FEATURES}]*)
    (?:_cc)?                                                # a parent of confidential child machines
    (?P<accelerator>(?:_ndr)?_(?!v\d{{1,2}}(?:_|\Z))[a-z]+\d+[a-z]*)?
    (?:_(?P<memory>\d+))?
    (?:_v(?P<version>[1-9]\d?))?
    (?:_promo)?""",
    re.IGNORECASE | re.VERBOSE,
)


class SizeName(NamedTuple):
    """The parts of a size's name."""

    family: str
    """One of `FAMILIES`."""
    vcpus: int
    """The number in the name: the vCPUs, but in old families."""
    features: str
    """Letters of `FEATURES`, in lower case."""
    accelerator: str
    """As in `A100`; "" if it has none."""
    version: int
    """The generation, from 1."""

    @property
    def series(self) -> tuple[str, str, str, int]:
        """What the names of one series have in common: all but the number."""
        return self.family, self.features, self.accelerator, self.version


def parse_size_name(name: str) -> SizeName | None:
    """The parts of a name such as `Standard_D2s_v5`, whatever its case; None if it is not of Azure's form or
    of no family that Azure has.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return SizeName(
        family=match["family"].upper(),
        vcpus=int(match["vcpus"]),
        features=match["features"].lower(),
        accelerator=(match["accelerator"] or "").rpartition("_")[2].upper(),
        version=int(match["version"] or 1),
    )
