"""Write-only arguments: sent when their version changes, taken away when it goes, never kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.control.lab import Lab, resource_id, security_group, security_group_id, subnet
from tests.vtaplib.resources.rule_cases import CASES
from vtaplib.model.marks import INTERNAL, WRITE_ONLY
from vtaplib.resources import RESOURCE_TYPES

ARGUMENTS = {
    (kind.__name__, name)
    for kind in RESOURCE_TYPES
    for name, field in kind.fields().items()
    if field.has(WRITE_ONLY) and not field.has(INTERNAL)
}
GIVEN = {
    ("Subnet", "network_security_group_id_wo"): [security_group_id(name) for name in "ab"],
    ("Subnet", "route_table_id_wo"): [resource_id("Network/routeTables", name) for name in "ab"],
}
"""Two values of each."""
NOTHING = (None, None)


def test_every_write_only_argument_has_a_version_and_is_tested_here() -> None:
    assert GIVEN.keys() == ARGUMENTS
    for kind_name, name in ARGUMENTS:
        (kind,) = (kind for kind in RESOURCE_TYPES if kind.__name__ == kind_name)
        assert f"{name}_version" in kind.fields()


@pytest.mark.parametrize("argument", sorted(GIVEN))
@given(
    writes=st.lists(
        st.just(NOTHING) | st.tuples(st.integers(0, 1), st.integers(1, 2)), min_size=1, max_size=5
    )
)
def test_it_is_sent_when_the_version_changes_and_gone_with_it(
    argument: tuple[str, str], writes: Sequence[tuple[int | None, int | None]]
) -> None:
    lab, name = Lab(), argument[1]
    for group in "ab":
        lab.put(security_group(group))
    attached, last = "", None
    for value, version in writes:
        sent = None if value is None else GIVEN[argument][value]
        if version != last:  # as azurerm: HasChange of the version, then the argument from the configuration
            attached, last = sent or "", version
        changes = {name: sent, f"{name}_version": version}
        made = lab.home.put(subnet("app", "sub", "10.1.9.0/24", **changes))
        assert getattr(made, name) is None
        assert getattr(made, name.removesuffix("_wo")) == attached


def test_an_association_beside_what_a_subnet_sends_is_told_with_the_argument() -> None:
    """Of the subnet itself, or of its network; see the cases of the rule."""
    kind, name = "SubnetNetworkSecurityGroupAssociation", "subnet_does_not_send_it_too"
    arguments = ("its network_security_group_id_wo", "security_group of its block in virtualNetworks/new")
    for pair, argument in zip(CASES[kind, name].pairs, arguments, strict=True):
        lab = Lab()
        broken = pair.broken(lab)
        assert not isinstance(broken, tuple)
        (violation,) = [one for one in lab.broken_by(broken) if one.rule == name]
        assert f"the subnet already has networkSecurityGroups/group, by {argument}; keep" in violation.message
