"""libpcap's compiler of filter expressions (pcap-filter(7)), through ctypes.

Structures are those of <pcap/bpf.h>. Only the compiler is used; programs run without libpcap.
"""

from __future__ import annotations

import ctypes
from array import array
from ctypes.util import find_library
from threading import Lock
from typing import NamedTuple

from vtaplib.capture.record import ETHERNET, MAX_PACKET_LENGTH
from vtaplib.errors import CollectorError

NETMASK_UNKNOWN = 0xFFFFFFFF
"""PCAP_NETMASK_UNKNOWN: only "ip broadcast" asks for it."""

NAMES = ("libpcap.so.0.8", "libpcap.so.1")
"""Debian's name of it, and the name that its own build gives."""

# Older releases of libpcap keep the state of their compiler in one place.
_compiling = Lock()


class _Instruction(ctypes.Structure):
    """`struct bpf_insn`."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("constant", ctypes.c_uint32),
    )


class BpfProgram(ctypes.Structure):
    """`struct bpf_program`."""

    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction)))


class Program(NamedTuple):
    """A program of BPF in columns; `constants` are unsigned."""

    codes: array[int]
    if_true: array[int]
    if_false: array[int]
    constants: array[int]


def compile_expression(expression: str) -> Program:
    """The program that selects the Ethernet frames which an expression describes.

    Raises `CollectorError` with libpcap's own words for what it does not understand, and where it is not
    installed.
    """
    if "\0" in expression:
        raise CollectorError(f"filter {expression!r}: an expression cannot have a zero octet in it")
    library = load()
    with _compiling:
        dead = library.pcap_open_dead(ETHERNET, MAX_PACKET_LENGTH)
        if not dead:
            raise CollectorError(f"filter {expression!r}: libpcap has no memory to compile it in")
        try:
            program = BpfProgram()
            if library.pcap_compile(
                dead, ctypes.byref(program), expression.encode(errors="replace"), 1, NETMASK_UNKNOWN
            ):
                trouble = library.pcap_geterr(dead).decode(errors="replace")
                raise CollectorError(
                    f"filter {expression!r}: libpcap says {trouble!r}; see pcap-filter(7) for what there is"
                )
            try:
                return _columns(program)
            finally:
                library.pcap_freecode(ctypes.byref(program))
        finally:
            library.pcap_close(dead)


def _columns(program: BpfProgram) -> Program:
    """A copy of a program: what is indexed out of a pointer still lies where libpcap has it."""
    instructions = program.instructions[: program.length]
    return Program(
        array("q", [one.code for one in instructions]),
        array("q", [one.if_true for one in instructions]),
        array("q", [one.if_false for one in instructions]),
        array("Q", [one.constant for one in instructions]),
    )


def load() -> ctypes.CDLL:
    """The library. Raises `CollectorError` where there is none."""
    for name in (*NAMES, find_library("pcap")):
        if name is None:
            continue
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.pcap_open_dead.restype = ctypes.c_void_p
        library.pcap_compile.argtypes = (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_uint32,
        )
        library.pcap_geterr.argtypes = (ctypes.c_void_p,)
        library.pcap_geterr.restype = ctypes.c_char_p
        library.pcap_freecode.argtypes = (ctypes.c_void_p,)
        library.pcap_close.argtypes = (ctypes.c_void_p,)
        return library
    raise CollectorError(
        "filter: libpcap, which compiles expressions, is not installed; on Debian and Ubuntu: "
        "apt install libpcap0.8, on Fedora: dnf install libpcap"
    )
