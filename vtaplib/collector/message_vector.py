"""Vectors of messages, recvmmsg(2) and sendmmsg(2): many datagrams in one system call.

The calls go through ctypes, which lets other threads run meanwhile and needs no compiler. Structures are
those of Linux on 64-bit machines (<bits/types/struct_msghdr.h>, <bits/types/struct_iovec.h>).
"""

from __future__ import annotations

import ctypes
import os


class IoVector(ctypes.Structure):
    """`struct iovec`: where some octets lie."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class MessageHeader(ctypes.Structure):
    """`struct msghdr`: a message's address, pieces and control octets."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(IoVector)),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Message(ctypes.Structure):
    """`struct mmsghdr`: a message, and how many octets of it came or went."""

    _fields_ = (("header", MessageHeader), ("length", ctypes.c_uint32))


_libc = ctypes.CDLL(None, use_errno=True)


def receive_messages(
    descriptor: int, messages: ctypes.Array[Message], first: int, count: int, flags: int = 0
) -> int:
    """Receive up to `count` messages into those from number `first` on; returns how many came. Raises
    `OSError`, among them `BlockingIOError` and `InterruptedError`.
    """
    start = ctypes.byref(messages, first * ctypes.sizeof(Message))
    return _checked(_libc.recvmmsg(descriptor, start, count, flags, None))


def send_messages(
    descriptor: int, messages: ctypes.Array[Message], first: int, count: int, flags: int = 0
) -> int:
    """Send up to `count` messages from number `first` on; returns how many went. Raises `OSError`."""
    start = ctypes.byref(messages, first * ctypes.sizeof(Message))
    return _checked(_libc.sendmmsg(descriptor, start, count, flags))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
