from __future__ import annotations

from vtaplib.mirror.accounting import TapPointAccount
from vtaplib.mirror.count import Count
from vtaplib.mirror.verdict import Reason


def test_an_account_that_does_not_add_up_is_seen() -> None:
    account = TapPointAccount()
    account.entered.add(2, 84)
    account.mirrored.add(1, 42)
    assert not account.is_balanced
    account.refuse(Reason.IPV6, 1, 41)
    assert not account.is_balanced
    account.not_mirrored[Reason.IPV6] = Count(1, 42)
    assert account.is_balanced
