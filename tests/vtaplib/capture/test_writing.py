"""Where captures are written, and what is left when something goes wrong."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.capture import CaptureWriter, PcapngWriter, PcapWriter, open_capture
from vtaplib.errors import CaptureError
from vtaplib.packets import block as blocks
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.copy_block import CopyBlock

FRAME = bytes(range(60))


def write_and_fail(target: Path) -> None:
    with PcapWriter(target) as writer:
        writer.write(0, FRAME)
        raise KeyboardInterrupt


def test_the_file_appears_only_when_it_is_closed(tmp_path: Path) -> None:
    target = tmp_path / "out.pcap"
    writer = PcapWriter(target, fsync=True)
    writer.write(0, FRAME)
    assert not target.exists()
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.pcap"]
    with open_capture(target) as reader:
        assert len(list(reader)) == 1


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(tmp_path / "out.pcap")
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "out.pcap"
    target.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_closing_twice_and_discarding_after_closing_do_nothing(tmp_path: Path) -> None:
    target = tmp_path / "out.pcap"
    writer = PcapWriter(target)
    writer.close()
    writer.close()
    writer.discard()
    assert target.stat().st_size == 24


def test_a_written_file_has_the_mode_that_others_have(tmp_path: Path) -> None:
    PcapWriter(tmp_path / "out.pcap").close()
    (tmp_path / "other").write_bytes(b"")
    assert stat.S_IMODE((tmp_path / "out.pcap").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "other").stat().st_mode
    )


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.pcap").symlink_to(tmp_path / "real.pcap")
    PcapWriter(tmp_path / "link.pcap").close()
    assert (tmp_path / "link.pcap").is_symlink()
    assert (tmp_path / "real.pcap").stat().st_size == 24


def test_a_device_is_written_to_and_stays_a_device() -> None:
    with PcapWriter(os.devnull) as writer:
        writer.write(0, FRAME)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_dash_is_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(output))
    with PcapWriter("-") as writer:
        assert writer.name == "standard output"
    assert len(output.getvalue()) == 24


def test_a_given_stream_stays_open() -> None:
    stream = io.BytesIO()
    with PcapWriter(stream) as writer:
        writer.write(0, FRAME)
    assert not stream.closed
    assert len(stream.getvalue()) == 24 + 16 + 60


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("", "is a directory; name a file in it"),
        ("none/out.pcap", "cannot be written: no such file or directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, target: str, words: str) -> None:
    with pytest.raises(CaptureError) as caught:
        PcapWriter(tmp_path / target)
    assert str(caught.value) == f"{tmp_path / target}: {words}"


def test_a_full_disk_is_told_in_words() -> None:
    writer = PcapWriter("/dev/full")
    with pytest.raises(CaptureError, match="/dev/full: cannot be written: no space left on device"):
        writer.close()


@pytest.mark.parametrize(
    ("timestamp_ns", "data", "original_length", "words"),
    [
        (-1, b"", 0, "time -1 is not within 0 and 4,294,967,295,999,999,999"),
        (2**32 * 10**9, b"", 0, "time 4,294,967,296,000,000,000 is not"),
        (0, bytes(262_145), 0, "length 262,145 is not within 0 and 262,144"),
        (0, b"", 2**32, "original length 4,294,967,296 is not within"),
    ],
)
def test_a_packet_that_the_format_cannot_hold_is_named(
    timestamp_ns: int, data: bytes, original_length: int, words: str
) -> None:
    with PcapWriter(io.BytesIO()) as writer:
        writer.write(0, FRAME)
        with pytest.raises(CaptureError) as caught:
            writer.write(timestamp_ns, data, original_length)
    assert caught.value.record == 2
    assert words in str(caught.value)


@pytest.mark.parametrize("comment", ["", "why"])
def test_a_time_that_pcapng_cannot_hold_is_named(comment: str) -> None:
    with PcapngWriter(io.BytesIO()) as writer:
        writer.add_interface()
        with pytest.raises(CaptureError, match="time 9,223,372,036,854,775,808 is not within"):
            writer.write(2**63, FRAME, comment=comment)


def test_an_interface_must_be_described_first() -> None:
    with (
        PcapngWriter(io.BytesIO()) as writer,
        pytest.raises(CaptureError, match="interface 0 is not described"),
    ):
        writer.write(0, FRAME)


@pytest.mark.parametrize("make", [PcapWriter, PcapngWriter])
def test_nothing_is_written_when_nothing_is_given(make: type[CaptureWriter]) -> None:
    stream = io.BytesIO()
    make(stream, fsync=False).close()
    assert list(open_capture(io.BytesIO(stream.getvalue()))) == []


def copies_of(*packets: tuple[int, bytes, int]) -> CopyBlock:
    """A block of what goes to outputs at some times."""
    copies = CopyBlock()
    for time_ns, data, output in packets:
        copies.add(time_ns, data, output)
    return copies


def test_copies_are_in_the_order_of_time_and_each_in_that_of_its_interface(tmp_path: Path) -> None:
    target = tmp_path / "out.pcapng"
    copies = copies_of(
        *[(at, data, 0) for at, data in ((10, b"a"), (30, b"b"), (20, b"c"), (40, b"d"))],
        *[(at, data, 1) for at, data in ((10, b"e"), (25, b"f"), (50, b"g"))],
    )
    copies.order_by_time(2)
    with PcapngWriter(target) as writer:
        writer.add_interface("first")
        writer.add_interface("second")
        writer.write_block(copies, interface=-1)
        assert writer.records == 7
    with open_capture(target) as reader:
        read = [(one.timestamp_ns, one.data, one.interface) for one in reader]
    # 20 came after 30 on its interface, and stays there.
    assert read == [
        (10, b"a", 0),
        (10, b"e", 1),
        (25, b"f", 1),
        (30, b"b", 0),
        (20, b"c", 0),
        (40, b"d", 0),
        (50, b"g", 1),
    ]


@pytest.mark.parametrize("make", [PcapWriter, PcapngWriter])
def test_a_packet_of_a_block_that_does_not_fit_is_an_error(make: type[CaptureWriter], tmp_path: Path) -> None:
    with make(tmp_path / "out", fsync=False) as writer:
        if isinstance(writer, PcapngWriter):
            writer.add_interface()
            with pytest.raises(CaptureError, match="interface 1 is not described"):
                writer.write_block(copies_of(), interface=1)
        with pytest.raises(CaptureError, match="record 2 cannot be written: time -1"):
            writer.write_block(copies_of((1, b"", 0), (-1, b"", 0)))
        with pytest.raises(CaptureError, match="record 2 cannot be written: original length 4,294,967,296 "):
            writer.write_block(PacketBlock.of([(1, FRAME, 1 << 32)]))


@pytest.mark.parametrize("writer_of", [PcapWriter, PcapngWriter])
def test_a_block_whose_packets_are_not_in_its_buffer_is_refused(writer_of: type[CaptureWriter]) -> None:
    block = PacketBlock.of([(0, FRAME, 60)])
    block.starts[0] = 1 << 40
    writer = writer_of(io.BytesIO(), fsync=False)
    if isinstance(writer, PcapngWriter):
        writer.add_interface()
    with pytest.raises(ValueError, match="does not lie in a buffer of 60"):
        writer.write_block(block)


@pytest.mark.parametrize("is_interpreted", [False, True])
@pytest.mark.parametrize("interface", [-5, 1 << 32])
def test_an_interface_that_a_pcapng_cannot_express_is_an_error(
    interface: int, is_interpreted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_interpreted:
        monkeypatch.setattr(blocks, "write", interpreted("capture_writing").write)
    block = PacketBlock.of([(0, FRAME, 60)])
    block.interfaces[0] = interface
    writer = PcapngWriter(io.BytesIO())
    writer.add_interface()
    with pytest.raises(CaptureError, match=f"record 1 cannot be written: interface {interface:,} is not"):
        writer.write_block(block, interface=-1)
