from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.loops import packing

BOTH = [pytest.param(packing, id="as imported"), pytest.param(interpreted("packing"), id="interpreted")]
SLOT = 20


@pytest.mark.parametrize("loop", BOTH)
@given(st.lists(st.binary(max_size=SLOT + 5), max_size=12))
def test_datagrams_lie_one_behind_the_other_cut_to_their_slots(
    loop: ModuleType, datagrams: list[bytes]
) -> None:
    slots = b"".join(one[:SLOT].ljust(SLOT, b"\xa5") for one in datagrams)
    words = array("Q")
    for one in datagrams:
        words.extend([1, 16, 3, 4, 5, 32, 0x20, len(one) | 7 << 32])
    offsets = array("q", [-1] * len(datagrams))
    total = loop.packed_length(words, len(datagrams), SLOT)
    out = bytearray(total)
    assert loop.pack(slots, words, len(datagrams), SLOT, out, offsets) == total
    assert bytes(out) == b"".join(one[:SLOT] for one in datagrams)
    assert list(offsets) == [sum(len(one[:SLOT]) for one in datagrams[:at]) for at in range(len(datagrams))]
    # The messages can be received into again (recvmmsg(2)): lengths of addresses and control octets, flags.
    for at, one in enumerate(datagrams):
        assert list(words[8 * at : 8 * at + 8]) == [1, 32, 3, 4, 5, 64, 0, len(one) | 7 << 32]
