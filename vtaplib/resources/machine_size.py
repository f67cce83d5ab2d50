"""The sizes of machines: how many interfaces each may have, and how fast they are together.

Azure has many more sizes than are listed here; their names are read by `size_name`. Of a size that is not
listed, how many interfaces it may have and how fast they are is not known, and nothing is refused for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from vtaplib.resources.size_name import parse_size_name

PREFIX: Final = "Standard_"
_PREFIX: Final = PREFIX.lower()
_TABLE: Final = """
B1s B1ms                                  2
B2s B2ms                                  3
B4ms B8ms                                 4
B12ms                                     6
B16ms B20ms                               8
B2s_v2 B4s_v2 B8s_v2                      2   6250
B16s_v2 B32s_v2                           4   6250
DS1_v2                                    2    750
DS2_v2                                    2   1500
DS3_v2                                    4   3000
DS4_v2                                    8   6000
DS5_v2                                    8  12000
D2s_v3                                    2   1000
D4s_v3                                    2   2000
D8s_v3                                    4   4000
D16s_v3                                   8   8000
D32s_v3                                   8  16000
D48s_v3                                   8  24000
D64s_v3                                   8  30000
D2s_v5 D4s_v5 E2s_v5 E4s_v5               2  12500
D8s_v5 E8s_v5                             4  12500
D16s_v5 E16s_v5 E20s_v5                   8  12500
D32s_v5 E32s_v5                           8  16000
D48s_v5 E48s_v5                           8  24000
D64s_v5 E64s_v5                           8  30000
D96s_v5 E96s_v5                           8  35000
E96_v5                                    8  30000
F2s_v2                                    2   5000
F4s_v2                                    2  10000
F8s_v2 F16s_v2                            4  12500
F32s_v2                                   8  16000
F48s_v2                                   8  21000
F64s_v2                                   8  28000
F72s_v2                                   8  30000
D2s_v6 D4s_v6 E2s_v6 E4s_v6               2  12500
D8s_v6 E8s_v6                             4  12500
D16s_v6 E16s_v6                           8  12500
D32s_v6 E32s_v6                           8  16000
D48s_v6 E48s_v6                           8  24000
D64s_v6 E64s_v6                           8  30000
D96s_v6 E96s_v6                           8  41000
F2als_v6 F4als_v6                         2  12500
F8als_v6                                  4  12500
F16als_v6                                 8  16000
"""
"""Names without `Standard_`, the most interfaces, Mbit/s over all of them where published; from Azure's pages
per series.
"""
_VCPUS: Final = {"ds1_v2": 1, "ds2_v2": 2, "ds3_v2": 4, "ds4_v2": 8, "ds5_v2": 16}
"""Of sizes whose number is not that of their vCPUs; from Azure's page on the series."""
_WITHOUT_PREMIUM_STORAGE: Final = re.compile(r"(ds)(\d+_v2)|([de]\d+)s(_v[35])")
"""Names in whose series there is one more without the `s`, with the same network."""


class MachineSize(NamedTuple):
    """What a size says about a machine's network."""

    max_interfaces: int
    megabits_per_second: int | None
    """The most that its interfaces send together; None where it is not published."""
    vcpus: int


def size_named(name: str) -> MachineSize | None:
    """The size with a name such as `Standard_D2s_v5`, whatever its case; None if nothing is known of it."""
    key = name.lower()
    return _sizes().get(key.removeprefix(_PREFIX)) if key.startswith(_PREFIX) else None


def smallest_size(
    megabits_per_second: float, like: str | None = None, interfaces: int = 1, vcpus: int = 1
) -> str | None:
    """The smallest size whose published rate is at least this, and that has room for so many interfaces and
    so many vCPUs or more; None if none is known.

    The series of the size that it is to be like comes first, such as Dsv5: within one, the size with the
    smallest number; beyond it, that with the lowest rate.
    """
    series = _series(like) if like is not None else None
    fit = [
        (_series(PREFIX + name) != series, size.megabits_per_second, PREFIX + name)
        for name, size in _listed()
        if size.megabits_per_second is not None
        and size.megabits_per_second >= megabits_per_second
        and size.max_interfaces >= interfaces
        and size.vcpus >= vcpus
    ]
    if not fit:
        return None
    ours = [name for is_other, _, name in fit if not is_other]
    if ours:
        return min(ours, key=_number)
    return min(fit, key=lambda one: (one[1], _number(one[2]), one[2]))[2]


def _series(name: str) -> tuple[str, str, str, int] | None:
    parsed = parse_size_name(name)
    return None if parsed is None else parsed.series


def _number(name: str) -> int:
    parsed = parse_size_name(name)
    return 0 if parsed is None else parsed.vcpus


@cache
def _sizes() -> Mapping[str, MachineSize]:
    listed = {name.lower(): size for name, size in _listed()}
    return {sibling: size for key, size in listed.items() if (sibling := _sibling(key)) is not None} | listed


def _listed() -> Iterator[tuple[str, MachineSize]]:
    for line in _TABLE.strip().splitlines():
        names = [word for word in line.split() if not word.isdigit()]
        most, *speed = (int(word) for word in line.split() if word.isdigit())
        for name in names:
            vcpus = _VCPUS.get(name.lower()) or _number(PREFIX + name)
            yield name, MachineSize(most, speed[0] if speed else None, vcpus)


def _sibling(key: str) -> str | None:
    """The name without the `s`, of a size that has it."""
    match = _WITHOUT_PREMIUM_STORAGE.fullmatch(key)
    if match is None:
        return None
    old, number, start, generation = match.groups()
    return f"d{number}" if old else start + generation
