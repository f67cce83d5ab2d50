"""Who is tapped and heard, who could be tapped, who cannot, and why."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.vtaplib.control.lab import (
    HOME,
    NORTH,
    SISTER,
    WEST,
    Lab,
    backend,
    front,
    frontend_id,
    ip,
    ip_id,
    lb,
    lb_rule,
    machine,
    mirror,
    network,
    network_id,
    nic,
    nic_id,
    peering,
    pool,
    pool_id,
    subnet,
    subnet_id,
    tap,
    tap_id,
    vm_id,
)
from vtaplib import ArmError, Cloud, NetworkInterface, NetworkSecurityGroup, Policy
from vtaplib.analysis import CoverageAudit, CoverageScope, Standing, audit_coverage
from vtaplib.model import ErrorCode, ids
from vtaplib.resources import LbRule, NetworkInterfaceSecurityGroupAssociation, NetworkSecurityRule


def audited(cloud: Cloud, scope: CoverageScope | None = None) -> CoverageAudit:
    with cloud.snapshot() as view:
        return audit_coverage(view, cloud.policy, scope)


def lab_with(*, heard: bool = True, tagged: bool = False) -> Lab:
    """`db` is tapped to `collector`, in a peered network; `web` has a machine from before there was a TAP;
    `spare` has none; `stray` is in a network by itself.
    """
    lab = Lab(Policy(region_check="off"), stocked=False)
    more = {"tags": {"env": "prod"}} if tagged else {}
    lab.put(
        *(network(name, f"10.{n}.0.0/16") for n, name in enumerate(("app", "tools", "island"), 1)),
        *(subnet(name, "one", f"10.{n}.1.0/24") for n, name in enumerate(("app", "tools", "island"), 1)),
        subnet("app", "two", "10.1.2.0/24"),
        *(nic(name, ip(subnet_id("app"))) for name in ("db", "spare")),
        nic("web", ip(subnet_id("app")), tags={"tier": "front"}),
        nic("collector", ip(subnet_id("tools"))),
        nic("stray", ip(subnet_id("island"))),
        machine("vm-web", nic_id("web"), **more),
        *([machine("vm-collector", nic_id("collector"), **more)] if heard else []),
        lb("inner", front(subnet_id("tools"))),
        pool("inner"),
        lb_rule("inner", probe_id=None),
        backend("collector", pool_id("inner")),
        tap("tap", ip_id("collector")),
        tap("tap-lb", to_frontend=frontend_id("inner")),
    )
    lab.link("app", "tools")
    lab.put(mirror(nic_id("db"), "tap"))
    return lab


def standings(audit: CoverageAudit) -> Mapping[str, Standing]:
    return {ids.name(one.interface_id): one.standing for one in audit.interfaces}


def test_every_interface_stands_somewhere() -> None:
    lab = lab_with()
    assert standings(audited(lab.cloud)) == {
        "collector": Standing.COLLECTOR,
        "db": Standing.TAPPED,
        "spare": Standing.ELIGIBLE,
        "stray": Standing.ELIGIBLE,
        "web": Standing.INELIGIBLE,
    }


def test_one_that_cannot_be_tapped_says_why() -> None:
    audit = audited(lab_with().cloud, CoverageScope(ids=[nic_id("web")]))
    (web,) = audit.those(Standing.INELIGIBLE)
    assert web.machine_id == vm_id("vm-web")
    assert "not on the fast path" in web.reasons[0]
    assert "Deallocate" in web.reasons[0]


def test_a_stream_says_over_which_tap_it_goes_and_to_whom() -> None:
    lab = lab_with()
    lab.put(mirror(nic_id("spare"), "tap-lb"))
    audit = audited(lab.cloud, CoverageScope(ids=[nic_id("db"), nic_id("spare")]))
    (db,), (spare,) = (one.streams for one in audit.those(Standing.TAPPED))
    assert (ids.name(db.tap_id), db.destination_id, db.collector_ids) == (
        "tap",
        ip_id("collector"),
        (nic_id("collector"),),
    )
    assert (ids.name(spare.tap_id), spare.destination_id, spare.collector_ids) == (
        "tap-lb",
        frontend_id("inner"),
        (nic_id("collector"),),
    )


def test_an_audit_is_complete_where_every_interface_is_tapped_and_heard() -> None:
    lab = lab_with()
    app = CoverageScope(ids=[network_id("app")])
    assert not audited(lab.cloud, app).complete
    assert [ids.name(one.interface_id) for one in audited(lab.cloud, app).gaps] == ["spare", "web"]
    lab.cloud.deallocate(vm_id("vm-web"))
    lab.cloud.start(vm_id("vm-web"))
    lab.put(mirror(nic_id("web"), "tap"), mirror(nic_id("spare"), "tap"))
    audit = audited(lab.cloud, app)
    assert (audit.complete, audit.gaps) == (True, ())
    assert set(standings(audit).values()) == {Standing.TAPPED}


def test_a_stream_that_nobody_hears_is_a_gap_with_its_reason() -> None:
    lab = lab_with(heard=False)
    (db,) = audited(lab.cloud, CoverageScope(ids=[nic_id("db")])).gaps
    assert db.standing is Standing.SILENT
    assert "no machine is attached to networkInterfaces/collector" in db.reasons[0]


def test_a_peering_that_goes_makes_a_stream_silent() -> None:
    lab = lab_with()
    lab.cloud.delete(peering("tools", "app").replace(subscription_id=HOME).id)
    (db,) = audited(lab.cloud, CoverageScope(ids=[nic_id("db")])).gaps
    assert (db.standing, len(db.reasons)) == (Standing.SILENT, 1)
    assert "no open peering" in db.reasons[0]


def test_a_load_balancer_that_loses_its_rule_or_its_backend_makes_a_stream_silent() -> None:
    lab = lab_with()
    lab.put(mirror(nic_id("spare"), "tap-lb"))
    spare = CoverageScope(ids=[nic_id("spare")])
    assert audited(lab.cloud, spare).complete
    lab.cloud.delete(backend("collector", pool_id("inner")).id)
    assert not audited(lab.cloud, spare).complete
    lab.put(backend("collector", pool_id("inner")))
    (rule,) = lab.cloud.list(LbRule)
    lab.cloud.delete(rule.id)
    (gap,) = audited(lab.cloud, spare).gaps
    assert gap.reasons


def test_one_whose_ipv6_alone_is_not_mirrored_is_heard() -> None:
    lab = lab_with()
    lab.put(
        network("app", "10.1.0.0/16", "fd00::/48"),
        subnet("app", "six", "fd00::/64"),
        nic(
            "db",
            ip(subnet_id("app"), primary=True),
            ip(subnet_id("app", "six"), name="six", private_ip_address_version="IPv6"),
        ),
    )
    assert any("IPv6" in one.violation.message for one in lab.cloud.audit())
    assert audited(lab.cloud, CoverageScope(ids=[nic_id("db")])).complete


def guarded_lab(name: str, source: str) -> Lab:
    """A lab whose collector of that name refuses UDP 4789 from a source."""
    lab = lab_with()
    group = lab.home.put(NetworkSecurityGroup(name="group", resource_group_name="lab", location=WEST))
    lab.put(
        mirror(nic_id("spare"), "tap"),
        NetworkSecurityRule(
            name="refuse",
            resource_group_name="lab",
            network_security_group_name="group",
            priority=100,
            direction="Inbound",
            access="Deny",
            protocol="Udp",
            source_port_range="*",
            destination_port_range="4789",
            source_address_prefix=source,
            destination_address_prefix="*",
        ),
        NetworkInterfaceSecurityGroupAssociation(
            network_interface_id=nic_id(name), network_security_group_id=group.id
        ),
    )
    return lab


def test_a_security_group_silences_the_sources_that_it_refuses_and_no_others() -> None:
    lab = guarded_lab("collector", "10.1.1.4/32")
    assert lab.get(NetworkInterface, nic_id("db")).private_ip_address == "10.1.1.4"
    found = standings(audited(lab.cloud, CoverageScope(ids=[subnet_id("app")])))
    assert (found["db"], found["spare"]) == (Standing.SILENT, Standing.TAPPED)
    (db,) = audited(lab.cloud, CoverageScope(ids=[nic_id("db")])).gaps
    assert ["denies UDP 4789" in one for one in db.reasons] == [True]


def test_a_stream_that_one_of_several_collectors_hears_is_heard() -> None:
    lab = guarded_lab("collector", "*")
    lab.cloud.delete(mirror(nic_id("spare"), "tap").id)
    lab.put(mirror(nic_id("spare"), "tap-lb"))
    spare = CoverageScope(ids=[nic_id("spare")])
    assert not audited(lab.cloud, spare).complete
    lab.put(nic("second", ip(subnet_id("tools"))), backend("second", pool_id("inner")))
    assert audited(lab.cloud, spare).complete


GROUP = f"/subscriptions/{HOME}/resourceGroups/lab"
PROD = {"env": "prod"}


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        (CoverageScope(ids=[f"/subscriptions/{HOME}"], name_pattern="S*"), ["spare", "stray"]),
        (CoverageScope(ids=[f"/subscriptions/{SISTER}"]), []),
        (CoverageScope(ids=[GROUP], location=NORTH), []),
        (CoverageScope(ids=[GROUP], location=WEST, name_pattern="?b"), ["db"]),
        (CoverageScope(ids=[network_id("tools").upper()]), ["collector"]),
        (CoverageScope(ids=[subnet_id("app", "two")]), []),
        (CoverageScope(ids=[subnet_id("island"), nic_id("db")]), ["db", "stray"]),
        (CoverageScope(ids=[vm_id("vm-web")]), ["web"]),
        (CoverageScope(attached_only=True), ["collector", "web"]),
        (CoverageScope(tags=PROD), ["collector", "web"]),
        (CoverageScope(tags={**PROD, "tier": "front"}), ["web"]),
    ],
)
def test_a_scope_takes_what_every_criterion_takes(scope: CoverageScope, wanted: list[str]) -> None:
    assert list(standings(audited(lab_with(tagged=True).cloud, scope))) == wanted


@pytest.mark.parametrize("scope_id", [nic_id("nobody"), frontend_id("inner"), tap_id("tap"), "web"])
def test_a_scope_that_holds_no_interfaces_by_nature_is_an_error(scope_id: str) -> None:
    with pytest.raises(ArmError) as caught:
        audited(lab_with().cloud, CoverageScope(ids=[nic_id("web"), scope_id]))
    assert (caught.value.code, caught.value.path) == (ErrorCode.RESOURCE_NOT_FOUND, ("scope_ids", 1))
    assert scope_id in caught.value.message


def test_machines_are_counted_once() -> None:
    lab = lab_with()
    lab.put(machine("vm-two", nic_id("db"), nic_id("spare")))
    audit = audited(lab.cloud, CoverageScope(ids=[network_id("app")]))
    assert audit.machine_ids == (vm_id("vm-two"), vm_id("vm-web"))
