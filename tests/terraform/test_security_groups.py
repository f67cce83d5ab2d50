"""Security groups in Terraform: attached in one place whoever does it; a warning where they stop a stream."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Final

import pytest

from tests.terraform.hcl import Expression
from tests.terraform.reattached import SUBSCRIPTION, Diagnostic, Outcome, Workspace
from tests.terraform.worlds import (
    GROUPS,
    LABS,
    NETWORKS,
    SECURITY_RULE,
    SUBNETS,
    guarded_interface,
    guarded_subnet,
    interface,
    network,
    security_group,
    security_rule,
    subnet,
    tap,
    tapped,
)
from vtaplib.resources import SubnetNetworkSecurityGroupAssociation

pytestmark = pytest.mark.terraform

LOST: Final = "VirtualNetworkTapStreamLost"
DENY: Final = {**SECURITY_RULE, "name": "no", "access": "Deny", "source_address_prefix": "*"}
ALLOW: Final = {**SECURITY_RULE, "name": "yes", "priority": 200}
GUARD, OTHER = (Expression(f"azurerm_network_security_group.{name}.id") for name in ("guard", "other"))
STREAM: Final = SUBNETS + interface("source") + interface("collector", "b")


def sending(group_id: Expression | None, version: int = 1, **changes: Any) -> str:
    """A subnet that sends a security group by its own argument."""
    sent: dict[str, Any] = {
        "network_security_group_id_wo": group_id,
        "network_security_group_id_wo_version": version,
    }
    return subnet("sub", "v", "10.0.5.0/24", **(sent if group_id else {}), **changes)


def attached(workspace: Workspace) -> list[str]:
    """Which subnet has which group."""
    with workspace.cloud() as cloud:
        return [
            f"{one.subnet_id.rpartition('/')[2]}: {one.network_security_group_id.rpartition('/')[2]}"
            for one in cloud.list(SubnetNetworkSecurityGroupAssociation)
        ]


def test_a_subnet_shows_the_group_that_an_association_attaches(workspace: Workspace) -> None:
    workspace.holds(SUBNETS + GROUPS + guarded_subnet("at", "a", "guard"))
    workspace.apply("-refresh-only")
    state = workspace.state()
    group_id = state["azurerm_network_security_group.guard"]["id"]
    assert state["azurerm_subnet.a"]["network_security_group_id"] == group_id
    association = state["azurerm_subnet_network_security_group_association.at"]
    assert association["id"] == state["azurerm_subnet.a"]["id"]
    workspace.plans_nothing()


def test_a_subnet_sends_a_group_when_the_version_changes(workspace: Workspace) -> None:
    workspace.holds(NETWORKS + GROUPS + sending(GUARD))
    assert attached(workspace) == ["sub: guard"]
    workspace.holds(NETWORKS + GROUPS + sending(OTHER))
    assert attached(workspace) == ["sub: guard"]
    workspace.holds(NETWORKS + GROUPS + sending(OTHER, 2))
    assert attached(workspace) == ["sub: other"]
    shown = workspace.state()["azurerm_subnet.sub"]["network_security_group_id"]
    assert shown == workspace.state()["azurerm_network_security_group.other"]["id"]


def test_a_subnet_that_sends_no_group_any_more_has_none(workspace: Workspace) -> None:
    workspace.holds(NETWORKS + GROUPS + sending(GUARD))
    workspace.holds(NETWORKS + GROUPS + sending(None))
    assert attached(workspace) == []
    assert workspace.state()["azurerm_subnet.sub"]["network_security_group_id"] == ""
    workspace.holds(NETWORKS + GROUPS + sending(GUARD))
    assert attached(workspace) == ["sub: guard"]


@pytest.mark.parametrize("version", [None, 1, 2])
def test_a_subnet_shows_the_route_table_that_was_sent_last(workspace: Workspace, version: int | None) -> None:
    group_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab"

    def body(table: str, version: int | None) -> str:
        sent = {
            "route_table_id_wo": f"{group_id}/providers/Microsoft.Network/routeTables/{table}",
            "route_table_id_wo_version": version,
        }
        return NETWORKS + subnet("sub", "v", "10.0.5.0/24", **(sent if version else {}))

    workspace.holds(body("first", 1))
    workspace.holds(body("second", version))
    shown = workspace.state()["azurerm_subnet.sub"]["route_table_id"].rpartition("/")[2]
    assert shown == {None: "", 1: "first", 2: "second"}[version]


def test_a_subnet_that_sends_nothing_keeps_the_group_that_it_has(workspace: Workspace) -> None:
    body = NETWORKS + GROUPS + guarded_subnet("at", "sub", "guard")
    workspace.holds(body + sending(None))
    workspace.holds(body + sending(None, default_outbound_access_enabled=False))
    assert attached(workspace) == ["sub: guard"]


def test_a_subnet_that_sends_one_group_is_not_attached_to_another(workspace: Workspace) -> None:
    workspace.write(NETWORKS + GROUPS + sending(GUARD) + guarded_subnet("at", "sub", "other"))
    assert workspace.plan().codes == ["OperationNotAllowed"]


def test_a_subnet_that_has_a_group_is_not_attached_to_one_anew(workspace: Workspace) -> None:
    workspace.holds(NETWORKS + GROUPS + sending(GUARD))
    workspace.write(NETWORKS + GROUPS + sending(GUARD) + guarded_subnet("at", "sub", "guard"))
    assert "already exists" in workspace.try_apply().told


def test_a_networks_own_argument_attaches_and_takes_away(workspace: Workspace) -> None:
    def body(**group: Any) -> str:
        inner = {"name": "sub", "address_prefixes": ["10.9.0.0/24"], **group}
        return LABS + GROUPS + network("net", "10.9.0.0/16", subnet=[inner])

    workspace.holds(body(security_group=GUARD))
    assert attached(workspace) == ["sub: guard"]
    workspace.holds(body(security_group=OTHER))
    assert attached(workspace) == ["sub: other"]
    workspace.holds(body())
    assert attached(workspace) == []


def test_a_group_that_was_taken_away_is_attached_again(workspace: Workspace) -> None:
    workspace.holds(SUBNETS + GROUPS + guarded_subnet("at", "a", "guard"))
    with workspace.cloud() as cloud:
        (one,) = cloud.list(SubnetNetworkSecurityGroupAssociation)
        cloud.delete(one.id)
    address = "azurerm_subnet_network_security_group_association.at"
    assert workspace.plan().actions == {address: "create"}
    workspace.apply()
    assert attached(workspace) == ["a: guard"]


def test_a_group_in_use_is_not_deleted(workspace: Workspace) -> None:
    workspace.holds(SUBNETS + GROUPS + guarded_subnet("at", "a", "guard"))
    workspace.run("state rm", "azurerm_subnet_network_security_group_association.at")
    workspace.write(SUBNETS)
    told = workspace.try_apply().told
    assert "InUseNetworkSecurityGroupCannotBeDeleted" in told
    assert "subnets/a" in told


def test_a_rule_of_its_own_and_one_of_the_groups_argument_have_no_common_priority(
    workspace: Workspace,
) -> None:
    workspace.write(
        LABS + security_group("guard", security_rule=[DENY]) + security_rule("own", "guard", priority=100)
    )
    assert workspace.plan().codes == ["SecurityRuleConflict"]


def test_two_rules_trade_priorities_in_the_groups_argument(workspace: Workspace) -> None:
    def body(first: int, second: int) -> str:
        rules = [{**DENY, "priority": first}, {**ALLOW, "priority": second}]
        return LABS + security_group("guard", security_rule=rules)

    workspace.holds(body(100, 200))
    workspace.holds(body(200, 100))


def test_a_group_without_the_argument_keeps_its_rules_and_with_none_in_it_loses_them(
    workspace: Workspace,
) -> None:
    workspace.holds(LABS + security_group("guard", security_rule=[DENY]))
    workspace.holds(LABS + security_group("guard"))
    assert len(workspace.state()["azurerm_network_security_group.guard"]["security_rule"]) == 1
    workspace.holds(LABS + security_group("guard", security_rule=[]))
    assert workspace.state()["azurerm_network_security_group.guard"]["security_rule"] == []


def test_rules_are_written_as_objects_too(workspace: Workspace) -> None:
    plural = ("address_prefixes", "application_security_group_ids", "port_ranges")
    whole: dict[str, list[str]] = {
        f"{side}_{name}": [] for side in ("source", "destination") for name in plural
    }
    workspace.holds(
        LABS
        + security_group("guard").removesuffix("}\n")
        + "  security_rule = [{\n"
        + "".join(
            f"    {name} = {value if isinstance(value, int | list) else chr(34) + str(value) + chr(34)}\n"
            for name, value in {**DENY, **whole, "description": ""}.items()
        )
        + "  }]\n}\n"
    )


def after(*addresses: str) -> dict[str, Expression]:
    return {"depends_on": Expression(f"[{', '.join(addresses)}]")} if addresses else {}


def lost(outcome: Outcome) -> list[str]:
    """The addresses at which a plan tells of a stream that comes to be denied; all else is no error."""
    assert outcome.codes == [], outcome.told
    return [one.address for one in outcome.diagnostics if is_lost(one)]


def is_lost(one: Diagnostic) -> bool:
    return one.summary == LOST and "denies UDP" in one.detail and not one.detail.startswith("As it stands")


AT_NIC: Final = "azurerm_network_interface_security_group_association.at"
AT_SUBNET: Final = "azurerm_subnet_network_security_group_association.at"
MIRROR: Final = "azurerm_network_interface_tap_configuration.mirror"
TAP: Final = "azurerm_virtual_network_tap.tap"


@pytest.mark.parametrize("place", [AT_NIC, AT_SUBNET])
@pytest.mark.parametrize("order", [*permutations(["at", TAP]), *permutations(["at", MIRROR]), ()])
def test_a_collector_whose_group_denies_the_copies_is_a_warning_told_once(
    workspace: Workspace, place: str, order: tuple[str, ...]
) -> None:
    earlier, later = [place if one == "at" else one for one in order] or ("", "")

    def waits(address: str) -> dict[str, Expression]:
        return after(earlier) if address == later else {}

    attach = guarded_interface if place == AT_NIC else guarded_subnet
    workspace.write(
        STREAM
        + security_group("guard", security_rule=[DENY])
        + attach("at", "collector" if place == AT_NIC else "b", "guard", **waits(place))
        + tap("tap", "collector", **waits(TAP))
        + tapped("mirror", "source", "tap", **waits(MIRROR))
    )
    outcome = workspace.plan()
    (address,) = lost(outcome)
    assert MIRROR not in order or address == later
    (warning,) = filter(is_lost, outcome.diagnostics)
    for named in ("networkInterfaces/collector", "networkInterfaces/source", "no (priority 100)", "4789"):
        assert named in warning.detail


@pytest.mark.parametrize(
    "rules",
    [
        {"security_rule": [{**DENY, "source_address_prefix": "10.0.0.4"}]},
        {},
    ],
)
def test_a_collector_whose_group_may_let_the_copies_in_is_no_warning(
    workspace: Workspace, rules: dict[str, Any]
) -> None:
    workspace.write(
        STREAM
        + security_group("guard", **rules)
        + guarded_subnet("at", "b", "guard")
        + tap("tap", "collector")
        + tapped("mirror", "source", "tap")
    )
    assert lost(workspace.plan()) == []


def test_a_group_whose_rules_stand_alone_is_not_judged_before_all_of_them_are_planned(
    workspace: Workspace,
) -> None:
    rules = security_rule("no", "guard", access="Deny", priority=300)
    rules += security_rule("yes", "guard", **after(MIRROR))
    workspace.write(
        STREAM
        + security_group("guard")
        + rules
        + guarded_subnet("at", "b", "guard")
        + tap("tap", "collector")
        + tapped("mirror", "source", "tap")
    )
    assert lost(workspace.plan()) == []


def test_a_rule_that_comes_to_deny_the_copies_is_told_and_then_not_again(workspace: Workspace) -> None:
    def body(rules: list[dict[str, Any]]) -> str:
        return (
            STREAM
            + security_group("guard", security_rule=rules)
            + guarded_subnet("at", "b", "guard")
            + tap("tap", "collector")
            + tapped("mirror", "source", "tap")
        )

    workspace.holds(body([ALLOW]))
    workspace.write(body([ALLOW, DENY]))
    outcome = workspace.plan()
    assert len(lost(outcome)) == 1, outcome.told
    workspace.apply()
    assert lost(workspace.plan()) == []


def test_the_policy_can_let_copies_pass_all_groups(workspace: Workspace) -> None:
    body = (
        STREAM
        + security_group("guard", security_rule=[DENY])
        + guarded_subnet("at", "b", "guard")
        + tap("tap", "collector")
        + tapped("mirror", "source", "tap")
    )
    workspace.write(body, policy={"collector_nsg": "bypass"})
    assert lost(workspace.plan()) == []
