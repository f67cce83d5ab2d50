"""What a user of `vtap collect` runs into: options that cannot be, outputs that fail, being told twice."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.vtaplib.cli.collecting import collecting, mirrored
from tests.vtaplib.cli.command import PATIENCE_SECONDS, VTAP, Vtap
from tests.vtaplib.collector.blocks import frame_of
from tests.vtaplib.loops.test_tcp_gaps import segment
from vtaplib.collector.endpoint import Endpoint

FRAME = bytes(range(200))


def test_stages_are_listed_whatever_else_is_missing(vtap: Vtap) -> None:
    assert vtap("collect", "--stage", "help").stdout == vtap("replay", "--stage", "help").stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--listen", "4789"], "write an address before a port"),
        (["--listen", "192.0.2.1"], "no interface here has it"),
        (["--listen", "127.0.0.1", "--forward", "127.0.0.1"], "frames would loop for ever"),
        (["--listen", "0.0.0.0:4790", "--forward", "127.0.0.9:4790"], "frames would loop for ever"),
        (["--listen", "127.0.0.1:0", "--fsync"], "no files are written"),
        (["--listen", "127.0.0.1:0", "--interface", "all"], "stands for every interface"),
    ],
)
def test_what_would_do_harm_or_nothing_is_refused_with_a_way_out(
    vtap: Vtap, arguments: list[str], why: str
) -> None:
    assert why in vtap.refuses("collect", *arguments)


@pytest.mark.parametrize(
    ("here", "target", "is_heard"),
    [
        ("127.0.0.1:1", "127.0.0.1:1", True),
        ("127.0.0.1:1", "127.0.0.1:2", False),
        ("127.0.0.1:1", "127.0.0.2:1", False),
        ("0.0.0.0:1", "127.0.0.2:1", True),
        ("0.0.0.0:1", "192.0.2.1:1", False),
        ("[::]:1", "[::1]:1", True),
        ("[::]:1", "127.0.0.1:1", True),
    ],
)
def test_an_endpoint_hears_itself(here: str, target: str, *, is_heard: bool) -> None:
    assert Endpoint.of(here).hears(Endpoint.of(target)) is is_heard


def test_outputs_have_files_of_their_own_whatever_their_names_end_in(vtap: Vtap, tmp_path: Path) -> None:
    with collecting(vtap, "--write", tmp_path / "traffic.cap", "--stage", "balance=2") as collector:
        collector.end()
    assert sorted(path.name for path in tmp_path.glob("*.cap")) == ["traffic-1.cap", "traffic-2.cap"]


def test_files_that_are_seen_onto_the_disk_hold_the_same(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out, "--fsync", "--json") as collector:
        collector.send(mirrored(FRAME))
        assert collector.report()["outputs"][0]["taken"]["frames"] == 1
    assert FRAME in out.read_bytes()


def test_a_reader_that_goes_ends_it_with_a_report_of_what_came(vtap: Vtap) -> None:
    reading, writing = os.pipe()
    with subprocess.Popen(
        [VTAP, "collect", "--listen", "127.0.0.1:0", "--write", f"/proc/self/fd/{writing}", "--json"],
        cwd=vtap.directory,
        env=vtap.environment,
        pass_fds=[writing],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(writing)
        assert process.stderr is not None
        port = int(process.stderr.readline().partition(", to ")[0].rpartition(":")[2])
        os.close(reading)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(mirrored(FRAME), ("127.0.0.1", port))
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 141
    assert "the program that read it has ended" in err
    assert '"failure": "' in out


@pytest.mark.parametrize("taken", ["--listen", "--health-port"])
@pytest.mark.parametrize("where", ["traffic.pcapng", "new/captures/"])
def test_one_that_cannot_listen_touches_no_output(vtap: Vtap, tmp_path: Path, taken: str, where: str) -> None:
    with collecting(vtap, "--write", tmp_path / "traffic.pcapng.part") as collector:
        collector.send(mirrored(FRAME))
        collector.end()
    # As a run that was killed leaves it.
    (tmp_path / "traffic.pcapng").write_bytes(b"earlier")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kind = socket.SOCK_DGRAM if taken == "--listen" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        options = {"--listen": "127.0.0.1:0", taken: address, "--write": str(tmp_path / where)}
        words = [word for option in options.items() for word in option]
        assert "cannot be listened on: Address already in use" in vtap.refuses("collect", *words)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "new").exists()


def test_a_second_signal_ends_it_whatever_it_waits_for(vtap: Vtap) -> None:
    with collecting(vtap, "--write", "-") as collector:
        # More than a pipe that nobody reads holds.
        for _ in range(20):
            collector.send(*[mirrored(frame_of(one, 9000)) for one in range(10)])
        collector.process.send_signal(signal.SIGINT)
        while collector.process.poll() is None:
            collector.process.send_signal(signal.SIGINT)
        assert collector.process.returncode == -signal.SIGINT


def test_it_is_told_where_no_collector_listens(vtap: Vtap) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    with collecting(vtap, "--forward", f"127.0.0.1:{port}", "--json") as collector:
        collector.send(mirrored(FRAME))
        report = collector.report(code=1)
    assert report["outputs"][0]["answers"] == {"Connection refused (ECONNREFUSED)": 1}


def test_a_closed_standard_output_is_no_place_for_frames(vtap: Vtap) -> None:
    ended = subprocess.run(
        ["sh", "-c", f"{VTAP} collect --listen 127.0.0.1:0 --for 0.1s --write - >&-"],
        cwd=vtap.directory,
        env=vtap.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 2
    assert ended.stderr == "vtap: standard output: cannot be written: bad file descriptor\n"


def test_octets_of_tcp_that_no_copy_had_are_estimated_for_their_stream(vtap: Vtap) -> None:
    with collecting(vtap, "--json") as collector:
        for sequence in (0, 100, 300):
            collector.send(mirrored(segment(sequence, 100)))
        (stream,) = collector.report()["streams"]
    assert (stream["tcp_gaps"], stream["tcp_missing_octets"]) == (1, 100)
