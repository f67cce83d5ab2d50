"""What another thread writes is in the file, in order, or its trouble is told and nothing is left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import pytest

from vtaplib.capture import PcapWriter, open_capture
from vtaplib.errors import FileError
from vtaplib.output_file import OutputFile
from vtaplib.packets.block import PacketBlock

PIECE = bytes(range(256)) * 4096


def write_behind(path: Path) -> None:
    with OutputFile(path) as file:
        file.write(b"first")
        written = [file.write_behind(memoryview(PIECE)) for _ in range(5)]
        file.write(b"last")
        assert all(one is not None and one.done() for one in written)


def test_what_is_written_behind_stands_between_what_was_written_before_and_after(tmp_path: Path) -> None:
    write_behind(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"first" + 5 * PIECE + b"last"


def test_a_child_process_writes_behind_too(tmp_path: Path) -> None:
    write_behind(tmp_path / "parent")
    child = os.fork()
    if child == 0:
        try:
            write_behind(tmp_path / "child")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert (tmp_path / "child").read_bytes() == (tmp_path / "parent").read_bytes()


class Full:
    """A disk that is full from the second piece on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._pieces = 0

    def write(self, data: bytes) -> int:
        self._pieces += 1
        if self._pieces > 1:
            raise OSError(28, os.strerror(28))
        return self._stream.write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@pytest.mark.parametrize("then", ["nothing", "write", "finish"])
def test_trouble_behind_is_told_and_nothing_is_left(
    tmp_path: Path, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = OutputFile._open
    monkeypatch.setattr(OutputFile, "_open", lambda file, path: Full(opened(file, path)))
    trouble = pytest.raises(FileError, match="out: cannot be written: no space left on device")
    with trouble, OutputFile(tmp_path / "out") as file:
        for _ in range(3):
            file.write_behind(memoryview(PIECE))
        if then == "write":
            file.write(b"last")
        elif then == "finish":
            file.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_discarded_waits_for_what_is_written_behind(tmp_path: Path) -> None:
    file = OutputFile(tmp_path / "out")
    file.open()
    for _ in range(20):
        file.write_behind(memoryview(PIECE))
    file.discard()
    assert list(tmp_path.iterdir()) == []


def test_captures_side_by_side_hold_what_was_written_into_each(tmp_path: Path) -> None:
    # So many and so long that all rooms are used over and over.
    packets = [[(number, bytes([which]) * 1500, 1500) for number in range(4000)] for which in range(3)]
    writers = [PcapWriter(tmp_path / f"{which}.pcap") for which in range(3)]
    for blocks in zip(*map(PacketBlock.many, packets), strict=True):
        for writer, block in zip(writers, blocks, strict=True):
            writer.write_block(block)
    for which, writer in enumerate(writers):
        writer.close()
        with open_capture(tmp_path / f"{which}.pcap") as reader:
            assert [one.data for one in reader] == [data for _, data, _ in packets[which]]
