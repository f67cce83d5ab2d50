from __future__ import annotations

import gzip
import json
from io import BytesIO
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.cli.flow_logs import EPOCH_MS, NETWORK, flow_tuple, log, record
from vtaplib.capture.flow_log import Amounts, FlowLogReader, FlowLogRecord, FlowState, FlowTuple
from vtaplib.errors import CaptureError, TruncatedCaptureError

FLOW = flow_tuple(1.5, "10.10.1.4", "10.10.2.4", "E", (3, 767, 2, 1580))
RECORD = record(FLOW)


class Trickle(BytesIO):
    """A stream that gives a few bytes at a time."""

    def read1(self, _size: int | None = -1) -> bytes:
        return self.read(7)


def read(text: str | bytes) -> list[FlowLogRecord]:
    return list(FlowLogReader(BytesIO(text.encode() if isinstance(text, str) else text)))


def test_a_tuple_has_what_it_says() -> None:
    (found,) = read(log(RECORD))
    assert found.mac == bytes.fromhex("112233445566")
    assert found.target_id == NETWORK
    assert found.tuples == (
        FlowTuple(
            time_ns=(EPOCH_MS + 1500) * 1_000_000,
            source=ip_address("10.10.1.4"),
            destination=ip_address("10.10.2.4"),
            source_port=40_000,
            destination_port=443,
            protocol=6,
            is_outbound=True,
            state=FlowState.ENDS,
            forth=Amounts(3, 767),
            back=Amounts(2, 1580),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        log(RECORD, RECORD),
        json.dumps({"records": [RECORD, RECORD]}, indent=4).replace("{", "{\r\n", 3),
        f"{json.dumps(RECORD)}\n{json.dumps(RECORD)}\n",
        log(RECORD) + "\n" + log() + log(RECORD),
        f"{log(RECORD)}{log(RECORD)}".replace('{"records"', '{"a": 1, "records"'),
        "\ufeff" + log(RECORD, RECORD),
    ],
    ids=[
        "as Azure writes it",
        "indented",
        "a record a line",
        "several logs",
        "several objects",
        "with a mark",
    ],
)
def test_records_are_found_however_they_are_written(text: str) -> None:
    whole = read(text)
    assert whole == read(log(RECORD)) * 2
    assert read(gzip.compress(text.encode())) == whole
    assert list(FlowLogReader(Trickle(text.encode()))) == whole


def test_what_is_left_empty_is_nothing() -> None:
    (found,) = read(log(record("1663146003599,10.0.0.6,192.0.2.180,,,1,I,B,NX,,,,", mac="")))
    assert found.mac is None
    (one,) = found.tuples
    assert (one.source_port, one.forth, one.back) == (0, Amounts(0, 0), Amounts(0, 0))
    assert not one.is_outbound


@pytest.mark.parametrize("cut", [15, 40, 300, -2, -3])
def test_a_log_that_is_cut_off_gives_what_was_whole(cut: int) -> None:
    text = log(RECORD, RECORD)
    reader = iter(FlowLogReader(BytesIO(text[:cut].encode())))
    for _ in range({-2: 2, -3: 1}.get(cut, 0)):
        assert next(reader) == read(log(RECORD))[0]
    with pytest.raises(TruncatedCaptureError, match="cut off"):
        next(reader)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is empty"]),
        ("no JSON at all", ["does not start with a JSON object"]),
        (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" * 50, ["UTF-8"]),
        ("[1, 2]", ["does not start with a JSON object"]),
        (log(RECORD).replace('"rule":', '"rule"'), ["record 1", "damaged at character"]),
        ('{"records": [3]}', ["record 1: is not an object"]),
        ('{"records": {}}', ["records is not an array"]),
        ('{"records": [{}]}', ["record 1: flowRecords is not an object"]),
        (
            log(RECORD, {**RECORD, "flowRecords": {"flows": [{"flowGroups": 1}]}}),
            ["record 2", "flows[0].flowGroups is not an array"],
        ),
        (log(RECORD, record(FLOW, "1,2,3")), ["record 2", "flowTuples[1] has 3 fields, not 13: '1,2,3'"]),
        (log(record(FLOW.replace("10.10.1.4", "10.10.1.444"))), ["record 1", "flowTuples[0]", "10.10.1.444"]),
        (log(record(FLOW.replace(",O,", ",X,"))), ["'X' is not a direction"]),
        (log(record(FLOW.replace(",E,", ",Q,"))), ["'Q'"]),
        (log(record(FLOW.replace(",767,", ",-767,"))), ["an amount is negative"]),
        (log(record(FLOW.replace(",443,", ",70000,"))), ["70000 is not a port"]),
        (log({"properties": {"Version": 2, "flows": []}}), ["is of version 2", "network security group"]),
        ('{"a":' * 100_000, ["nested too deeply"]),
    ],
    ids=range(17),
)
def test_what_is_no_flow_log_is_refused_with_the_place(text: str | bytes, words: list[str]) -> None:
    with pytest.raises(CaptureError) as caught:
        read(text)
    assert str(caught.value).startswith("capture: ")
    for word in words:
        assert word in str(caught.value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_records_or_an_error(content: bytes) -> None:
    for data in (content, b'{"records": [' + content):
        try:
            read(data)
        except CaptureError:
            continue


def test_a_long_log_is_read_in_little_memory() -> None:
    import tracemalloc

    class Long:
        """A log of many records, made as it is read."""

        def __init__(self, records: int) -> None:
            self.left = records
            self.pieces = [b'{"records":[']

        def read(self, _size: int) -> bytes:
            if self.pieces:
                return self.pieces.pop()
            if not self.left:
                return b""
            self.left -= 50
            return b",".join([json.dumps(RECORD).encode()] * 50) + (b"," if self.left else b"]}")

    peaks = []
    for records in (1_000, 10_000):
        tracemalloc.start()
        assert sum(1 for _ in FlowLogReader(Long(records))) == records  # type: ignore[arg-type, misc] # it reads
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2 + 100_000
