"""Who logs in to a machine, and what it is called: the names and passwords that azurerm refuses."""

from __future__ import annotations

import re
from typing import Annotated

from vtaplib.model.arguments import Name, NonEmpty
from vtaplib.model.marks import Length, Satisfies

FORBIDDEN_USERNAMES = frozenset(
    [
        "administrator",
        "admin",
        "user",
        "user1",
        "test",
        "user2",
        "test1",
        "user3",
        "admin1",
        "1",
        "123",
        "a",
        "actuser",
        "adm",
        "admin2",
        "aspnet",
        "backup",
        "console",
        "david",
        "guest",
        "john",
        "owner",
        "root",
        "server",
        "sql",
        "support",
        "support_388945a0",
        "sys",
        "test2",
        "test3",
        "user4",
        "user5",
    ]
)
FORBIDDEN_PASSWORDS = frozenset(
    [
        "abc@123",
        "P@$$w0rd",
        "P@ssw0rd",
        "P@ssword123",
        "Pa$$word",
        "pass@word1",
        "Password!",
        "Password1",
        "Password22",
        "iloveyou!",
    ]
)
FORBIDDEN_IN_COMPUTER_NAME = frozenset("\\/\"[]:|<>+=;,?*@&~!#$%^()_{}'")
CHARACTER_CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9_]")
LONGEST_LINUX_COMPUTER_NAME = 64
LONGEST_WINDOWS_COMPUTER_NAME = 15
"""The length of a NetBIOS name."""


def username_problem(value: str) -> str | None:
    """Why an account cannot have this name, or None."""
    return "is a name that Azure does not allow" if value.lower() in FORBIDDEN_USERNAMES else None


def windows_username_problem(value: str) -> str | None:
    """Why an account on Windows cannot have this name, or None."""
    return "must not end with a period" if value.endswith(".") else username_problem(value)


def password_problem(value: str) -> str | None:
    """Why this cannot be a password, whatever its length, or None."""
    if value in FORBIDDEN_PASSWORDS:
        return "is a password that Azure does not allow"
    if sum(bool(re.search(pattern, value)) for pattern in CHARACTER_CLASSES) >= 3:
        return None
    return "must have 3 of: a lower-case letter, an upper-case letter, a digit, a special character"


def linux_computer_name_problem(value: str) -> str | None:
    """Why a Linux machine cannot have this host name, or None."""
    if len(value) > LONGEST_LINUX_COMPUTER_NAME:
        return f"has {len(value)} characters, more than {LONGEST_LINUX_COMPUTER_NAME}"
    if found := sorted(set(value) & FORBIDDEN_IN_COMPUTER_NAME):
        return f"has characters that a host name cannot have: {' '.join(found)}"
    return "must not end with a period or a dash" if value.endswith((".", "-")) else None


def windows_computer_name_problem(value: str) -> str | None:
    """Why a Windows machine cannot have this host name, or None."""
    if len(value) > LONGEST_WINDOWS_COMPUTER_NAME:
        return f"has {len(value)} characters, more than {LONGEST_WINDOWS_COMPUTER_NAME}"
    if not re.fullmatch(r"[a-zA-Z0-9-]+", value):
        return "must contain only letters, digits and dashes"
    if value.isdigit():
        return "must not be digits only"
    return "must not end with a dash" if value.endswith("-") else None


LINUX_COMPUTER_NAMES = Satisfies(linux_computer_name_problem)
WINDOWS_COMPUTER_NAMES = Satisfies(windows_computer_name_problem)

LinuxUsername = Annotated[Name, Length(1, 64), Satisfies(username_problem)]
LinuxPassword = Annotated[str, Length(6, 72), Satisfies(password_problem)]
LinuxComputerName = Annotated[NonEmpty, LINUX_COMPUTER_NAMES]
WindowsUsername = Annotated[Name, Length(1, 20), Satisfies(windows_username_problem)]
WindowsPassword = Annotated[str, Length(8, 123), Satisfies(password_problem)]
WindowsComputerName = Annotated[NonEmpty, WINDOWS_COMPUTER_NAMES]
