"""What a plan leaves as it is counts in the plan as it is stored, not as another write would leave it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from provider_shim.diagnostics import Diagnostic
from provider_shim.lifecycle import Provider
from tests.examples import part_of
from tests.fake_core import Object, Process, RefusedError, Terraform
from tests.provider_shim.configurations import NETWORK, Values, configuration, provider_block
from vtaplib.control.cloud import Cloud

LAB = {"resource_group_name": "lab", "location": "westeurope"}
SPACES = {"a": "10.1.0.0/16", "b": "10.2.0.0/16"}
OTHER = {"a": "b", "b": "a"}


def parts(here: str) -> Iterator[tuple[str, Values]]:
    """One of two networks that are peered: an interface, a TAP that sends to it, and one of the peerings."""
    yield "azurerm_virtual_network", {"name": here, "address_space": [SPACES[here]], **LAB}
    prefix = SPACES[here].replace("/16", "/24")
    subnet = {"name": "one", "virtual_network_name": here, "address_prefixes": [prefix]}
    yield "azurerm_subnet", {**subnet, "resource_group_name": "lab"}
    block = {"name": "ip", "subnet_id": f"{NETWORK}/virtualNetworks/{here}/subnets/one"}
    blocks = [{**block, "private_ip_address_allocation": "Dynamic", "private_ip_address_version": "IPv4"}]
    yield "azurerm_network_interface", {"name": here, "ip_configuration": blocks, **LAB}
    target = f"{NETWORK}/networkInterfaces/{here}/ipConfigurations/ip"
    tap = {"name": here, "destination_network_interface_ip_configuration_id": target}
    yield "azurerm_virtual_network_tap", {**tap, **LAB}


def peering(here: str) -> tuple[str, Values]:
    remote = f"{NETWORK}/virtualNetworks/{OTHER[here]}"
    values = {"name": "out", "virtual_network_name": here, "remote_virtual_network_id": remote}
    return "azurerm_virtual_network_peering", {**values, "resource_group_name": "lab"}


def mirror(here: str) -> tuple[str, Values]:
    """What taps the interface of one network, for the TAP of the other."""
    tap_id = f"{NETWORK}/virtualNetworkTaps/{OTHER[here]}"
    values = {"name": "m", "network_interface_id": f"{NETWORK}/networkInterfaces/{here}"}
    return "azurerm_network_interface_tap_configuration", {**values, "virtual_network_tap_id": tap_id}


SITE = [
    ("azurerm_resource_group", {"name": "lab", "location": "westeurope"}),
    *parts("a"),
    *parts("b"),
    peering("a"),
    peering("b"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[tuple[Values, Object]]]:
    """A file with the site, and its objects with their configurations."""
    path = tmp_path_factory.mktemp("site") / "site.db"
    terraform = Terraform(Provider, provider_block(path))
    configs = [(name, configuration(name, values)) for name, values in SITE]
    made = [(config, terraform.apply(name, None, config)) for name, config in configs]
    with Cloud.open(path) as cloud:
        cloud.copy(path.with_name("whole.db"))
    return path.with_name("whole.db"), made


@settings(max_examples=part_of(40), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_stays_as_it_is_hides_nothing_of_what_is_said_of_a_new_object(
    site: tuple[Path, Sequence[tuple[Values, Object]]], data: st.DataObject
) -> None:
    template, made = site
    path = template.with_name(f"unchanged{next(_numbers)}.db")
    shutil.copyfile(template, path)
    terraform = Terraform(Provider, provider_block(path))
    with Cloud.open(path) as cloud:
        for here in data.draw(st.lists(st.sampled_from("ab"), unique=True)):
            cloud.delete(f"{NETWORK}/virtualNetworks/{here}/virtualNetworkPeerings/out")
    name, values = data.draw(st.sampled_from([mirror("a"), mirror("b"), peering("a"), peering("b")]))
    new = configuration(name, values)
    alone = said(terraform.start(), name, new)
    process = terraform.start()
    for config, stored in data.draw(st.permutations(made)):
        keep(process, stored, config)
    event(f"says: {sorted({one.summary for one in alone})}")
    assert set(alone) <= set(said(process, name, new))


def keep(process: Process, stored: Object, config: Values) -> None:
    """Plans an object that is there, of which the plan changes nothing."""
    current = process.read(process.load(stored))
    if current is not None:
        assert process.plan(stored.type_name, current, config).action == "no-op"


def said(process: Process, name: str, config: Values) -> list[Diagnostic]:
    """What the plan of a new object says."""
    try:
        return list(process.plan(name, None, config).diagnostics)
    except RefusedError as refusal:
        return list(refusal.diagnostics)


_numbers = count()
