"""The errors that vtap raises on purpose.

Every message names the thing, the value and the way out, so that it can be shown to a person as it is. An
exception that is not a `VtapError` is a bug of ours. `ArmError`, what a cloud refuses, stands beside its
reasons in `vtaplib.model.violation`.
"""

from __future__ import annotations

from collections.abc import Iterable
from reprlib import repr as excerpt

__all__ = [
    "CaptureError",
    "CollectorError",
    "FileError",
    "PacketError",
    "ReaderGoneError",
    "TruncatedCaptureError",
    "VtapError",
    "WrongTypeError",
]


class VtapError(Exception):
    """What everything that vtap raises on purpose derives from."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it says: each to be shown in a line of its own, with whatever is in it made visible."""
        return (str(self),)


class WrongTypeError(VtapError, TypeError):
    """A value of another type than the one that is asked for. Only Python can give one."""


class PacketError(VtapError):
    """Bytes that are not the packet they were taken for."""


class FileError(VtapError):
    """A file that cannot be written, or what it holds not read. `name` is the file as the user named it."""

    def __init__(self, name: str, trouble: str) -> None:
        super().__init__(f"{name}: {trouble}")
        self.name = name
        self.trouble = trouble


class CaptureError(FileError):
    """A capture file that cannot be read or written.

    `offset`, the byte in it (after decompression), and `record`, the packet counted from 1, say where the
    trouble begins, where that is known.
    """

    def __init__(
        self, name: str, trouble: str, *, offset: int | None = None, record: int | None = None
    ) -> None:
        super().__init__(name, trouble)
        self.offset = offset
        self.record = record


class TruncatedCaptureError(CaptureError):
    """A capture that ends in the middle of something; every record before it was whole and has been given.

    Of `expected` bytes, `present` are there from `offset` on. Where even the length is cut off, `expected` is
    what was needed to learn it.
    """

    def __init__(
        self, name: str, trouble: str, *, offset: int, record: int | None, present: int, expected: int
    ) -> None:
        super().__init__(name, trouble, offset=offset, record=record)
        self.present = present
        self.expected = expected


class CollectorError(VtapError):
    """A collector, sender or broker's stage that cannot do what it was asked to."""


class ReaderGoneError(CollectorError):
    """A pipe that frames are written into and nobody reads any more."""


def require_type(what: str, value: object, wanted: type | tuple[type, ...], way_out: str) -> None:
    """Raise `WrongTypeError` for a value that is of none of the types; `what` it is, and the `way_out`, what
    to give instead.
    """
    if not isinstance(value, wanted):
        raise WrongTypeError(f"{what} is {excerpt(value)}, of type {type(value).__name__}; {way_out}")


def texts_of(what: str, value: Iterable[str], way_out: str) -> tuple[str, ...]:
    """Several texts as a tuple. Raises `WrongTypeError` for one text, whose letters are not meant, and for
    what is not a text.
    """
    if isinstance(value, str):
        raise WrongTypeError(f"{what} is {excerpt(value)}, a single text; {way_out}")
    require_type(what, value, Iterable, way_out)
    texts = tuple(value)
    for one in texts:
        require_type(f"one of {what}", one, str, way_out)
    return texts


def words_of(error: OSError | ValueError) -> str:
    """Why the system refused something, as the middle of a sentence: its words, without the errno and the
    path, which messages have already.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error)
