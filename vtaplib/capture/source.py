"""Bytes of a capture, in large pieces: from a path, standard input or any binary stream, unzipped if need be.

What is gzip says so in its first bytes (RFC 1952, 2.3.1); the name of the file is not asked. A piece is
never larger than `PIECE`, however small the gzip file that it comes out of.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from typing import BinaryIO, TypeAlias

from vtaplib.errors import CaptureError, require_type, words_of

CaptureSource: TypeAlias = "str | os.PathLike[str] | BinaryIO"

PIECE = 1 << 18
"""Bytes asked for at a time: some three thousand small packets, so that no cost per piece is felt, and what
is made of them still fits a processor's cache."""

GZIP_MAGIC = b"\x1f\x8b"

# zlib's wbits for "a gzip header and trailer, largest window" (zlib manual, inflateInit2).
_GZIP = 16 + zlib.MAX_WBITS


class ByteSource:
    """A stream of bytes with a name.

    `read` returns the next piece, and `b""` at the end and ever after. `ended_inside_gzip` is true when the
    bytes ended before the gzip stream did. Errors of the file and of gzip are raised as `CaptureError`.
    """

    def __init__(self, source: CaptureSource) -> None:
        self.name = name_of(source)
        self.ended_inside_gzip = False
        self._owned: FileIO | None = None
        if isinstance(source, (str, os.PathLike)):
            if os.fspath(source) == "-":
                stream: BinaryIO | FileIO = sys.stdin.buffer
            else:
                try:
                    stream = self._owned = FileIO(source)
                except (OSError, ValueError) as error:
                    raise CaptureError(self.name, words_of(error)) from error
        else:
            if not hasattr(source, "read"):
                way_out = 'give its path, "-" for standard input, or a binary stream'
                require_type("a capture", source, (str, os.PathLike), way_out)
            stream = source
        # `read1` gives what a pipe has, where `read` would wait for a whole piece.
        self._read_stream: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._pushed_back = b""
        self._inflater: zlib._Decompress | None = None
        self._compressed = b""
        self._damage: CaptureError | None = None
        try:
            self._detect_gzip()
        except CaptureError:
            self.close()
            raise

    def read(self) -> bytes:
        """Return 1 to `PIECE` bytes, or `b""` at the end."""
        if self._inflater is not None and (piece := self._read_inflated()):
            return piece
        if self._damage is not None:
            raise self._damage
        return self._read_raw()

    def read_into(self, room: memoryview) -> int:
        """Put what comes next into `room`, of `PIECE` bytes or more, which a file that was opened here fills;
        returns how many bytes that are, 0 at the end.
        """
        if self._owned is not None and self._inflater is None and not self._pushed_back:
            try:
                return self._owned.readinto(room) or 0
            except (OSError, ValueError) as error:
                raise CaptureError(self.name, words_of(error)) from error
        piece = self.read()
        room[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._owned is not None:
            self._owned.close()
            self._owned = None

    def _detect_gzip(self) -> None:
        while len(self._pushed_back) < len(GZIP_MAGIC):
            piece = self._read_stream_once()
            if not piece:
                return
            self._pushed_back += piece
        if self._pushed_back.startswith(GZIP_MAGIC):
            self._inflater = zlib.decompressobj(_GZIP)

    def _read_raw(self) -> bytes:
        if self._pushed_back:
            piece, self._pushed_back = self._pushed_back, b""
            return piece
        return self._read_stream_once()

    def _read_stream_once(self) -> bytes:
        try:
            # A stream that does not block may have nothing just now; that is no end that could be told from
            # one.
            return self._read_stream(PIECE) or b""
        except (OSError, ValueError) as error:
            raise CaptureError(self.name, words_of(error)) from error

    def _read_inflated(self) -> bytes:
        """What comes next; up to where it is damaged, however much was read at a time."""
        while self._inflater is not None:
            if not self._compressed:
                self._compressed = self._read_raw()
                if not self._compressed:
                    self.ended_inside_gzip = True
                    self._inflater = None
                    # From here on `read` goes to the stream, which has ended.
                    return b""
            before = self._inflater.copy()
            try:
                piece = self._inflater.decompress(self._compressed, PIECE)
            except zlib.error as error:
                self._damage = CaptureError(self.name, f"its gzip data is damaged: {error}")
                self._inflater = None
                return _inflate_up_to_damage(before, self._compressed)
            if self._inflater.eof:
                self._compressed = self._next_member(self._inflater.unused_data)
            else:
                self._compressed = self._inflater.unconsumed_tail
            if piece:
                return piece
        return b""

    def _next_member(self, rest: bytes) -> bytes:
        """Start on the gzip member that follows the one just read (RFC 1952, 2.2); return its first bytes."""
        # Zeros may pad the file to a block of the medium that it was on.
        rest = rest.lstrip(b"\0")
        while len(rest) < len(GZIP_MAGIC) and (piece := self._read_raw()):
            rest = (rest + piece).lstrip(b"\0")
        if rest and not rest.startswith(GZIP_MAGIC):
            self._damage = CaptureError(self.name, "something that is not gzip follows its gzip data")
            rest = b""
        self._inflater = zlib.decompressobj(_GZIP) if rest else None
        return rest


def _inflate_up_to_damage(inflater: zlib._Decompress, compressed: bytes) -> bytes:
    """What can be had of gzip data in which there is damage: zlib itself keeps it when it reports that."""
    most, too_many = 0, PIECE + 1
    while too_many - most > 1:
        middle = (most + too_many) // 2
        try:
            inflater.copy().decompress(compressed, middle)
            most = middle
        except zlib.error:
            too_many = middle
    inflated = b""
    if most:
        inflated = inflater.decompress(compressed, most)
        compressed = inflater.unconsumed_tail
    # What is full looks for what follows, and meets the damage: the last octet is had if that is not there
    # yet.
    with suppress(zlib.error):
        for octet in compressed:
            inflated += inflater.decompress(bytes((octet,)))
    return inflated


def name_of(source: object) -> str:
    """Return what to call a source in messages: its path as given, or the stream's name."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return "standard input" if path == "-" else str(path)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "capture"
