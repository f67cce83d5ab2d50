"""Packets as bytes: one module per protocol, all of one shape.

`parse(octets)` reads a frozen value, `emit(value)` writes its bytes, `emit_into(value, buffer)` writes over
what a buffer holds. What can be built can be emitted: a value checks its fields when it is made. What cannot
be parsed raises `PacketError`, and nothing else. `flow` is the one module that never raises: it reads what
addresses a frame by, whatever the bytes.
"""

from __future__ import annotations
