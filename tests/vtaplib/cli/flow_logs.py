"""Flow logs of virtual networks, written by hand as Azure's page on them lays them out (version 4)."""

from __future__ import annotations

import json
from collections.abc import Sequence

NETWORK = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-test"
    "/providers/Microsoft.Network/virtualNetworks/vnet-app"
)

EPOCH_MS = 1_700_000_000_000


def flow_tuple(
    second: float,
    source: str,
    destination: str,
    state: str,
    amounts: Sequence[int] = (0, 0, 0, 0),
    *,
    direction: str = "O",
    ports: tuple[int, int] = (40_000, 443),
    protocol: int = 6,
) -> str:
    """A tuple at a second after `EPOCH_MS`: packets and bytes there, then packets and bytes back."""
    fields = (EPOCH_MS + int(second * 1000), source, destination, *ports, protocol, direction, state, "NX")
    return ",".join(map(str, (*fields, *amounts)))


def record(*tuples: str, mac: str = "112233445566", target: str = NETWORK) -> dict[str, object]:
    """A record, with all that Azure writes."""
    return {
        "time": "2023-11-14T22:13:20.0000000Z",
        "flowLogVersion": 4,
        "flowLogGUID": "66aa66aa-bb77-cc88-dd99-00ee00ee00ee",
        "macAddress": mac,
        "category": "FlowLogFlowEvent",
        "flowLogResourceID": "/SUBSCRIPTIONS/X/RESOURCEGROUPS/NETWORKWATCHERRG",
        "targetResourceID": target,
        "operationName": "FlowLogFlowEvent",
        "flowRecords": {
            "flows": [
                {
                    "aclID": "00aa00aa-bb11-cc22-dd33-44ee44ee44ee",
                    "flowGroups": [{"rule": "DefaultRule_AllowVnetOutBound", "flowTuples": list(tuples)}],
                }
            ]
        },
    }


def log(*records: dict[str, object]) -> str:
    """A log as it lies in a storage account."""
    return json.dumps({"records": records})
