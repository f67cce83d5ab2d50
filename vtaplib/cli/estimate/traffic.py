"""What `vtap estimate` is asked about: the packets of a capture, or the records of flow logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from vtaplib.analysis.traffic_estimate.flow_logs import FlowLogs
from vtaplib.capture import CaptureReader
from vtaplib.capture.flow_log import FlowLogReader, FlowLogRecord
from vtaplib.cli.input_directory import Input, InputDirectory, input_files
from vtaplib.cli.progress import reading, watched

SUFFIXES: Final = (".json", ".json.gz", ".gz")


def traffic_inputs(capture: str | None, flow_logs: Iterable[Path]) -> Iterator[Input]:
    """The files given, and the directories of logs: Azure's paths have the time in them."""
    if capture is not None:
        yield capture
    for path in flow_logs:
        if path.is_dir():
            empty = "has no flow log in it: no file whose name ends in .json or .gz"
            yield InputDirectory(path, SUFFIXES, empty, is_deep=True)
        else:
            yield path


@contextmanager
def open_traffic(capture: str | None, flow_logs: Sequence[Path]) -> Iterator[CaptureReader | FlowLogs]:
    """The capture, open; without one the flow logs, each opened when its turn comes."""
    if capture is not None:
        with reading(capture, "estimating") as reader:
            yield reader
    else:
        files = list(input_files(traffic_inputs(None, flow_logs)))
        yield FlowLogs(", ".join(map(str, flow_logs)), map(_records, map(str, files)))


def _records(path: str) -> Iterator[FlowLogRecord]:
    with watched(path, "estimating") as source, closing(FlowLogReader(source)) as reader:
        yield from reader
