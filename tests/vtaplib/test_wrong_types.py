"""Public functions that are given something of another type: an error that names it and says what to give,
and not one from their inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.fabric.worlds import interface_id, quickstart, udp_frame
from vtaplib import Cloud, Direction, MirrorEngine, NetworkInterface, Policy, ResourceGroup, Topology
from vtaplib.analysis import (
    ComparedDesign,
    Packet,
    PacketOrder,
    Peerings,
    audit_coverage,
    check,
    design_of_resources,
    design_of_state,
    designs_of_plan,
    diff,
    estimate,
    explain,
    judge_eligibility,
    parse_azure_export,
    parse_terraform,
    replay,
    take_inventory,
)
from vtaplib.capture import open_capture
from vtaplib.errors import VtapError, WrongTypeError
from vtaplib.fabric import Fabric
from vtaplib.loading import load_azure_export, load_terraform
from vtaplib.mirror import Replay
from vtaplib.packets.block import PacketBlock
from vtaplib.reports import html_page, json_text

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
FRAME = udp_frame("10.0.0.4", "10.0.0.5")
CLOUD = Cloud()
HOME = CLOUD.subscription(SUBSCRIPTION)
TOPOLOGY = quickstart("web")


PLAN = parse_terraform("plan.json", b'{"format_version": "1.2", "resource_changes": []}')


def capture() -> Any:
    return open_capture(BytesIO(pcap([FRAME])))


CALLS: Mapping[str, Callable[[Any], object]] = {
    "Cloud policy": lambda given: Cloud(policy=given),
    "Cloud.open endpoint": Cloud.open,
    "Cloud.subscription": CLOUD.subscription,
    "Cloud.put": CLOUD.put,
    "Cloud.put_all": CLOUD.put_all,
    "Cloud.put_all one": lambda given: CLOUD.put_all([given]),
    "Cloud.check": CLOUD.check,
    "Cloud.get": CLOUD.get,
    "Cloud.find": CLOUD.find,
    "Cloud.delete": CLOUD.delete,
    "Cloud.deallocate": CLOUD.deallocate,
    "Cloud.start": CLOUD.start,
    "Cloud.list kind": CLOUD.list,
    "Cloud.list within": lambda given: CLOUD.list(NetworkInterface, given),
    "SubscriptionHandle.put": HOME.put,
    "SubscriptionHandle.put_all": HOME.put_all,
    "SubscriptionHandle.check": HOME.check,
    "SubscriptionHandle.list": HOME.list,
    "Cloud.copy": CLOUD.copy,
    "load_terraform": load_terraform,
    "load_azure_export": load_azure_export,
    "load_azure_export one": lambda given: load_azure_export([given]),
    "design_of_resources": lambda given: design_of_resources("lab", given),
    "design_of_state": design_of_state,
    "designs_of_plan": designs_of_plan,
    "designs_of_plan base": lambda given: designs_of_plan(PLAN, base=given),
    "designs_of_plan policy": lambda given: designs_of_plan(PLAN, given),
    "Topology.of": Topology.of,
    "MirrorEngine topology": MirrorEngine,
    "MirrorEngine policy": lambda given: MirrorEngine(TOPOLOGY, given),
    "MirrorEngine down": lambda given: MirrorEngine(TOPOLOGY, down=given),
    "MirrorEngine.frame interface": lambda given: MirrorEngine(TOPOLOGY).frame(
        given, Direction.EGRESS, FRAME
    ),
    "MirrorEngine.frame direction": lambda given: MirrorEngine(TOPOLOGY).frame(
        interface_id("web"), given, FRAME
    ),
    "MirrorEngine.frame frame": lambda given: MirrorEngine(TOPOLOGY).frame(
        interface_id("web"), Direction.EGRESS, given
    ),
    "Fabric topology": Fabric,
    "Fabric policy": lambda given: Fabric(TOPOLOGY, given),
    "Fabric down": lambda given: Fabric(TOPOLOGY, down=given),
    "Fabric.frame": lambda given: Fabric(TOPOLOGY).frame(given, None),
    "Replay topology": Replay,
    "Replay policy": lambda given: Replay(TOPOLOGY, given),
    "Replay down": lambda given: Replay(TOPOLOGY, down=given),
    "Replay.frame": lambda given: Replay(TOPOLOGY).frame(0, given),
    "Replay.run": lambda given: list(Replay(TOPOLOGY).run([(0, given, 60)])),
    "Replay.block": lambda given: Replay(TOPOLOGY).block(given),
    "PacketBlock.of": lambda given: PacketBlock.of([(0, given, 60)]),
    "replay capture": lambda given: replay(given, TOPOLOGY),
    "replay topology": lambda given: replay(capture(), given),
    "replay policy": lambda given: replay(capture(), TOPOLOGY, given),
    "replay down": lambda given: replay(capture(), TOPOLOGY, down=given),
    "estimate capture": lambda given: estimate(given, TOPOLOGY),
    "estimate topology": lambda given: estimate(capture(), given),
    "estimate policy": lambda given: estimate(capture(), TOPOLOGY, given),
    "diff capture": lambda given: diff(given, ComparedDesign(TOPOLOGY), ComparedDesign(TOPOLOGY)),
    "diff before": lambda given: diff(capture(), given, ComparedDesign(TOPOLOGY)),
    "diff after": lambda given: diff(capture(), ComparedDesign(TOPOLOGY), given),
    "diff topology": lambda given: diff(capture(), ComparedDesign(given), ComparedDesign(TOPOLOGY)),
    "explain packet": lambda given: explain(given, TOPOLOGY, Peerings({})),
    "explain one packet": lambda given: explain([given], TOPOLOGY, Peerings({})),
    "explain topology": lambda given: explain(PacketOrder("10.0.0.4", "10.0.0.5"), given, Peerings({})),
    "explain peerings": lambda given: explain([Packet(FRAME, 60)], TOPOLOGY, given),
    "explain policy": lambda given: explain([Packet(FRAME, 60)], TOPOLOGY, Peerings({}), given),
    "explain down": lambda given: explain([Packet(FRAME, 60)], TOPOLOGY, Peerings({}), down=given),
    "check document": check,
    "check cloud": lambda given: check(cloud=given),
    "check azure": lambda given: check(azure=given),
    "check policy": lambda given: check(policy=given),
    "take_inventory": take_inventory,
    "audit_coverage view": lambda given: audit_coverage(given, Policy()),
    "audit_coverage policy": lambda given: audit_coverage(CLOUD.view, given),
    "audit_coverage scope": lambda given: audit_coverage(CLOUD.view, Policy(), given),
    "judge_eligibility view": lambda given: judge_eligibility(given, Policy(), "/x"),
    "judge_eligibility policy": lambda given: judge_eligibility(CLOUD.view, given, "/x"),
    "judge_eligibility interface": lambda given: judge_eligibility(CLOUD.view, Policy(), given),
    "parse_terraform name": lambda given: parse_terraform(given, b"{}"),
    "parse_terraform content": lambda given: parse_terraform("plan.json", given),
    "parse_azure_export": lambda given: parse_azure_export([("az.json", given)]),
    "open_capture": open_capture,
    "html_page": html_page,
    "json_text": json_text,
}

WRONG: Mapping[str, Any] = {
    "null": None,
    "number": 5,
    "text": "text",
    "bytes": b"\0" * 20,
    "list of numbers": [5],
    "dictionary": {"a": "b"},
    "class": int,
    "path": Path("traffic.pcap"),
    "resource": ResourceGroup(name="rg", location="westeurope"),
    "cloud": CLOUD,
}

FITS: Mapping[str, frozenset[str]] = {
    name: frozenset(values.split(", "))
    for names, values in {
        "Cloud policy, MirrorEngine policy, Fabric policy, Replay policy": "null",
        "replay policy, estimate policy, explain policy, check policy": "null",
        "audit_coverage scope, check document, check cloud, check azure": "null",
        "Cloud.open endpoint, open_capture": "path",
        "Cloud.find, Cloud.delete, Cloud.list within": "text",
        "MirrorEngine.frame frame, Fabric.frame, Replay.frame, Replay.run, PacketBlock.of": "bytes",
        "Topology.of, take_inventory": "cloud",
        "Cloud.check, SubscriptionHandle.put, SubscriptionHandle.check": "resource",
        "Cloud.copy, load_terraform, load_azure_export one": "text, path",
        "designs_of_plan base, designs_of_plan policy": "null",
        # Its keys are texts: IDs, of which the fabric does not say whether an interface has them, and paths.
        "Fabric down, load_azure_export": "dictionary",
    }.items()
    for name in names.split(", ")
}
"""What fits after all."""


def cases() -> Iterator[tuple[str, str]]:
    for name in CALLS:
        for value in WRONG:
            if value not in FITS.get(name, ()):
                yield name, value


@pytest.mark.parametrize(("name", "value"), [*cases()])
def test_what_is_of_another_type_is_named_with_what_to_give(name: str, value: str) -> None:
    with pytest.raises(VtapError) as error:
        CALLS[name](WRONG[value])
    if isinstance(error.value, WrongTypeError):
        assert "; " in str(error.value)
        assert len(str(error.value)) < 400


def test_the_name_of_a_type_is_not_the_type() -> None:
    with pytest.raises(
        WrongTypeError, match=r"from vtaplib.resources import Subnet, then cloud.list\(Subnet"
    ):
        CLOUD.list("Subnet")  # type: ignore[arg-type]  # that is the point


def test_the_name_of_a_capture_is_not_the_capture() -> None:
    with pytest.raises(WrongTypeError, match=r"a capture is 'a\.pcap', of type str; open it first"):
        replay("a.pcap", TOPOLOGY)  # type: ignore[arg-type]  # that is the point


def test_a_subscription_is_a_guid() -> None:
    with pytest.raises(VtapError, match="is 'foo', not a GUID; write it as xxxxxxxx-xxxx"):
        CLOUD.subscription("foo")
