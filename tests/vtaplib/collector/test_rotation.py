from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.collector.blocks import SECOND, START_NS, block_of, frame_of
from vtaplib.capture import open_capture
from vtaplib.collector.output import Output
from vtaplib.collector.rotation import RotatingCapture
from vtaplib.errors import CollectorError


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now_ns: int = START_NS) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def frames_in(path: Path) -> list[bytes]:
    with open_capture(path) as reader:
        return [record.data for record in reader]


def frames_in_all(folder: Path) -> list[list[bytes]]:
    return [frames_in(path) for path in sorted(folder.iterdir())]


def test_it_is_an_output(tmp_path: Path) -> None:
    output: Output = RotatingCapture(tmp_path / "one.pcapng")
    output.close()


def test_a_single_file_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    capture = RotatingCapture(tmp_path / "one.pcapng")
    capture.write(block_of([frame_of(1), frame_of(2)]))
    assert names(tmp_path) == ["one.pcapng.part"]
    assert frames_in(tmp_path / "one.pcapng.part") == [frame_of(1), frame_of(2)]
    capture.close()
    capture.close()
    assert names(tmp_path) == ["one.pcapng"]
    assert (capture.taken.frames, capture.taken.octets, capture.lost) == (2, 128, {})


def test_a_single_file_without_a_packet_is_an_empty_capture(tmp_path: Path) -> None:
    RotatingCapture(tmp_path / "one.pcapng").close()
    assert frames_in(tmp_path / "one.pcapng") == []


def test_a_single_file_that_is_there_moves_aside(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        capture = RotatingCapture(tmp_path / "one.pcapng")
        capture.write(block_of([frame_of(number)]))
        capture.close()
        os.utime(tmp_path / "one.pcapng", (1_700_000_000 + number, 1_700_000_000 + number))
    assert names(tmp_path) == [
        "one-20231114T221321Z-000001.pcapng",
        "one-20231114T221322Z-000002.pcapng",
        "one.pcapng",
    ]
    assert frames_in_all(tmp_path) == [[frame_of(1)], [frame_of(2)], [frame_of(3)]]


def test_a_folder_gets_files_with_their_time_and_number(tmp_path: Path) -> None:
    clock = Clock()
    capture = RotatingCapture(tmp_path, rotate_octets=500, clock=clock)
    assert names(tmp_path) == []
    for number in range(6):
        capture.write(block_of([frame_of(number)], first=number))
        clock.now_ns += SECOND
    capture.close()
    assert names(tmp_path) == [
        "vtap-20231114T221320Z-000001.pcapng",
        "vtap-20231114T221324Z-000002.pcapng",
    ]
    assert frames_in_all(tmp_path) == [
        [frame_of(number) for number in part] for part in ((0, 1, 2, 3), (4, 5))
    ]
    assert [(one.path.name, one.frames, one.octets) for one in capture.finished] == [
        ("vtap-20231114T221320Z-000001.pcapng", 4, 256),
        ("vtap-20231114T221324Z-000002.pcapng", 2, 128),
    ]
    assert [one.size for one in capture.finished] == [one.path.stat().st_size for one in capture.finished]


def test_a_name_of_a_capture_is_that_of_its_files_where_there_are_several(tmp_path: Path) -> None:
    capture = RotatingCapture(tmp_path / "new" / "lab.pcapng", rotate_seconds=60, clock=Clock())
    capture.write(block_of([frame_of(1)]))
    capture.close()
    assert names(tmp_path / "new") == ["lab-20231114T221320Z-000001.pcapng"]


def test_files_end_at_multiples_of_their_time_also_while_nothing_comes(tmp_path: Path) -> None:
    clock = Clock()
    capture = RotatingCapture(tmp_path, rotate_seconds=60, clock=clock)
    capture.write(block_of([frame_of(1)]))
    # 20 seconds past the minute.
    clock.now_ns += 39 * SECOND
    capture.tick(clock.now_ns)
    capture.write(block_of([frame_of(2)]))
    assert names(tmp_path) == ["vtap-20231114T221320Z-000001.pcapng.part"]
    clock.now_ns += SECOND
    capture.tick(clock.now_ns)
    assert names(tmp_path) == ["vtap-20231114T221320Z-000001.pcapng"]
    clock.now_ns += 30 * SECOND
    capture.write(block_of([frame_of(3)]))
    clock.now_ns += 30 * SECOND
    capture.write(block_of([frame_of(4)]))
    capture.close()
    assert names(tmp_path) == [
        "vtap-20231114T221320Z-000001.pcapng",
        "vtap-20231114T221430Z-000002.pcapng",
        "vtap-20231114T221500Z-000003.pcapng",
    ]
    assert frames_in_all(tmp_path) == [[frame_of(1), frame_of(2)], [frame_of(3)], [frame_of(4)]]


def test_only_the_newest_files_of_the_series_are_kept(tmp_path: Path) -> None:
    others = ["vtap-20231114T221320Z-000001.pcap", "lab-20231114T221320Z-000001.pcapng", "vtap.pcapng"]
    for other in others:
        (tmp_path / other).write_text("of somebody else")
    clock = Clock()
    for _ in range(2):
        capture = RotatingCapture(tmp_path, rotate_seconds=1, keep=2, clock=clock)
        for number in range(3):
            capture.write(block_of([frame_of(number)]))
            # Set back, a clock does not make the newest the oldest.
            clock.now_ns -= SECOND
            capture.tick(clock.now_ns + 10 * SECOND)
        capture.close()
    assert set(names(tmp_path)) - set(others) == {
        "vtap-20231114T221316Z-000005.pcapng",
        "vtap-20231114T221315Z-000006.pcapng",
    }
    assert set(names(tmp_path)) > set(others)


def test_every_file_describes_the_streams_that_it_holds_before_their_packets(tmp_path: Path) -> None:
    capture = RotatingCapture(
        tmp_path,
        rotate_octets=450,
        clock=Clock(),
        describe=lambda number: (f"10.0.0.{number} VNI 7", f"stream {number}"),
    )
    capture.write(block_of((frame_of(number) for number in range(6)), interfaces=[9, 3, 9, 3, 5, 5]))
    capture.close()
    found = []
    for path in sorted(tmp_path.iterdir()):
        assert path.stat().st_size <= 450
        with open_capture(path) as reader:
            held = [(reader.interfaces[record.interface].name, record.data) for record in reader]
            described = [(one.name, one.description) for one in reader.interfaces]
        assert described == [(name, f"stream {name[7]}") for name in dict.fromkeys(name for name, _ in held)]
        found += held
    assert found == [
        (f"10.0.0.{stream} VNI 7", frame_of(number)) for number, stream in enumerate([9, 3, 9, 3, 5, 5])
    ]


def test_each_of_several_outputs_takes_its_own(tmp_path: Path) -> None:
    block = block_of((frame_of(number) for number in range(5)), outputs=[1, 0, 1, 1, 0])
    captures = [RotatingCapture(tmp_path / f"{number}.pcapng") for number in (0, 1)]
    for number, capture in enumerate(captures):
        capture.write(block, number)
        capture.close()
    assert frames_in_all(tmp_path) == [[frame_of(1), frame_of(4)], [frame_of(0), frame_of(2), frame_of(3)]]
    assert [capture.taken.frames for capture in captures] == [2, 3]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(14, 300), st.integers(0, 3), st.integers(0, 1)), max_size=8),
        max_size=6,
    ),
    st.integers(1, 1200),
    st.sampled_from([-1, 0, 1]),
)
def test_files_together_hold_every_packet_in_order_and_none_is_too_long(
    tmp_path_factory: pytest.TempPathFactory,
    blocks: list[list[tuple[int, int, int]]],
    limit: int,
    output: int,
) -> None:
    folder = tmp_path_factory.mktemp("files")
    capture = RotatingCapture(folder, rotate_octets=limit, clock=Clock(), describe=lambda n: (str(n), ""))
    expected: list[tuple[str, bytes]] = []
    for packets in blocks:
        frames = [
            frame_of(len(expected) + place, max(22, length)) for place, (length, _, _) in enumerate(packets)
        ]
        capture.write(
            block_of(
                frames,
                interfaces=[stream for _, stream, _ in packets],
                outputs=[chosen for _, _, chosen in packets],
            ),
            output,
        )
        expected += [
            (str(stream), frame)
            for frame, (_, stream, chosen) in zip(frames, packets, strict=True)
            if output in (-1, chosen)
        ]
    capture.close()
    found = []
    for path in sorted(folder.iterdir()):
        assert path.suffix == ".pcapng"
        with open_capture(path) as reader:
            held = [(reader.interfaces[record.interface].name, record.data) for record in reader]
        assert path.stat().st_size <= limit or len(held) == 1
        found += held
    assert found == expected
    assert (capture.taken.frames, capture.taken.octets) == (
        len(expected),
        sum(len(frame) for _, frame in expected),
    )


@pytest.mark.parametrize("length", [65_000, 262_144])
def test_a_packet_over_the_size_of_files_has_one_to_itself(tmp_path: Path, length: int) -> None:
    capture = RotatingCapture(tmp_path, rotate_octets=1000, clock=Clock())
    frames = [frame_of(1), frame_of(2, length), frame_of(3)]
    capture.write(block_of(frames))
    capture.close()
    assert frames_in_all(tmp_path) == [[frame] for frame in frames]


def test_a_packet_that_no_reader_takes_is_lost_and_counted(tmp_path: Path) -> None:
    capture = RotatingCapture(tmp_path / "one.pcapng")
    capture.write(block_of([frame_of(1), frame_of(2, 262_145), frame_of(3)]))
    capture.close()
    assert frames_in(tmp_path / "one.pcapng") == [frame_of(1), frame_of(3)]
    assert capture.taken.frames == 2
    assert [(count.frames, count.octets) for count in capture.lost.values()] == [(1, 262_145)]


def test_two_runs_may_write_to_one_series(tmp_path: Path) -> None:
    captures = [RotatingCapture(tmp_path, rotate_octets=300, clock=Clock()) for _ in range(2)]
    for number in range(6):
        captures[number % 2].write(block_of([frame_of(number)]))
    for capture in captures:
        capture.close()
    assert sorted(frame for held in frames_in_all(tmp_path) for frame in held) == list(
        map(frame_of, range(6))
    )


def test_a_file_that_another_run_is_writing_is_not_taken_for_left(tmp_path: Path) -> None:
    first = RotatingCapture(tmp_path, rotate_octets=1000, clock=Clock())
    first.write(block_of([frame_of(1)]))
    second = RotatingCapture(tmp_path, rotate_octets=1000, clock=Clock())
    assert names(tmp_path) == ["vtap-20231114T221320Z-000001.pcapng.part"]
    second.write(block_of([frame_of(2)]))
    first.write(block_of([frame_of(3)]))
    first.close()
    second.close()
    assert frames_in_all(tmp_path) == [[frame_of(1), frame_of(3)], [frame_of(2)]]


def test_a_folder_that_is_removed_is_made_again_and_what_was_in_it_counted_as_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    folder = tmp_path / "files"
    capture = RotatingCapture(folder, rotate_seconds=60, clock=clock)
    capture.write(block_of([frame_of(1), frame_of(2)]))
    shutil.rmtree(folder)
    clock.now_ns += 60 * SECOND
    capture.write(block_of([frame_of(3)]))
    capture.close()
    assert frames_in_all(folder) == [[frame_of(3)]]
    assert (capture.taken.frames, capture.taken.octets) == (1, 64)
    assert [(count.frames, count.octets) for count in capture.lost.values()] == [(2, 128)]
    assert [message for message in caplog.messages if "was removed while it was written" in message]


def test_a_folder_that_cannot_be_written_to_is_told_seldom(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    folder = tmp_path / "files"
    capture = RotatingCapture(folder, rotate_seconds=60, clock=clock)
    shutil.rmtree(folder)
    for _ in range(3):
        folder.touch()
        capture.write(block_of([frame_of(1)]))
        folder.unlink()
        capture.write(block_of([frame_of(2)]))
        clock.now_ns += SECOND
        capture.tick(clock.now_ns + 60 * SECOND)
        shutil.rmtree(folder)
    assert (capture.taken.frames, capture.lost["file exists"].frames) == (3, 3)
    assert len([message for message in caplog.messages if "frames are lost" in message]) == 1
    assert len([message for message in caplog.messages if "is written again" in message]) == 1
    capture.close()


def test_two_runs_may_not_write_one_file(tmp_path: Path) -> None:
    first = RotatingCapture(tmp_path / "one.pcapng")
    with pytest.raises(CollectorError, match=r"one.pcapng.part is being written by another process"):
        RotatingCapture(tmp_path / "one.pcapng")
    first.close()
    assert names(tmp_path) == ["one.pcapng"]


@pytest.mark.parametrize("cut", [0, 10, 27, 28, 60, 155, 200])
def test_what_a_killed_run_left_is_kept_up_to_its_last_whole_packet(tmp_path: Path, cut: int) -> None:
    whole = RotatingCapture(tmp_path / "whole.pcapng")
    whole.write(block_of([frame_of(1), frame_of(2)]))
    whole.close()
    octets = (tmp_path / "whole.pcapng").read_bytes()
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "vtap-20231114T221320Z-000007.pcapng.part").write_bytes(octets[: len(octets) - cut])
    capture = RotatingCapture(folder, rotate_octets=1000, clock=Clock())
    left = [frame_of(number) for number in ((1, 2) if cut == 0 else (1,) if cut < 96 + 1 else ())]
    assert frames_in_all(folder) == ([left] if left else [])
    capture.write(block_of([frame_of(3)]))
    capture.close()
    assert names(folder)[-1] == f"vtap-20231114T221320Z-00000{8 if left else 1}.pcapng"
    assert frames_in_all(folder)[-1] == [frame_of(3)]


def test_what_a_killed_run_left_of_a_single_file_is_kept_beside_it(tmp_path: Path) -> None:
    whole = RotatingCapture(tmp_path / "one.pcapng")
    whole.write(block_of([frame_of(1)]))
    whole.close()
    left = (tmp_path / "one.pcapng").rename(tmp_path / "one.pcapng.part")
    os.utime(left, (1_700_000_000, 1_700_000_000))
    RotatingCapture(tmp_path / "one.pcapng").close()
    assert names(tmp_path) == ["one-20231114T221320Z-000001.pcapng", "one.pcapng"]
    assert frames_in_all(tmp_path) == [[frame_of(1)], []]


def test_a_pipe_is_read_while_it_is_written(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reading = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reading.start()
    capture = RotatingCapture(pipe, describe=lambda _: ("one", ""))
    frames = [frame_of(number, 1500) for number in range(200)]
    capture.write(block_of(frames))
    capture.close()
    reading.join()
    (tmp_path / "read").write_bytes(read[0])
    assert frames_in(tmp_path / "read") == frames
    assert capture.taken.frames == 200


def test_a_pipe_that_nobody_reads_any_more_ends_the_run(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    capture = RotatingCapture(pipe)
    os.close(reading)
    with pytest.raises(CollectorError, match="pipe: the program that read it has ended"):
        capture.write(block_of([frame_of(1)]))
    capture.close()


def test_standard_output_is_written_as_a_stream(tmp_path: Path) -> None:
    script = (
        "from tests.vtaplib.collector.blocks import block_of, frame_of\n"
        "from vtaplib.collector.rotation import RotatingCapture\n"
        "capture = RotatingCapture('-')\n"
        "capture.write(block_of(map(frame_of, range(3))))\n"
        "capture.close()\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    (tmp_path / "told").write_bytes(told.stdout)
    assert frames_in(tmp_path / "told") == list(map(frame_of, range(3)))


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("/dev/full", {}, "/dev/full: cannot be written: no space left on device"),
        ("/dev/null/one.pcapng", {}, "/dev/null/one.pcapng: cannot be written: "),
        ("/proc/1", {}, "/proc/1: cannot be written: "),
        (
            "-",
            {"keep": 2},
            "standard output: cannot be written: it is not a directory and cannot hold several files",
        ),
        ("a\0b", {}, "cannot be written: "),
        ("files", {"rotate_octets": 0}, "size of files must be more than 0"),
    ],
)
def test_what_cannot_be_written_at_all_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, options: dict[str, int], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CollectorError) as caught:
        RotatingCapture(target, **options)  # type: ignore[arg-type]  # keywords by name
    assert message in str(caught.value)


@pytest.mark.oracle
def test_tshark_reads_every_file_with_its_streams(tmp_path: Path, require: Callable[[str], str]) -> None:
    tshark = require("tshark")
    frames = [frame_of(number, 60 + number) for number in range(40)]
    capture = RotatingCapture(
        tmp_path, rotate_octets=1500, clock=Clock(), describe=lambda n: (f"10.0.0.{n} VNI 7", "a stream")
    )
    capture.write(block_of(frames, interfaces=[index % 3 for index in range(40)]))
    capture.close()
    read = []
    fields = ["frame.len", "frame.time_epoch", "frame.interface_name"]
    for path in sorted(tmp_path.iterdir()):
        told = subprocess.run(
            [tshark, "-r", path, "-T", "fields", *(word for field in fields for word in ("-e", field))],
            capture_output=True,
            text=True,
            check=True,
        )
        read += [line.split("\t") for line in told.stdout.splitlines()]
    assert read == [
        [str(60 + index), f"1700000000.{1000 * index:09}", f"10.0.0.{index % 3} VNI 7"] for index in range(40)
    ]


@pytest.mark.oracle
def test_tshark_reads_standard_output_while_it_is_written(require: Callable[[str], str]) -> None:
    tshark = require("tshark")
    script = (
        "import time\n"
        "from tests.vtaplib.collector.blocks import block_of, frame_of\n"
        "from vtaplib.collector.rotation import RotatingCapture\n"
        "capture = RotatingCapture('-', describe=lambda number: (f'stream {number}', ''))\n"
        "for number in range(3):\n"
        "    capture.write(block_of([frame_of(number, 60 + number)] * 2, interfaces=[0, number]))\n"
        "time.sleep(60)\n"
    )
    fields = ["-T", "fields", "-e", "frame.len", "-e", "frame.interface_name"]
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writing:
        try:
            # It ends at the sixth packet, and what writes then still has its end open.
            told = subprocess.run(
                [tshark, "-i", "-", "-l", "-c", "6", *fields],
                stdin=writing.stdout,
                capture_output=True,
                text=True,
                check=True,
                timeout=50,
            )
        finally:
            writing.kill()
    assert [line.split("\t") for line in told.stdout.splitlines()] == [
        ["60", "stream 0"],
        ["60", "stream 0"],
        ["61", "stream 0"],
        ["61", "stream 1"],
        ["62", "stream 0"],
        ["62", "stream 2"],
    ]


@pytest.mark.oracle
def test_capinfos_finds_the_file_that_is_being_written_whole(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    capinfos = require("capinfos")
    capture = RotatingCapture(tmp_path / "one.pcapng")
    for number in range(5):
        capture.write(block_of([frame_of(number)] * 7))
        told = subprocess.run(
            [capinfos, "-M", "-c", tmp_path / "one.pcapng.part"], capture_output=True, text=True, check=True
        )
        assert told.stdout.split()[-1] == str(7 * (number + 1))
    capture.close()
