"""Capture files: pcap and pcapng, in and out, as streams.

What a capture holds goes through in pieces of a mebibyte: memory does not grow with the file. There is one
way to read, in blocks, from which all others follow. It believes nothing: a file that is cut off or damaged
gives every packet before the damage, and then an error that says where.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
