from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vtaplib.mirror.accounting import CollectorAccount, TapPointAccount
from vtaplib.mirror.count import Count
from vtaplib.mirror.series import NANOSECONDS
from vtaplib.mirror.verdict import Reason

copies = st.lists(
    st.tuples(st.integers(-3 * NANOSECONDS, 9 * NANOSECONDS), st.integers(0, 100).map(bytes)), max_size=30
)


def receive(account: CollectorAccount, batch: list[tuple[int, bytes]]) -> None:
    account.receive([at for at, _ in batch], [copy for _, copy in batch])


@given(copies, st.integers(0, 30))
def test_the_load_of_a_second_is_the_sum_of_its_copies_however_they_come(
    received: list[tuple[int, bytes]], cut: int
) -> None:
    account = CollectorAccount()
    receive(account, received[:cut])
    receive(account, received[cut:])
    seconds: Counter[int] = Counter()
    for at, copy in received:
        seconds[at // NANOSECONDS] += len(copy)
    assert {second.second: second.octets for second in account} == dict(seconds)
    assert account.peak_octets == max(seconds.values(), default=0)
    assert account.frames == len(received)
    assert account.octets == sum(seconds.values())
    assert account.span == (max(seconds) - min(seconds) + 1 if seconds else 0)
    # Floating-point division may be off in the last place.
    assert account.average_mbit_per_second <= account.peak_mbit_per_second * (1 + 1e-12)


def test_rates_are_in_bits_of_outer_frames() -> None:
    account = CollectorAccount()
    receive(
        account, [(0, bytes(125_000)), (NANOSECONDS, bytes(375_000)), (2 * NANOSECONDS - 1, bytes(125_000))]
    )
    assert account.peak_mbit_per_second == 4.0
    assert account.average_mbit_per_second == 2.5


def test_a_collector_that_gets_nothing_has_no_load() -> None:
    account = CollectorAccount()
    receive(account, [])
    assert (account.peak_mbit_per_second, account.average_mbit_per_second, account.span) == (0.0, 0.0, 0)


def test_an_account_that_does_not_add_up_is_seen() -> None:
    account = TapPointAccount()
    account.entered.add(2, 84)
    account.mirrored.add(1, 42)
    assert not account.is_balanced
    account.refuse(Reason.IPV6, 1, 41)
    assert not account.is_balanced
    account.not_mirrored[Reason.IPV6] = Count(1, 42)
    assert account.is_balanced
