"""The outer UDP source port: a hash of the inner headers, so that networks can spread copies by flow.

RFC 7348, section 5, recommends a hash over the inner frame in the dynamic range 49152-65535. Frames of one
flow get one port, in every run; whether the two directions of a conversation share it is policy.
"""

from __future__ import annotations

from collections.abc import Callable

from vtaplib.model.policy import fixed_number
from vtaplib.packets.flow import NO_PORT, Flow, directional_hash, symmetric_hash

# The dynamic range, RFC 6335, section 6: 2^14 ports, so that a hash fills it evenly.
LOWEST = 49152
SPAN = 1 << 14


def source_port_chooser(switch: str) -> Callable[[Flow], int]:
    """The function from an inner flow to the outer source port, under the policy's `outer_source_port`."""
    fixed = fixed_number(switch)
    if fixed is not None:
        return lambda flow: fixed
    if switch == "inner":
        return inner_source_port
    hash_of = symmetric_hash if switch == "symmetric" else directional_hash
    return lambda flow: hashed(hash_of(flow))


def inner_source_port(flow: Flow) -> int:
    """The inner source port, or the hash where there is none."""
    return hashed(directional_hash(flow)) if flow.source_port == NO_PORT else flow.source_port


def hashed(number: int) -> int:
    """A hash as a port."""
    return LOWEST + number % SPAN
