from __future__ import annotations

import signal
import socket
from inspect import signature
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest

from tests.vtaplib.cli.collecting import PROBED, collecting, mirrored
from tests.vtaplib.cli.command import CAPTURE, Vtap
from vtaplib.capture import open_capture
from vtaplib.cli.collect.command import collect
from vtaplib.cli.send.command import send
from vtaplib.collector.acceptance import DEFAULT_MAX_FRAME

FRAMES = [bytes([number]) * (60 + number) for number in range(5)]


def frames_in(capture: Path | BytesIO) -> list[bytes]:
    with open_capture(capture) as reader:
        return [record.data for record in reader]


def test_what_arrives_is_written_without_its_wrapping(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out, "--json") as collector:
        collector.send(*map(mirrored, FRAMES))
        report = collector.report()
    assert frames_in(out) == FRAMES
    assert report["taken"] == {"frames": 5, "octets": sum(map(len, FRAMES))}
    assert [(one["source"], one["vni"], one["frames"]) for one in report["streams"]] == [("127.0.0.1", 7, 5)]
    assert report["outputs"][0]["files"] == [str(out)]
    assert report["lost_something"] is False


def test_a_capture_that_is_sent_is_collected(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out, "--vni", "5") as collector:
        address, port = collector.address
        vtap(
            "send",
            CAPTURE,
            "--to",
            f"{address}:{port}",
            "--vni",
            "5",
            "--rate",
            "20kpps",
            "--order",
            "capture",
        )
        text = collector.end().stdout
    assert frames_in(out) == frames_in(CAPTURE)
    assert "1,450 frames" in text


def test_streams_are_told_apart_in_the_capture(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out) as collector:
        collector.send(mirrored(FRAMES[0], 7), mirrored(FRAMES[1], 8), mirrored(FRAMES[2], 7))
        collector.end()
    with open_capture(out) as reader:
        records = list(reader)
        names = [one.name for one in reader.interfaces]
    assert [names[record.interface] for record in records] == [f"127.0.0.1 VNI {vni}" for vni in (7, 8, 7)]


def test_what_is_refused_is_counted_by_why_and_dropped(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out, "--vni", "7", "--max-frame", "100", "--json") as collector:
        collector.send(
            b"",
            b"short",
            bytes(100),
            mirrored(b"runt"),
            mirrored(FRAMES[0], 9),
            mirrored(bytes(101)),
            mirrored(FRAMES[1]),
        )
        report = collector.report()
    assert frames_in(out) == [FRAMES[1]]
    assert {reason: count["frames"] for reason, count in report["refused"].items()} == {
        "too short": 2,
        "no VNI": 1,
        "wrong VNI": 1,
        "no whole Ethernet header": 1,
        "oversized": 1,
    }
    assert report["received"]["frames"] == 7


def test_a_refusal_names_the_option_that_decides_it(vtap: Vtap) -> None:
    with collecting(vtap, "--vni", "7", "--max-frame", "100", "--source", "127.0.0.1/32") as collector:
        collector.send(mirrored(FRAMES[0], 9), mirrored(bytes(101)), b"short")
        outcome = collector.end()
    words = " ".join(outcome.stdout.split())
    for told in ("oversized (--max-frame) 1 109", "wrong VNI (--vni) 1 68", "too short 1 5"):
        assert told in words
    assert "port" in outcome.stderr
    assert ": oversized (--max-frame)" in outcome.stderr


def test_what_is_sent_by_default_is_taken_by_default() -> None:
    defaults = [signature(command).parameters["max_frame"].default for command in (send, collect)]
    assert defaults == [DEFAULT_MAX_FRAME] * 2


def test_what_comes_from_elsewhere_is_refused(vtap: Vtap) -> None:
    with collecting(vtap, "--source", "192.0.2.0/24", "--json") as collector:
        collector.send(mirrored(FRAMES[0]))
        report = collector.report()
    assert report["refused"]["wrong source"]["frames"] == 1
    assert report["taken"]["frames"] == 0


def test_it_ends_by_itself_after_so_many_frames(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out, "--count", "3", "--json") as collector:
        collector.send(*map(mirrored, FRAMES))
        collector.process.wait(60)
        report = collector.report()
    assert frames_in(out) == FRAMES[:3]
    assert report["taken"]["frames"] == 3


def test_it_ends_by_itself_after_some_time(vtap: Vtap) -> None:
    with collecting(vtap, "--for", "0.3s", "--json") as collector:
        collector.process.wait(60)
        assert collector.report()["seconds"] >= 0.3


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_report(vtap: Vtap, by: signal.Signals) -> None:
    with collecting(vtap) as collector:
        collector.send(*map(mirrored, FRAMES))
        # The second is its echo, as `timeout` makes it.
        collector.process.send_signal(by)
        assert "5 frames" in collector.end(by=by).stdout


def test_frames_go_to_standard_output_and_nothing_else_does(vtap: Vtap) -> None:
    with collecting(vtap, "--write", "-") as collector:
        collector.send(*map(mirrored, FRAMES))
        outcome = collector.end()
        assert frames_in(BytesIO(collector.captured)) == FRAMES
    assert "5 frames" in outcome.stderr


def test_files_rotate_by_size(vtap: Vtap, tmp_path: Path) -> None:
    with collecting(vtap, "--write", tmp_path / "captures", "--rotate-size", "4096B", "--json") as collector:
        collector.send(*[mirrored(bytes(1000))] * 10)
        report = collector.report()
    files = report["outputs"][0]["files"]
    assert len(files) == report["outputs"][0]["finished_files"] == 4
    assert sorted(str(path) for path in (tmp_path / "captures").iterdir()) == sorted(files)
    assert all(Path(path).stat().st_size <= 4096 for path in files)
    assert sum(len(frames_in(Path(path))) for path in files) == 10


def test_a_load_balancers_probe_is_answered_while_it_runs(vtap: Vtap) -> None:
    with collecting(vtap, "--health-port", "127.0.0.1:0") as collector:
        assert collector.process.stderr is not None
        match = PROBED.fullmatch(collector.process.stderr.readline())
        assert match is not None
        address = match[1].decode(), int(match[2])
        with socket.create_connection(address, timeout=30) as probe:
            probe.sendall(b"GET / HTTP/1.1\r\nHost: collector\r\n\r\n")
            assert probe.recv(100).split()[1] == b"200"
        collector.end()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=30)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--listen", "127.0.0.1:x"], "--listen 127.0.0.1:x: x is not a port"),
        (["--listen", "192.0.2.1:0"], "192.0.2.1:0"),
        (["--listen", ":0", "--rotate-size", "1MB"], "--rotate-size: no files are written; say where"),
        (["--listen", ":0", "--keep", "3"], "--keep: no files are written"),
        (["--listen", ":0", "--write", "d", "--keep", "3"], "--keep: files do not rotate"),
        (["--listen", ":0", "--write", "d", "--rotate-size", "big"], "--rotate-size big: is not a size"),
        (["--listen", ":0", "--write", "d", "--rotate-size", "1B"], "--rotate-size 1B: too small"),
        (
            ["--listen", ":0", "--write", "d", "--rotate-every", "often"],
            "--rotate-every often: write",
        ),
        (["--listen", ":0", "--source", "10.0.0.0/33"], "--source 10.0.0.0/33: is not a network"),
        (["--listen", ":0", "--for", "ever"], "--for ever: write a number"),
        (["--listen", ":0", "--health-port", "70000"], "--health-port :70000: 70000 is not a port"),
        (["--listen", ":0", "--forward", "[::1"], "--forward [::1: write an address"),
        (["--listen", ":0", "--write", "-", "--json"], "--write -: frames go to standard output"),
        (["--listen", ":0", "--write", "/dev/null/x.pcapng"], "/dev/null"),
        (
            ["--listen", ":0", "--write", "x.pcap"],
            "--write x.pcap: the file is pcapng; name it x.pcapng",
        ),
        (["--listen", ":0", "--interface", "much-too-long-a-name"], "interface 'much-too-long-a-name'"),
        (["--listen", ":0", "--stage", "slice=x"], "slice"),
        (["--listen", ":0", "--stage", "balance=3", "--forward", "::1"], "over 3 outputs, and 1 collectors"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(vtap: Vtap, arguments: list[str], why: str) -> None:
    assert why in vtap.refuses("collect", *arguments)


def test_a_port_that_is_taken_is_named(vtap: Vtap) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert f"127.0.0.1:{port}" in vtap.refuses("collect", "--listen", f"127.0.0.1:{port}")


def test_stages_are_listed_with_what_they_take(vtap: Vtap) -> None:
    text = vtap("collect", "--listen", ":0", "--stage", "help").stdout
    for stage in ("filter", "dedup", "slice", "mask", "strip", "sample", "balance"):
        assert stage in text


def test_stages_tell_where_frames_went(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out, "--stage", "slice=40", "--json") as collector:
        collector.send(*map(mirrored, FRAMES))
        report = collector.report()
    assert frames_in(out) == [frame[:40] for frame in FRAMES]
    (stage,) = report["stages"]
    assert stage["entered"]["frames"] == stage["left"]["frames"] == 5
    assert stage["removed"]["octets"] == sum(len(frame) - 40 for frame in FRAMES)


def test_balanced_frames_go_to_files_and_collectors_of_their_own(vtap: Vtap, tmp_path: Path) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second,
    ):
        targets: list[str] = []
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
            one.settimeout(30)
            targets += ["--forward", f"127.0.0.1:{one.getsockname()[1]}"]
        out = tmp_path / "t.pcapng"
        with collecting(vtap, "--write", out, "--stage", "balance=2", *targets, "--json") as collector:
            collector.send(*map(mirrored, FRAMES))
            report = collector.report()
        written = [frames_in(tmp_path / f"t-{number}.pcapng") for number in (1, 2)]
        assert sorted(chain(*written)) == sorted(FRAMES)
        for frames, receiver in zip(written, (first, second), strict=True):
            # A flow keeps its order, flows among each other do not: each has a source port of its own.
            received = [receiver.recv(2000) for _ in frames]
            assert sorted(received) == sorted(map(mirrored, frames))
    assert [one["taken"]["frames"] for one in report["outputs"]] == [len(frames) for frames in written] * 2
