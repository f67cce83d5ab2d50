"""One capture is the same packets, the same end and the same refusal for every command and option."""

from __future__ import annotations

import gzip
import json
import random
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.capture import record_by_record
from tests.vtaplib.capture.test_blocks import block, damaged
from tests.vtaplib.cli.captures import LINUX_SLL, records_of
from tests.vtaplib.cli.clouds import write_quickstart
from tests.vtaplib.cli.command import CAPTURE
from tests.vtaplib.cli.in_process import run
from tests.vtaplib.collector.receiving import receiving, text_of

FRAMES = [frame for _, frame in records_of(CAPTURE)][:60]

# 2023-11-14, and ticks of a nanosecond that signed numbers of 64 bits cannot hold.
NOW = 1_700_000_000 * 10**9
TOO_LATE = 2**63

SECONDS = b"\0"
NANOSECONDS = b"\x09"


def pcap(version: tuple[int, int] = (2, 4), order: str = "<") -> bytes:
    """A pcap, a packet a millisecond."""
    capture = struct.pack(order + "IHHiIII", 0xA1B2C3D4, *version, 0, 0, 0, 1)
    for number, frame in enumerate(FRAMES):
        head = struct.pack(order + "4I", NOW // 10**9, 1000 * number, len(frame), len(frame))
        capture += head + frame
    return capture


def section(
    order: str = "<",
    *,
    minor: int = 0,
    resolution: bytes = NANOSECONDS,
    offset: int = 0,
    times: Mapping[int, int] | None = None,
    other_link_type: bool = False,
) -> bytes:
    """A section of a pcapng, a packet a millisecond; some of the packets have other ticks of the clock."""
    capture = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, minor, -1))
    options = struct.pack(order + "HHcxxx", 9, 1, resolution) + struct.pack(order + "HHq", 14, 8, offset)
    for link_type in (1, LINUX_SLL):
        capture += block(order, 1, struct.pack(order + "HHI", link_type, 0, 0) + options)
    for number, frame in enumerate(FRAMES):
        time = (times or {}).get(number, NOW + 10**6 * number)
        interface = int(other_link_type and number % 3 == 0)
        head = struct.pack(order + "5I", interface, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame))
        capture += block(order, 6, head + frame)
    return capture


CAPTURES = {
    "whole": pcap(),
    "big-endian": pcap(order=">"),
    "old": pcap((2, 2)),
    "of a version to come": pcap((2, 5)),
    "cut off": pcap()[:-1],
    "cut off in the file header": pcap()[:20],
    "two sections": section("<") + section(">"),
    "another version": section(minor=1),
    "another version in the second section": section() + section(minor=1),
    "a binary clock": section(resolution=b"\x94", times=dict.fromkeys(range(60), 1 << 50)),
    "too late": section(times={40: TOO_LATE}),
    "much too late": section(resolution=SECONDS, times={number: 1 << number for number in range(60)}),
    "too late from the first": section(times={0: TOO_LATE}),
    "before 1970": section(offset=-1, times={number: 10**9 * (number < 40) for number in range(60)}),
    "the far past": section(offset=-(2**63)),
    "packets of other link types": section(other_link_type=True, times={50: TOO_LATE}),
    "zipped": gzip.compress(pcap()),
    "zipped and cut off": gzip.compress(pcap())[:-900],
    "zipped with a wrong checksum": gzip.compress(pcap())[:-8] + bytes(8),
    "empty": b"",
    "no capture": b"GIF89a, and more",
}


def mutated(seed: int) -> bytes:
    """A capture with damage, which may be in what is zipped or in the zipped."""
    chance = random.Random(seed)
    capture = chance.choice((pcap(), pcap((2, 3), ">"), section(">"), section() + section(">")))
    if chance.randrange(4):
        return damaged(capture, seed)
    return damaged(gzip.compress(capture, mtime=0), seed)


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("designs")
    write_quickstart(directory / "quickstart.db")
    write_quickstart(directory / "web-only.db", "web")
    return directory


@pytest.fixture(scope="module")
def collector() -> Iterator[str]:
    with receiving() as socket:
        yield text_of(socket)


def commands(designs: Path, collector: str) -> list[str]:
    """Every command that reads a capture, with every option by which it could be read in another way."""
    replay = f"replay FILE --cloud {designs}/quickstart.db"
    return [
        replay,
        f"{replay} --out one.pcapng",
        f"{replay} --out some",
        f"{replay} --out commented.pcapng --comments",
        f"{replay} --decode 1",
        f"{replay} --policy snaplen=96 --policy oversize=fragment --out cut.pcapng",
        f"{replay} --stage slice=64 --stage dedup=50ms",
        f"{replay} --stage slice=64 --out staged",
        f"estimate FILE --cloud {designs}/quickstart.db",
        f"diff FILE --before {designs}/quickstart.db --after {designs}/web-only.db",
        f"send FILE --vni 1 --to {collector} --top-speed",
        f"send FILE --copies --to {collector} --top-speed",
        f"send FILE --cloud {designs}/quickstart.db --to {collector} --top-speed",
    ]


def check(
    capture: bytes, designs: Path, collector: str, directory: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Let every command read a capture."""
    path = directory / "capture"
    path.write_bytes(capture)
    made: dict[str, Any] = {}
    for command in commands(designs, collector):
        words = command.replace("FILE", str(path)).split()
        printed = run(capfd, [*words, "--json"])
        if printed.code == 2:
            assert printed.stdout == ""
            made[command] = printed.stderr.strip()
        else:
            report = json.loads(printed.stdout)
            # Of a frame that was cut, an estimate counts the bytes that it had.
            made[command] = report["read"]["frames"], report["skipped"], report["ended_early"]
            end = report["ended_early"]
            assert end is None or (end["record"] and end["offset"] is not None)
    first = next(iter(made.values()))
    assert made == dict.fromkeys(made, first)
    explain = ["explain", str(path), "--cloud", f"{designs}/quickstart.db"]
    if isinstance(first, str):
        printed = run(capfd, [*explain, "1"])
        assert (printed.code, printed.stderr.strip()) == (2, first)
        return
    frames, _, end = first
    if frames:
        assert run(capfd, [*explain, str(frames)]).code != 2
    printed = run(capfd, [*explain, str(frames + 1)])
    assert printed.code == 2
    packets = f"{frames} Ethernet packet" + "s" * (frames != 1)
    said = " ".join(printed.stderr.split())
    assert f"has no packet {frames + 1}; it has {packets}" in said
    assert end is None or end["trouble"] in said
    if not capture.startswith(b"\x1f\x8b"):
        expected = record_by_record.read(capture)
        assert expected is not None
        assert frames == len(expected.records)
        assert (None if end is None else (end["kind"], end["offset"])) == expected.end


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", CAPTURES)
def test_all_commands_read_the_same_packets_to_the_same_end(
    name: str,
    designs: Path,
    collector: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    check(CAPTURES[name], designs, collector, tmp_path, capfd)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("seed", range(48))
def test_all_commands_make_the_same_of_damage(
    seed: int,
    designs: Path,
    collector: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    check(mutated(seed), designs, collector, tmp_path, capfd)


def test_a_time_that_only_a_pcapng_can_hold_is_refused_for_a_pcap_with_the_way_out(
    designs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "late.pcapng").write_bytes(section(times=dict.fromkeys(range(60), 2**32 * 10**9)))
    replay = ["replay", "late.pcapng", "--cloud", f"{designs}/quickstart.db", "--out"]
    assert run(capfd, [*replay, "copies"]).code == 0
    printed = run(capfd, [*replay, "others", "--format", "pcap"])
    assert printed.code == 2
    assert "time 4,294,967,296,000,000,000 is not within 0" in printed.stderr
    assert printed.stderr.strip().endswith("; write a pcapng, which has room for it")
    assert not list((tmp_path / "others").iterdir())
