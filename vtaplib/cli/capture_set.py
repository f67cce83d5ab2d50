"""Captures that are written together, into one directory."""

from __future__ import annotations

from pathlib import Path

from vtaplib.capture import PcapngWriter, PcapWriter
from vtaplib.cli.output_files import OutputFiles

OUT = "--out"
"""The option that says where captures go."""


class CaptureSet:
    """Captures in a directory, which is made if it is not there; `files` puts them in their places. Raises
    `VtapError` where the directory cannot be made.
    """

    def __init__(self, directory: Path | None, files: OutputFiles) -> None:
        self._files = files
        if directory is not None:
            files.make_directory(directory, OUT)

    def open(self, path: Path, name: str, description: str) -> PcapngWriter | PcapWriter:
        """Open a capture of the format that its name ends in; a pcapng tells of one interface what it is
        called. Raises `VtapError` where it cannot be written.
        """
        file = self._files.open(path, OUT)
        if path.suffix == ".pcap":
            return PcapWriter(file)
        writer = PcapngWriter(file)
        writer.add_interface(name, description)
        return writer
