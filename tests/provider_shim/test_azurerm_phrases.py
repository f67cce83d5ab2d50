"""azurerm's own phrases in what is refused: each is said where its rule is broken, and only there."""

from __future__ import annotations

from typing import Any, Final

import pytest

from provider_shim.azurerm_phrases import PHRASES
from provider_shim.diagnostics import Diagnostic
from provider_shim.reports import diagnostic
from tests.fake_core import RefusedError
from tests.provider_shim.configurations import SUBNET, World, base, configuration
from tests.vtaplib.control.lab import Lab
from tests.vtaplib.resources.rule_cases import CASES
from vtaplib.model.general_rule import SECRETS_ARE_GIVEN
from vtaplib.model.resource import Resource

ELSEWHERE: Final = {SECRETS_ARE_GIVEN}
"""What no library call tells; see test_lifecycle."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def told(lab: Lab, resource: Resource) -> list[Diagnostic]:
    return [diagnostic(type(resource), one) for one in lab.broken_by(resource)]


@pytest.mark.parametrize(
    ("rule", "argument"),
    [(rule, argument) for rule in sorted(PHRASES.keys() - ELSEWHERE) for argument in PHRASES[rule]],
)
def test_a_broken_rule_is_told_with_the_phrase(rule: str, argument: str) -> None:
    found = []
    for (_, name), case in CASES.items():
        for pair in case.pairs if name == rule else ():
            lab = Lab(case.policy)
            broken = pair.broken(lab)
            resource = broken[0] if isinstance(broken, tuple) else broken
            found += [one for one in told(lab, resource) if argument in one.path]
    assert found
    assert all(PHRASES[rule][argument] in one.detail for one in found), found


DISK = {"caching": "ReadWrite", "storage_account_type": "Standard_LRS"}
FRONT = {"name": "front", "subnet_id": SUBNET}
MACHINE, BALANCER = "azurerm_linux_virtual_machine", "azurerm_lb"
SAYS_OF_VALUES: Final = [
    (BALANCER, {"sku": "Premium"}, 'expected sku to be one of ["Basic" "Standard" "Gateway"], got Premium'),
    (
        MACHINE,
        {"os_disk": [{**DISK, "caching": "None "}]},
        'expected os_disk.0.caching to be one of ["None" "ReadOnly" "ReadWrite"], got None ',
    ),
    (
        BALANCER,
        {
            "frontend_ip_configuration": [
                FRONT,
                {**FRONT, "name": "other", "private_ip_address_version": "6"},
            ]
        },
        'expected frontend_ip_configuration.1.private_ip_address_version to be one of ["IPv4" "IPv6"], got 6',
    ),
    (
        "azurerm_virtual_network",
        {"flow_timeout_in_minutes": 3},
        "expected flow_timeout_in_minutes to be in the range (4 - 30), got 3",
    ),
    (
        "azurerm_lb_probe",
        {"probe_threshold": 101},
        "expected probe_threshold to be in the range (1 - 100), got 101",
    ),
    (MACHINE, {"zone": ""}, 'expected "zone" to not be an empty string'),
    (
        BALANCER,
        {"frontend_ip_configuration": [{**FRONT, "name": ""}]},
        'expected "frontend_ip_configuration.0.name" to not be an empty string',
    ),
    (MACHINE, {"extensions_time_budget": "P1D"}, ""),
    ("azurerm_virtual_network", {"address_space": ["10.0.0.0/33"]}, ""),
]
"""Values that are wrong by themselves, and what Terraform's SDK says of each; "" where azurerm has a text of
its own.
"""


@pytest.mark.parametrize(("type_name", "changes", "phrase"), SAYS_OF_VALUES)
def test_a_wrong_value_is_told_as_the_sdk_tells_it(
    world: World, type_name: str, changes: dict[str, Any], phrase: str
) -> None:
    config = configuration(type_name, {**base(type_name), **changes})
    with pytest.raises(RefusedError) as refused:
        world.reset().plan(type_name, None, config)
    (error,) = refused.value.diagnostics
    assert ("(azurerm: " in error.detail) == bool(phrase)
    assert f"(azurerm: {phrase}" in error.detail or not phrase
