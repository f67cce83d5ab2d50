"""An object is changed while another that refers to it comes or goes: the apply may do either first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provider_shim.derivation import public_fields
from provider_shim.types import RESOURCE_TYPES
from tests.fake_core import Object, Plan
from tests.provider_shim.configurations import World, base
from vtaplib.model.base import Shape

Values = dict[str, Any]

UPDATES: dict[str, Values] = {
    "azurerm_subnet": {"service_endpoints": ["Microsoft.Storage"]},
    "azurerm_virtual_network_peering": {"allow_forwarded_traffic": True},
    "azurerm_lb_probe": {"port": 81},
    "azurerm_lb_rule": {"idle_timeout_in_minutes": 5},
    "azurerm_network_security_rule": {"priority": 200},
}
"""What changes, where a type has no tags."""


FITTING: dict[tuple[str, str], Values] = {
    ("azurerm_lb", "azurerm_lb_rule"): {"backend_address_pool_ids": None},
    ("azurerm_virtual_network", "azurerm_subnet"): {"address_prefixes": ["10.9.1.0/24"]},
}
"""What the other says besides, to go with the subject."""


def pairs() -> Iterator[tuple[str, str, str]]:
    """Types that can be changed, each with a type and the argument of it that refers to them."""
    names = {kind.__name__: name for name, kind in RESOURCE_TYPES.items()}
    for other, kind in RESOURCE_TYPES.items():
        for field in public_fields(kind):
            subject = names.get(field.ref.kind) if field.ref is not None else None
            # What is in another group is another object: a group is not a reference that can be exchanged.
            if subject not in (None, "azurerm_resource_group") and update_of(subject):
                yield subject, other, field.name


def update_of(type_name: str) -> Values:
    tagged = "tags" in RESOURCE_TYPES[type_name].fields()
    return {"tags": {"env": "lab"}} if tagged else UPDATES.get(type_name, {})


PAIRS = sorted(pairs())


@pytest.mark.sampled(3)
@pytest.mark.parametrize("comes", [True, False], ids=["comes", "goes"])
@pytest.mark.parametrize("planned_first", [True, False], ids=["planned first", "planned last"])
@pytest.mark.parametrize(("subject", "other", "argument"), PAIRS)
def test_an_apply_keeps_to_its_plan_whatever_it_writes_first(
    tmp_path: Path, subject: str, other: str, argument: str, planned_first: bool, comes: bool
) -> None:
    terraform = World(tmp_path).reset()
    config = base(subject)
    made = terraform.apply(subject, None, config)
    referring = {**referring_to(made, other, argument), **FITTING.get((subject, other), {})}
    stored = None if comes else terraform.apply(other, None, referring)
    changed = {**config, **update_of(subject)}

    process = terraform.start()
    plans: dict[bool, Plan] = {}
    for is_subject in (planned_first, not planned_first):
        if is_subject:
            plans[is_subject] = process.plan(subject, process.read(process.load(made)), changed)
        else:
            prior = None if stored is None else process.read(process.load(stored))
            plans[is_subject] = process.plan(other, prior, referring if comes else None)

    process = terraform.start()
    if comes:
        terraform.carry_out(process, plans[False], referring)
    else:
        process.apply(plans[False], None)
    written = terraform.carry_out(process, plans[True], changed)
    assert terraform.plan(subject, written, changed)[0].action == "no-op"


def referring_to(made: Object, other: str, argument: str) -> Values:
    """The other's configuration, in which an argument refers to an object by ID or name."""
    field = RESOURCE_TYPES[other].fields()[argument]
    target = made.value["id"] if argument.endswith(("_id", "_ids")) else made.value["name"]
    return {**base(other), argument: [target] if field.shape is Shape.LIST else target}
