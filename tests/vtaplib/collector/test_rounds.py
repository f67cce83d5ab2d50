from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.vtaplib.collector.payload_pieces import octets_of, pieces_of
from vtaplib.collector.payloads import Payloads
from vtaplib.collector.rounds import rounds
from vtaplib.errors import CollectorError


def rounds_of(
    read: Callable[[], Iterator[Payloads]],
    how_many: int,
    start_anew: Callable[[], None] = lambda: None,
    *,
    can_be_read_again: bool = False,
) -> Iterator[Payloads]:
    return rounds(read, how_many, start_anew, name="a pipe", can_be_read_again=can_be_read_again)


@pytest.mark.parametrize("times", [1, 2, 5])
def test_rounds_have_the_same_packets_and_begin_anew(times: int) -> None:
    begun: list[int] = []
    came = octets_of(rounds_of(lambda: pieces_of(b"one", b"two"), times, lambda: begun.append(1)))
    assert came == [b"one", b"two"] * times
    assert len(begun) == times - 1


def test_rounds_without_end_of_nothing_end() -> None:
    assert octets_of(rounds_of(pieces_of, 0)) == []


def test_what_is_too_large_to_keep_is_read_again_from_a_file_and_refused_from_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vtaplib.collector.rounds.MOST_KEPT", 150)
    reads: list[int] = []

    def read() -> Iterator[Payloads]:
        reads.append(1)
        return pieces_of(b"one", b"two", b"three")

    assert octets_of(rounds_of(read, 3, can_be_read_again=True)) == [b"one", b"two", b"three"] * 3
    assert len(reads) == 3
    with pytest.raises(CollectorError, match="write it to a file first"):
        octets_of(rounds_of(read, 3))
