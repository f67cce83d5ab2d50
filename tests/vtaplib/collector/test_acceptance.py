from __future__ import annotations

import pytest

from vtaplib.collector import Acceptance, DatagramRefusal
from vtaplib.collector.acceptance import VERDICTS
from vtaplib.errors import CollectorError
from vtaplib.loops import decapsulation


def test_every_verdict_of_the_loop_but_that_of_taking_has_a_reason_of_its_own() -> None:
    assert sorted(VERDICTS) == list(range(decapsulation.TAKEN + 1, decapsulation.REASONS))
    assert set(VERDICTS.values()) == set(DatagramRefusal)


def test_malformed_is_what_would_be_refused_from_anybody() -> None:
    assert [one for one in DatagramRefusal if one.is_malformed] == [
        DatagramRefusal.TOO_SHORT,
        DatagramRefusal.NO_VNI,
        DatagramRefusal.RUNT,
    ]


@pytest.mark.parametrize("vni", [-1, 1 << 24])
def test_a_vni_that_cannot_be_is_refused(vni: int) -> None:
    with pytest.raises(CollectorError, match=rf"^VNI {vni}: cannot be; VNIs are 0 to 16777215$"):
        Acceptance(vnis=frozenset({3, vni}))


@pytest.mark.parametrize("length", [13, 65500])
def test_a_largest_frame_that_cannot_be_is_refused(length: int) -> None:
    with pytest.raises(
        CollectorError, match=rf"^largest frame {length}: cannot be; it has 14 to 65499 octets$"
    ):
        Acceptance(max_frame=length)
