from __future__ import annotations

from vtaplib.mirror.accounting import CollectorAccount, TapPointAccount
from vtaplib.mirror.count import Count
from vtaplib.mirror.verdict import Reason


def test_rates_are_in_bits_of_outer_frames() -> None:
    account = CollectorAccount()
    for second, octets in ((0, 125_000), (1, 375_000), (1, 125_000)):
        account.add(second, 1, octets)
    assert account.peak_mbit_per_second == 4.0
    assert account.average_mbit_per_second == 2.5


def test_a_collector_that_gets_nothing_has_no_load() -> None:
    account = CollectorAccount()
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
