"""What docs/collectors.md says of each example, and what an applied cloud says of itself in its terms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.vtaplib.cli.command import EXAMPLES, ROOT
from vtaplib.control.cloud import Cloud
from vtaplib.resources import LbProbe, LbRule, LinuxVirtualMachine, VirtualNetworkTap

PAGE = (ROOT / "docs" / "collectors.md").read_text()
COLLECTORS = EXAMPLES / "collectors"
FOLDERS = sorted(path.parent.name for path in COLLECTORS.glob("*/main.tf"))
SOURCES = {"vm-web", "vm-database"}


@dataclass(frozen=True)
class Design:
    """A row of the page's table: where copies go, by which rule and probe ("-" without), and how many are
    there of collectors, of interfaces of each, and of TAPs.
    """

    destination: str
    rule: str
    probe: str
    collectors: int
    interfaces: int
    taps: int


def rows() -> dict[str, tuple[str, str, Design]]:
    """The table's rows by folder: the product, the anchor of its section, the design."""
    table = re.findall(r"^\| \[(.+?)\]\(#(.+?)\) \| `(.+?)` \| (.+?) \|$", PAGE, re.MULTILINE)
    found = {}
    for product, anchor, folder, rest in table:
        destination, rule, probe, collectors, interfaces, taps, _ = rest.split(" | ")
        design = Design(destination, rule, probe, int(collectors), int(interfaces), int(taps))
        found[folder] = (product, anchor, design)
    return found


def sections() -> dict[str, str]:
    """The products' sections by the folder that each links to: their titles."""
    products = PAGE.partition("\n## The products\n")[2]
    titles = re.findall(
        r"^### (.+?)\n\n\*Expects\*: .+?^\*Example\*: \[`(.+?)`\]\((.+?)\)\.\n", products, re.M | re.S
    )
    for _, folder, link in titles:
        assert link == f"../terraform-examples/collectors/{folder}/main.tf"
    assert len(titles) == len(re.findall(r"^### ", products, re.MULTILINE))
    return {folder: title for title, folder, _ in titles}


def checks() -> dict[str, str]:
    """The way of receiving that each product's section refers to, by folder; each is a heading."""
    products = PAGE.partition("\n## The products\n")[2]
    found = re.findall(
        r"^\*Example\*: \[`(.+?)`\].+?^\*Checked\*: \[(.+?)\]\(#(.+?)\)\.$", products, re.M | re.S
    )
    headings = re.findall(r"^### (.+)$", PAGE.partition("\n## The products\n")[0], re.MULTILINE)
    for _, way, anchor in found:
        assert anchor == anchor_of(way)
        assert way.lower() in [heading.lower() for heading in headings]
    return {folder: way for folder, way, _ in found}


def anchor_of(title: str) -> str:
    """The anchor that a heading gets where Markdown is shown: lower case, no marks, hyphens for spaces."""
    return re.sub(r"[^a-z0-9-]", "", title.lower().replace(" ", "-"))


def read_back(cloud_path: Path) -> Design:
    """The design that an applied cloud has, read from its resources."""
    with Cloud.open(cloud_path) as cloud:
        taps, rules = list(cloud.list(VirtualNetworkTap)), list(cloud.list(LbRule))
        probes, machines = list(cloud.list(LbProbe)), list(cloud.list(LinuxVirtualMachine))
    assert all(tap.destination_port == 4789 for tap in taps)
    balanced = {tap.destination_load_balancer_frontend_ip_configuration_id is not None for tap in taps}
    assert len(balanced) == 1
    collectors = [machine for machine in machines if machine.name not in SOURCES]
    (interfaces,) = {len(machine.network_interface_ids) for machine in collectors}
    return Design(
        "load balancer" if balanced == {True} else "interface",
        ", ".join(said_of_rule(rule) for rule in rules) or "-",
        ", ".join(said_of_probe(probe) for probe in probes) or "-",
        len(collectors),
        interfaces,
        len(taps),
    )


def said_of_rule(rule: LbRule) -> str:
    if (rule.protocol, rule.frontend_port, rule.backend_port) == ("All", 0, 0):
        return "HA ports"
    assert rule.frontend_port == rule.backend_port
    return f"{rule.protocol.upper()} {rule.frontend_port}"


def said_of_probe(probe: LbProbe) -> str:
    return " ".join(filter(None, (probe.protocol.upper(), str(probe.port), probe.request_path)))
