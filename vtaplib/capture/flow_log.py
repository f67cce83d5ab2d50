"""Azure's flow logs of virtual networks, version 4: JSON in, what was counted of flows out.

A log is an object with an array of records, each of one minute at one network interface; a record has its
flows as tuples, which are texts with commas. What is counted in a tuple is what came since the one before of
the same flow. One record after the other is read: memory does not grow with the log.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, NamedTuple

from vtaplib.capture.source import ByteSource, CaptureSource
from vtaplib.errors import CaptureError, TruncatedCaptureError

NANOSECONDS_PER_MILLISECOND = 1_000_000

TUPLE_FIELDS = 13

VERSION = 4

_OPENING = re.compile(r'\s*\{\s*"records"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_MAC = re.compile(r"[0-9a-f]{12}")
_DECODER = json.JSONDecoder()


class FlowState(StrEnum):
    """What a tuple tells of its flow."""

    BEGINS = "B"
    CONTINUES = "C"
    ENDS = "E"
    DENIED = "D"


class Amounts(NamedTuple):
    """Packets and their bytes."""

    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class FlowTuple:
    """A flow as it was counted at an interface. `is_outbound` says who opened it: the machine behind the
    interface, and then `source` is its address, or the other end. `forth` goes from source to destination.
    """

    time_ns: int
    source: IPv4Address | IPv6Address
    destination: IPv4Address | IPv6Address
    source_port: int
    destination_port: int
    protocol: int
    is_outbound: bool
    state: FlowState
    forth: Amounts
    back: Amounts


@dataclass(frozen=True, slots=True)
class FlowLogRecord:
    """What one interface saw in a minute. `mac` is None where the log does not have it as 12 digits;
    `target_id` is the network, subnet or interface that logging is on for.
    """

    mac: bytes | None
    target_id: str
    tuples: tuple[FlowTuple, ...]


class FlowLogReader:
    """The records of a flow log, gzipped or not. Iterating raises `CaptureError` for what is no such log,
    with the file and the place; the records before have been given by then.
    """

    def __init__(self, source: CaptureSource) -> None:
        self._source = ByteSource(source)
        self._decode = getincrementaldecoder("utf-8-sig")(errors="strict").decode
        self._text = ""
        self._passed = 0
        self._ended = False
        self._number = 0

    @property
    def name(self) -> str:
        """The file as the user named it."""
        return self._source.name

    def __iter__(self) -> Iterator[FlowLogRecord]:
        with_array = self._begin()
        while (at := self._skip()) is not None:
            if with_array and self._text[at] == "]":
                self._drop(at + 1)
                if not self._goes_on():
                    return
                with_array = self._begin()
                continue
            self._number += 1
            value, stop = self._value(at)
            self._drop(stop)
            records = value["records"] if isinstance(value, dict) and "records" in value else [value]
            if not isinstance(records, list):
                raise self.error("records is not an array")
            for number, record in enumerate(records, start=self._number):
                self._number = number
                yield self._record(record)
        if with_array:
            raise self._cut()

    def close(self) -> None:
        """Close the file, if it was opened here."""
        self._source.close()

    def _begin(self) -> bool:
        """Read up to the first record; returns whether the records are in an array."""
        while not (opening := _OPENING.match(self._text)) and len(self._text) < 256 and self._more():
            pass
        if opening:
            self._drop(opening.end())
            return True
        if not self._text.strip():
            raise self.error("is empty; a flow log has records")
        if not self._text.lstrip().startswith("{"):
            raise self.error("is not a flow log: it does not start with a JSON object")
        return False

    def _goes_on(self) -> bool:
        """Whether another object follows the one whose records have ended."""
        at = self._skip()
        if at is not None and self._text[at] == "}":
            self._drop(at + 1)
        return self._skip() is not None

    def _skip(self) -> int | None:
        """Where the next thing begins; None at the end."""
        while True:
            between = _BETWEEN.match(self._text)
            at = between.end() if between else 0
            if at < len(self._text):
                return at
            self._drop(at)
            if not self._more():
                return None

    def _value(self, at: int) -> tuple[Any, int]:
        """The JSON value at a place, and where it ends."""
        while True:
            try:
                return _DECODER.raw_decode(self._text, at)
            except json.JSONDecodeError as error:
                # As much again before the next try, or a long value would be tried many times.
                wanted = 2 * len(self._text)
                grown = False
                while len(self._text) < wanted and self._more():
                    grown = True
                if not grown:
                    if error.pos >= len(self._text.rstrip()) or error.msg.startswith("Unterminated"):
                        raise self._cut() from error
                    raise self.error(
                        f"is damaged at character {self._passed + error.pos}: {error.msg}"
                    ) from error
            except RecursionError as error:
                raise self.error("is not a flow log: it is nested too deeply") from error

    def _more(self) -> bool:
        if self._ended:
            return False
        piece = self._source.read()
        try:
            self._text += self._decode(piece, not piece)
        except UnicodeDecodeError as error:
            raise self.error(f"is not UTF-8 text: {error.reason}") from error
        self._ended = not piece
        return not self._ended

    def _drop(self, count: int) -> None:
        self._passed += count
        self._text = self._text[count:]

    def _record(self, record: object) -> FlowLogRecord:
        if not isinstance(record, dict):
            raise self.error("is not an object")
        flow_records = record.get("flowRecords")
        if flow_records is None:
            properties = record.get("properties")
            version = record.get("flowLogVersion")
            if isinstance(properties, dict):
                flow_records, version = properties.get("flowRecords"), properties.get("Version")
            if flow_records is None and version is not None:
                raise self.error(
                    f"is of version {json.dumps(version)}, that of a network security group's flow log; give "
                    f"flow logs of a virtual network, which are of version {VERSION}"
                )
        tuples = tuple(
            self._tuple(text, where)
            for where, text in texts_of(
                flow_records, "flowRecords", ("flows", "flowGroups", "flowTuples"), self
            )
        )
        mac = str(record.get("macAddress", "")).lower().replace("-", "").replace(":", "")
        return FlowLogRecord(
            mac=bytes.fromhex(mac) if _MAC.fullmatch(mac) else None,
            target_id=str(record.get("targetResourceID", "")),
            tuples=tuples,
        )

    def _tuple(self, text: object, where: str) -> FlowTuple:
        if not isinstance(text, str):
            raise self.error(f"{where} is not a string")
        fields = text.split(",")
        if len(fields) != TUPLE_FIELDS:
            raise self.error(f"{where} has {len(fields)} fields, not {TUPLE_FIELDS}: {text!r}")
        time, source, destination, source_port, destination_port, protocol, direction, state, _, *amounts = (
            fields
        )
        try:
            packets_forth, octets_forth, packets_back, octets_back = (int(one or 0) for one in amounts)
            if direction not in ("I", "O"):
                raise ValueError(f"{direction!r} is not a direction")
            if min(packets_forth, octets_forth, packets_back, octets_back) < 0:
                raise ValueError("an amount is negative")
            return FlowTuple(
                time_ns=int(time) * NANOSECONDS_PER_MILLISECOND,
                source=ip_address(source),
                destination=ip_address(destination),
                source_port=port(source_port),
                destination_port=port(destination_port),
                protocol=int(protocol) & 0xFF,
                is_outbound=direction == "O",
                state=FlowState(state),
                forth=Amounts(packets_forth, octets_forth),
                back=Amounts(packets_back, octets_back),
            )
        except ValueError as error:
            raise self.error(f"{where} cannot be read: {error}: {text!r}") from error

    def _cut(self) -> CaptureError:
        present = len(self._text)
        return TruncatedCaptureError(
            self.name,
            f"record {self._number + (not self._number)} is cut off at character {self._passed + present}",
            offset=self._passed,
            record=self._number,
            present=present,
            expected=present + 1,
        )

    def error(self, trouble: str) -> CaptureError:
        """What is wrong with the record that is being read."""
        place = f"record {self._number}: " if self._number else ""
        return CaptureError(self.name, place + trouble, offset=self._passed, record=self._number or None)


def texts_of(
    value: object, where: str, below: tuple[str, ...], reader: FlowLogReader
) -> Iterator[tuple[str, object]]:
    """What is at the end of arrays in objects in arrays, each with its place."""
    if not isinstance(value, dict):
        raise reader.error(f"{where} is not an object")
    name, *rest = below
    items = value.get(name)
    if not isinstance(items, list):
        raise reader.error(f"{where}.{name} is not an array")
    for number, item in enumerate(items):
        place = f"{where}.{name}[{number}]"
        if rest:
            yield from texts_of(item, place, tuple(rest), reader)
        else:
            yield place, item


def port(text: str) -> int:
    """A port; 0 where there is none. Raises `ValueError`."""
    number = int(text or 0)
    if not 0 <= number <= 0xFFFF:
        raise ValueError(f"{text} is not a port")
    return number
