"""Configurations of every resource type, drawn from its fields and their marks, and a world to make them in.

A type gives its required values and the few that only its rules can say; everything else follows from the
definition. What is drawn may still break a rule: the provider's refusal is an answer too.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from provider_shim.derivation import is_settable, public_fields
from provider_shim.lifecycle import Provider
from provider_shim.types import RESOURCE_TYPES
from tests.fake_core import Terraform
from vtaplib.control.cloud import Cloud
from vtaplib.model.arguments import IdOf
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.marks import CREATE_ONLY, INLINE, Between, Length, OneOf
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN

Values = dict[str, Any]

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
WEST, FAR = f"{NETWORK}/virtualNetworks/west", f"{NETWORK}/virtualNetworks/far"
SUBNET, OTHER_SUBNET = f"{WEST}/subnets/one", f"{WEST}/subnets/two"
NICS = [f"{NETWORK}/networkInterfaces/nic{n}" for n in range(4)]
BALANCER = f"{NETWORK}/loadBalancers/inner"
POOL, PROBE = f"{BALANCER}/backendAddressPools/pool", f"{BALANCER}/probes/probe"
TAP = f"{NETWORK}/virtualNetworkTaps/present"
ADDRESS = f"{NETWORK}/publicIPAddresses/present"
GUARD = f"{NETWORK}/networkSecurityGroups/guard"
KEY = (
    "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))).decode() + " me"
)

SECURITY_RULE = {
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "Udp",
    "source_address_prefix": "*",
    "source_port_range": "*",
    "destination_address_prefix": "*",
    "destination_port_range": "4789",
}
BASES: Mapping[str, Values] = {
    "azurerm_resource_group": {"name": "new", "location": "westeurope"},
    "azurerm_network_watcher": {"name": "new", "resource_group_name": "lab", "location": "westeurope"},
    "azurerm_virtual_network": {
        "name": "new",
        "resource_group_name": "lab",
        "location": "westeurope",
        "address_space": ["10.9.0.0/16"],
    },
    "azurerm_subnet": {
        "name": "new",
        "resource_group_name": "lab",
        "virtual_network_name": "west",
        "address_prefixes": ["10.1.9.0/24"],
    },
    "azurerm_virtual_network_peering": {
        "name": "new",
        "resource_group_name": "lab",
        "virtual_network_name": "west",
        "remote_virtual_network_id": FAR,
    },
    "azurerm_network_interface": {
        "name": "new",
        "resource_group_name": "lab",
        "location": "westeurope",
        "ip_configuration": [{"name": "ip", "subnet_id": SUBNET, "private_ip_address_allocation": "Dynamic"}],
    },
    "azurerm_linux_virtual_machine": {
        "name": "new",
        "resource_group_name": "lab",
        "location": "westeurope",
        "size": "Standard_D2s_v5",
        "network_interface_ids": [NICS[0]],
        "admin_username": "somebody",
        "admin_ssh_key": [{"username": "somebody", "public_key": KEY}],
        "os_disk": [{"caching": "ReadWrite", "storage_account_type": "Standard_LRS"}],
        "source_image_reference": [
            {"publisher": "Canonical", "offer": "ubuntu", "sku": "server", "version": "latest"}
        ],
    },
    "azurerm_windows_virtual_machine": {
        "name": "new",
        "resource_group_name": "lab",
        "location": "westeurope",
        "size": "Standard_D2s_v5",
        "network_interface_ids": [NICS[0]],
        "admin_username": "somebody",
        "admin_password": "Secret-0-word",
        "os_disk": [{"caching": "ReadWrite", "storage_account_type": "Standard_LRS"}],
        "source_image_reference": [
            {"publisher": "Microsoft", "offer": "Windows", "sku": "2022", "version": "latest"}
        ],
    },
    "azurerm_public_ip": {
        "name": "new",
        "resource_group_name": "lab",
        "location": "westeurope",
        "allocation_method": "Static",
    },
    "azurerm_network_security_group": {
        "name": "new",
        "resource_group_name": "lab",
        "location": "westeurope",
    },
    "azurerm_network_security_rule": {
        "name": "new",
        "resource_group_name": "lab",
        "network_security_group_name": "guard",
        **SECURITY_RULE,
    },
    "azurerm_network_interface_security_group_association": {
        "network_interface_id": NICS[1],
        "network_security_group_id": GUARD,
    },
    "azurerm_subnet_network_security_group_association": {
        "subnet_id": OTHER_SUBNET,
        "network_security_group_id": GUARD,
    },
    "azurerm_lb": {
        "name": "new",
        "resource_group_name": "lab",
        "location": "westeurope",
        "frontend_ip_configuration": [{"name": "front", "subnet_id": SUBNET}],
    },
    "azurerm_lb_backend_address_pool": {"name": "new", "loadbalancer_id": BALANCER},
    "azurerm_lb_probe": {"name": "new", "loadbalancer_id": BALANCER, "port": 80},
    "azurerm_lb_rule": {
        "name": "new",
        "loadbalancer_id": BALANCER,
        "protocol": "Tcp",
        "frontend_port": 80,
        "backend_port": 8080,
        "frontend_ip_configuration_name": "front",
        "backend_address_pool_ids": [POOL],
    },
    "azurerm_network_interface_backend_address_pool_association": {
        "network_interface_id": NICS[1],
        "ip_configuration_name": "ip",
        "backend_address_pool_id": POOL,
    },
    "azurerm_virtual_network_tap": {
        "name": "new",
        "resource_group_name": "lab",
        "location": "westeurope",
        "destination_network_interface_ip_configuration_id": f"{NICS[2]}/ipConfigurations/ip",
    },
    "azurerm_network_interface_tap_configuration": {
        "name": "new",
        "network_interface_id": NICS[1],
        "virtual_network_tap_id": TAP,
    },
}
"""One valid configuration of every type."""

MATCHES: Mapping[str, list[Any]] = {
    "source_address_prefix": [None, "*", "10.1.0.0/16", "VirtualNetwork"],
    "source_address_prefixes": [None, ["10.1.0.0/16"], ["10.1.0.0/16", "10.2.0.4"]],
    "destination_address_prefix": [None, "*", "10.1.1.4", "Internet"],
    "destination_address_prefixes": [None, ["10.1.0.0/16"]],
    "source_port_range": [None, "*", "80", "1000-2000"],
    "source_port_ranges": [None, ["80", "443"]],
    "destination_port_range": [None, "*", "4789"],
    "destination_port_ranges": [None, ["4789", "22-23"]],
    "source_application_security_group_ids": [None],
    "destination_application_security_group_ids": [None],
}
"""What a security rule may match, valid alone."""

VARIANTS: Mapping[tuple[str, str], list[Any]] = {
    ("*", "name"): ["new", "other"],
    ("*", "location"): ["westeurope", "West Europe", "WestEurope", "northeurope"],
    ("*", "resource_group_name"): ["lab", "LAB"],
    ("*", "tags"): [None, {}, {"a": "b"}, {"a": "", "Env": "x"}],
    ("VirtualNetwork", "address_space"): [["10.9.0.0/16"], ["10.9.0.0/16", "10.10.0.0/16"], []],
    ("VirtualNetwork", "bgp_community"): [None, "12076:20000"],
    ("VirtualNetwork", "ip_address_pool"): [[]],
    ("Subnet", "address_prefixes"): [["10.1.9.0/24"], ["10.1.8.0/24"], ["10.1.9.0/24", "10.1.8.0/24"]],
    ("Subnet", "virtual_network_name"): ["west", "WEST"],
    ("Subnet", "ip_address_pool"): [[]],
    ("InlineSubnet", "name"): ["one", "two"],
    ("InlineSubnet", "address_prefixes"): [["10.9.1.0/24"], ["10.9.2.0/24"]],
    ("VirtualNetworkPeering", "virtual_network_name"): ["west", "West"],
    ("VirtualNetworkPeering", "remote_virtual_network_id"): [FAR, FAR.replace("far", "FAR")],
    ("NetworkInterfaceIpConfiguration", "name"): ["ip", "second"],
    ("NetworkInterfaceIpConfiguration", "subnet_id"): [SUBNET, OTHER_SUBNET, SUBNET.replace("west", "WEST")],
    ("NetworkInterfaceIpConfiguration", "private_ip_address"): [None, "", "10.1.1.77", "10.1.1.4"],
    ("*", "network_interface_ids"): [[NICS[0]], [NICS[0], NICS[3]], [NICS[0].upper()]],
    ("*", "extensions_time_budget"): [None, "PT1H30M", "PT2H"],
    ("*", "max_bid_price"): [None, -1, 0.5],
    ("*", "os_managed_disk_id"): [None],
    ("*", "source_image_id"): [None],
    ("*", "admin_username"): ["somebody", "another"],
    ("*", "size"): ["Standard_D2s_v5", "standard_d4s_v5", "Standard_D2s_v6"],
    ("LinuxVirtualMachine", "admin_password"): [None, "Secret-0-word"],
    ("WindowsVirtualMachine", "admin_password"): ["Secret-0-word", "Other-0-word"],
    ("WindowsVirtualMachine", "computer_name"): [None, "host", "HOST"],
    ("WindowsVirtualMachine", "timezone"): [None, "UTC", "W. Europe Standard Time"],
    ("PublicIp", "domain_name_label"): [None, "lab", "web-1"],
    ("NetworkSecurityRule", "network_security_group_name"): ["guard", "GUARD"],
    **{
        (kind, name): values
        for kind in ("NetworkSecurityRule", "InlineSecurityRule")
        for name, values in MATCHES.items()
    },
    ("AdminSshKey", "public_key"): [KEY, KEY.replace(" me", " me\n"), KEY.replace("me", "you")],
    ("NetworkInterfaceIpConfiguration", "public_ip_address_id"): [None, ADDRESS, ADDRESS.upper()],
    ("LbFrontendIpConfiguration", "public_ip_address_id"): [None, ADDRESS],
    ("LbFrontendIpConfiguration", "name"): ["front", "back"],
    ("LbFrontendIpConfiguration", "subnet_id"): [SUBNET, OTHER_SUBNET],
    ("LbFrontendIpConfiguration", "private_ip_address"): [None, "", "10.1.1.88"],
    ("LbRule", "frontend_ip_configuration_name"): ["front"],
    ("LbRule", "backend_address_pool_ids"): [None, [POOL], [POOL.upper()]],
    ("LbRule", "probe_id"): [None, PROBE],
    ("LbRule", "loadbalancer_id"): [BALANCER],
    ("LbBackendAddressPool", "virtual_network_id"): [None, WEST],
    ("LbProbe", "request_path"): [None, "", "/up"],
    ("VirtualNetworkTap", "destination_network_interface_ip_configuration_id"): [
        None,
        f"{NICS[2]}/ipConfigurations/ip",
        f"{NICS[2]}/ipConfigurations/IP",
        f"{NICS[3]}/ipConfigurations/ip",
    ],
    ("VirtualNetworkTap", "destination_load_balancer_frontend_ip_configuration_id"): [
        None,
        f"{BALANCER}/frontendIPConfigurations/front",
    ],
    ("VirtualNetworkTap", "destination_port"): [None, 4789],
    ("Subnet", "network_security_group_id_wo"): [None, GUARD],
    ("InlineSubnet", "security_group"): [None, "", GUARD],
    ("InlineSecurityRule", "name"): ["one", "two"],
    ("InlineSecurityRule", "priority"): [100, 200, 300, 400],
    ("NetworkInterfaceTapConfiguration", "network_interface_id"): NICS[1:],
    ("NetworkInterfaceSecurityGroupAssociation", "network_interface_id"): NICS,
    ("SubnetNetworkSecurityGroupAssociation", "subnet_id"): [SUBNET, OTHER_SUBNET],
    ("TerminationNotification", "timeout"): [None, "PT5M", "PT15M"],
    ("Certificate", "url"): ["https://vault.vault.azure.net/secrets/a/1"],
}
"""Values of the fields whose validity only a rule or a function can say; `*` is every resource type."""


def configuration(type_name: str, values: Mapping[str, Any]) -> Values:
    """A whole configuration: what is not said is null, or no blocks."""
    kind = RESOURCE_TYPES[type_name]
    return {**_whole(kind, values), "id": None, "timeouts": values.get("timeouts")}


def _whole(cls: type[Model], values: Mapping[str, Any]) -> Values:
    made: Values = {}
    for field in public_fields(cls):
        value = values.get(field.name)
        if field.block is not None and isinstance(value, list):
            value = [one if one is UNKNOWN else _whole(field.block, one) for one in value]
        made[field.name] = (
            [] if value is None and field.block is not None and not field.has(INLINE) else value
        )
    return made


def base(type_name: str) -> Values:
    """The one valid configuration of a type."""
    return configuration(type_name, BASES[type_name])


@st.composite
def configurations(draw: st.DrawFn, type_name: str, *, keep: Values | None = None) -> Values:
    """Configurations of a type: some of the base's arguments changed, some others given. `keep`: the one that
    they are a change of.
    """
    kind = RESOURCE_TYPES[type_name]
    start = base(type_name) if keep is None else keep
    names = [
        one.name
        for one in public_fields(kind)
        if is_settable(one) and (one.ref is None or one.name == "resource_group_name" or _listed(kind, one))
    ]
    changed = draw(st.lists(st.sampled_from(names), max_size=5, unique=True))
    made = dict(start)
    for name in changed:
        value = draw(_values(kind, kind.fields()[name]))
        field = kind.fields()[name]
        if value is None and field.block is not None and not field.has(INLINE):
            value = []
        made[name] = value
    operations = {"create": "5m", "delete": None, "read": None}
    if any(not one.has(CREATE_ONLY) and is_settable(one) for one in public_fields(kind)):
        operations["update"] = "1h"
    made["timeouts"] = draw(st.none() | st.just(operations))
    return made


def _listed(owner: type[Model], field: Field) -> list[Any]:
    listed = VARIANTS.get((owner.__name__, field.name))
    if listed is None and issubclass(owner, Resource):
        listed = VARIANTS.get(("*", field.name))
    return listed or []


def _values(owner: type[Model], field: Field) -> st.SearchStrategy[Any]:
    if listed := _listed(owner, field):
        return st.sampled_from(listed)
    if field.block is not None:
        count = 1 if field.shape is Shape.BLOCK else min(field.items.maximum or 2, 2)
        least = 0 if field.nullable or not field.items.minimum else field.items.minimum
        blocks = st.lists(_blocks(field.block), min_size=least, max_size=count)
        return st.none() | blocks if field.nullable else blocks
    made = _scalars(field)
    if field.shape is Shape.LIST:
        made = st.lists(made, max_size=2)
    elif field.shape is Shape.MAP:
        made = st.dictionaries(st.sampled_from(["a", "B"]), made, max_size=2)
    return made if field.required else st.none() | made


def _scalars(field: Field) -> st.SearchStrategy[Any]:
    constraints = field.constraints if field.shape is Shape.SCALAR else field.element_constraints
    for one in constraints:
        if isinstance(one, OneOf):
            words = st.sampled_from(one.values)
            return words | words.map(str.lower) if one.ignore_case else words
        if isinstance(one, Between):
            low = int(one.minimum if one.minimum is not None else 0)
            return st.integers(low, int(min(one.maximum or 2**40, 2**40)))
        if isinstance(one, IdOf):
            made = one.id_format.replace("{subscription_id}", SUBSCRIPTION).replace("{", "").replace("}", "")
            return st.sampled_from([made, made.replace("group_name", "GROUP_name")])
    if field.scalar is bool:
        return st.booleans()
    if field.scalar is int:
        return st.integers(1, 9)
    if field.scalar is float:
        return st.sampled_from([0.5, 1, 2.25])
    empty = [] if any(isinstance(one, Length) and one.minimum for one in constraints) else [""]
    return st.sampled_from(["word", "Word", "wörd two", *empty])


@st.composite
def _blocks(draw: st.DrawFn, cls: type[Model]) -> Values:
    made: Values = {}
    for field in public_fields(cls):
        if not is_settable(field):
            made[field.name] = None
        elif field.required or draw(st.booleans()):
            made[field.name] = draw(_values(cls, field))
        else:
            made[field.name] = None
        if made[field.name] is None and field.block is not None:
            made[field.name] = []
    return made


@st.composite
def hidden(draw: st.DrawFn, config: Values) -> Values:
    """The configuration as a plan may know it: some values are unknown until the apply."""
    places = list(_places(config, ()))
    chosen = draw(st.lists(st.sampled_from(places), max_size=4, unique=True))
    made: Values = _copy(config)
    for path in sorted(chosen, key=len, reverse=True):
        _hide(made, path)
    return made


def _places(value: Any, path: tuple[str | int, ...]) -> Any:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for step, one in items:
        if one is None or step == "timeouts":
            continue
        if path or step != "id":
            yield (*path, step)
        if isinstance(one, dict | list):
            yield from _places(one, (*path, step))


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def _hide(value: Any, path: tuple[str | int, ...]) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = UNKNOWN


def make_world(path: Path) -> None:
    """A file with the resources that the configurations refer to."""
    with Cloud.open(path) as cloud:
        sub = cloud.subscription(SUBSCRIPTION)

        def put(type_name: str, **values: Any) -> None:
            sub.put(RESOURCE_TYPES[type_name].from_values({**BASES[type_name], **values}))

        put("azurerm_resource_group", name="lab")
        put("azurerm_virtual_network", name="west", address_space=["10.1.0.0/16"])
        put("azurerm_virtual_network", name="far", address_space=["10.2.0.0/16"])
        put("azurerm_subnet", name="one", address_prefixes=["10.1.1.0/24"])
        put("azurerm_subnet", name="two", address_prefixes=["10.1.2.0/24"])
        put("azurerm_public_ip", name="present")
        for number in range(len(NICS)):
            put("azurerm_network_interface", name=f"nic{number}")
        put("azurerm_lb", name="inner")
        put("azurerm_lb_backend_address_pool", name="pool")
        put("azurerm_lb_probe", name="probe")
        put("azurerm_network_security_group", name="guard")
        put("azurerm_virtual_network_tap", name="present")


class World:
    """A cloud in a file of its own, with the resources that configurations refer to, and its Terraform."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._template = directory / "template.db"
        self._path = self._template
        self._numbers = count()
        make_world(self._template)

    def reset(self) -> Terraform:
        """Terraform over the world as it was made."""
        if self._path != self._template:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        # A new name: a file that is still open somewhere must not be written over.
        self._path = self._directory / f"cloud{next(self._numbers)}.db"
        shutil.copyfile(self._template, self._path)
        return Terraform(Provider, provider_block(self._path))

    def delete(self, resource_id: str) -> None:
        """Delete a resource behind Terraform's back."""
        with Cloud.open(self._path) as cloud:
            cloud.delete(resource_id)

    def contents(self) -> dict[str, Values]:
        """Everything in the cloud, by ID. A MAC address is left out: an interface keeps it from its first
        machine on, whatever becomes of that.
        """
        with Cloud.open(self._path) as cloud:
            return {one.id: {**one.values(), "mac_address": None} for one in cloud.list(Resource)}


def provider_block(path: Path) -> Values:
    """A provider block for a file; every other argument is left out."""
    names = [one.name for one in Provider().provider_schema().block.attributes]
    return {
        **dict.fromkeys(names),
        "features": [],
        "endpoint": f"file:{path}",
        "subscription_id": SUBSCRIPTION,
    }
