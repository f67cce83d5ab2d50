"""No apply contradicts its plan, whatever a configuration has: names that are used twice or swapped, parts
that are listed and objects too, names that nobody knows before the apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from provider_shim.lifecycle import Provider
from tests.examples import part_of
from tests.fake_core import Plan, RefusedError, Terraform
from tests.provider_shim.configurations import (
    SECURITY_RULE,
    World,
    base,
    configuration,
    hidden,
    provider_block,
)
from tests.provider_shim.drawn_configuration import Planned, drawn_configurations
from tests.provider_shim.walks import Change, Choose, State, Wanted, apply_walk, plan_walk

SUBNET = {"address_prefixes": ["10.1.0.128/26"], "default_outbound_access_enabled": True}


@settings(max_examples=part_of(25), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_no_apply_contradicts_its_plan(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    block = provider_block(tmp_path_factory.getbasetemp() / f"walks{next(_numbers)}.db")
    terraform, state = Terraform(Provider, block), State()
    objects = {one.address: one for one in data.draw(drawn_configurations())[0]}

    def choose(names: Any) -> str:
        return str(data.draw(st.sampled_from(names)))

    for _ in range(data.draw(st.integers(1, 3))):
        objects = data.draw(changed(objects))
        wanted = data.draw(commands(objects))
        for address in (
            data.draw(st.lists(st.sampled_from(sorted(state.objects)), max_size=2)) if state.objects else ()
        ):
            state.objects[address] = replace(state.objects[address], tainted=True)
        refresh = data.draw(st.booleans())
        changes, wanted = accepted(terraform, state, wanted, choose, refresh=refresh)
        for code in sorted(apply_walk(terraform, state, changes, choose)):
            event(f"refused by the apply: {code}")
        objects = {one: objects[one] for one in wanted}


@pytest.mark.parametrize("machine_planned_first", [False, True])
@pytest.mark.parametrize("machine_applied_first", [False, True])
def test_what_another_write_gives_is_left_to_the_apply(
    tmp_path: Path, machine_planned_first: bool, machine_applied_first: bool
) -> None:
    """The machine says the interface's ID in words, so that nothing orders the two."""
    world = World(tmp_path)
    terraform = world.reset()
    interface = base("azurerm_network_interface")
    made = terraform.apply("azurerm_network_interface", None, interface)
    tagged = {**interface, "tags": {"env": "lab"}}
    machine = {**base("azurerm_linux_virtual_machine"), "network_interface_ids": [made.value["id"]]}
    process = terraform.start()
    stored = process.read(process.load(made))
    plans: dict[bool, Plan] = {}
    for is_machine in (machine_planned_first, not machine_planned_first):
        prior, config = (None, machine) if is_machine else (stored, tagged)
        kind = "azurerm_linux_virtual_machine" if is_machine else "azurerm_network_interface"
        plans[is_machine] = process.plan(kind, prior, config)
    process = terraform.start()
    for is_machine in (machine_applied_first, not machine_applied_first):
        terraform.carry_out(process, plans[is_machine], machine if is_machine else tagged)


def accepted(
    terraform: Terraform, state: State, wanted: dict[str, Wanted], choose: Choose, *, refresh: bool
) -> tuple[dict[str, Change], dict[str, Wanted]]:
    """What a plan makes of a configuration when somebody leaves out what is refused, until nothing is."""
    while True:
        try:
            return plan_walk(terraform, state, wanted, choose, refresh=refresh), wanted
        except RefusedError as refusal:
            event(f"refused by the plan: {refusal.diagnostics[0].summary}")
            (address,) = refusal.__notes__
            wanted = without(wanted, address)


def without(wanted: Mapping[str, Wanted], address: str) -> dict[str, Wanted]:
    """What is wanted without an object, and without all that refers to it."""
    gone = {address}
    while more := {one for one in wanted.keys() - gone if wanted[one].planned.refers & gone}:
        gone |= more
    return {one: value for one, value in wanted.items() if one not in gone}


@st.composite
def changed(draw: st.DrawFn, objects: Mapping[str, Planned]) -> dict[str, Planned]:
    """A configuration with some of what people do to one."""
    made = dict(objects)
    changes = st.sampled_from([double, swap, rename, drop, inline_subnet, inline_rule])
    for change in draw(st.lists(changes, max_size=4)):
        change(draw, made)
    return made


def named(made: Mapping[str, Planned]) -> list[str]:
    return [one for one, planned in made.items() if isinstance(planned.config.get("name"), str)]


def double(draw: st.DrawFn, made: dict[str, Planned]) -> None:
    """A second block for an object, its name perhaps in another case."""
    if made:
        one = made[draw(st.sampled_from(sorted(made)))]
        address = f"{one.address}_again"
        config = dict(one.config)
        if isinstance(config.get("name"), str) and draw(st.booleans()):
            config["name"] = config["name"].swapcase()
        made[address] = one._replace(address=address, config=config)


def swap(draw: st.DrawFn, made: dict[str, Planned]) -> None:
    """Two objects of a type exchange their names."""
    one = draw(st.sampled_from(sorted(made))) if made else ""
    others = [
        other for other in named(made) if one in named(made) and made[other].type_name == made[one].type_name
    ]
    if others:
        other = draw(st.sampled_from(others))
        first, second = made[one], made[other]
        made[one] = first._replace(config={**first.config, "name": second.config["name"]})
        made[other] = second._replace(config={**second.config, "name": first.config["name"]})


def rename(draw: st.DrawFn, made: dict[str, Planned]) -> None:
    """An object gets a new address, or a new name."""
    if not made:
        return
    one = draw(st.sampled_from(sorted(made)))
    if draw(st.booleans()):
        moved = made.pop(one)
        made[f"{one}_moved"] = moved._replace(address=f"{one}_moved")
    elif one in named(made):
        made[one] = made[one]._replace(config={**made[one].config, "name": f"{made[one].config['name']}x"})


def drop(draw: st.DrawFn, made: dict[str, Planned]) -> None:
    """An object goes."""
    if made:
        del made[draw(st.sampled_from(sorted(made)))]


def inline_subnet(draw: st.DrawFn, made: dict[str, Planned]) -> None:
    """A network lists a subnet, which may be an object too."""
    networks = [one for one in made if made[one].type_name == "azurerm_virtual_network"]
    if networks:
        one = made[draw(st.sampled_from(networks))]
        listed = draw(st.sampled_from([[], [subnet("one")], [subnet("ONE")], [subnet("two")]]))
        made[one.address] = one._replace(config={**one.config, "subnet": listed})


def subnet(name: str) -> dict[str, Any]:
    return whole("azurerm_virtual_network", "subnet", {**SUBNET, "name": name})


def inline_rule(draw: st.DrawFn, made: dict[str, Planned]) -> None:
    """A security group lists a rule, which may be an object too."""
    groups = [one for one in made if made[one].type_name == "azurerm_network_security_group"]
    if groups:
        one = made[draw(st.sampled_from(groups))]
        rule = {**SECURITY_RULE, "name": draw(st.sampled_from(["rule0", "Rule0", "own"])), "priority": 400}
        listed = draw(st.sampled_from([[], [whole("azurerm_network_security_group", "security_rule", rule)]]))
        made[one.address] = one._replace(config={**one.config, "security_rule": listed})


def whole(type_name: str, field: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A block, or an object of an attribute, with all that it may say."""
    return dict(configuration(type_name, {field: [values]})[field][0])


@st.composite
def commands(draw: st.DrawFn, objects: Mapping[str, Planned]) -> dict[str, Wanted]:
    """What a command wants of each object, and what of its configuration the plan knows."""
    addresses = sorted(objects)
    some = st.lists(st.sampled_from(addresses), max_size=3, unique=True) if addresses else st.just([])
    late, replaced, new_first = draw(some), draw(some), draw(some)
    return {
        one: Wanted(
            planned,
            draw(hidden(planned.config)) if one in late else planned.config,
            replaced=one in replaced,
            new_first=one in new_first,
        )
        for one, planned in objects.items()
    }


_numbers = count()
