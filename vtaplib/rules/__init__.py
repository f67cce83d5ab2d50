"""The rules on what holds between resources, one module per subject.

A type knows itself; rules know how types relate. Each rule is attached to the types that it is `on`, so
importing this package makes `kind.rules()` complete. The control plane, which judges them, imports it.
"""

from __future__ import annotations

from vtaplib.rules import (
    address_space,
    backend_pool,
    backend_sku,
    balancing_conflict,
    fast_path,
    load_balancer,
    mirror_loop,
    mirror_stream,
    network_interface,
    peering,
    private_address,
    public_address,
    security_group,
    stream_security,
    subnet_delegation,
    subnet_security_group,
    tap_destination,
    tap_source,
    tapped_machine,
)
from vtaplib.rules.order import ORDER

__all__ = [
    "address_space",
    "backend_pool",
    "backend_sku",
    "balancing_conflict",
    "fast_path",
    "load_balancer",
    "mirror_loop",
    "mirror_stream",
    "network_interface",
    "peering",
    "private_address",
    "public_address",
    "security_group",
    "stream_security",
    "subnet_delegation",
    "subnet_security_group",
    "tap_destination",
    "tap_source",
    "tapped_machine",
]

for _kind, _names in ORDER.items():
    _kind.order_rules(_names)
