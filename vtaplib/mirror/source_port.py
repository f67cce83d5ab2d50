"""The outer UDP source port: a hash of the inner headers, so that networks can spread copies by flow.

RFC 7348, section 5, recommends a hash over the inner frame in the dynamic range 49152-65535. Frames of one
flow get one port, in every run; whether the two directions of a conversation share it is policy.
"""

from __future__ import annotations

from vtaplib.control.policy import fixed_number
from vtaplib.packets.flow import NO_PORT, Flow, directional_hash, symmetric_hash

# The dynamic range, RFC 6335, section 6: 2^14 ports, so that a hash fills it evenly.
LOWEST = 49152
SPAN = 1 << 14


def source_port(switch: str, flow: Flow) -> int:
    """The outer source port for an inner flow, under the policy's `outer_source_port`."""
    fixed = fixed_number(switch)
    if fixed is not None:
        return fixed
    if switch == "inner" and flow.source_port != NO_PORT:
        return flow.source_port
    return LOWEST + (symmetric_hash(flow) if switch == "symmetric" else directional_hash(flow)) % SPAN
