"""Values of the wrong type, in every field of every type: an answer, never a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from tests.vtaplib.control.lab import HOME, Lab, ip, machine, network, nic, nic_id, stock, subnet_id
from tests.vtaplib.resources.test_undecided import fields
from vtaplib import ArmError, NetworkInterface, ResourceGroup, Violation
from vtaplib.control.service_defaults import with_value
from vtaplib.model.resource import Resource
from vtaplib.model.validation import structure_problems
from vtaplib.model.violation import Path

EACH = [(resource, path) for resource in stock() for path in fields(resource)]

SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
)
ANYTHING = st.one_of(
    SCALARS,
    st.sampled_from(["/", "//", "|", "/subscriptions/x", "{name}", "10.0.0.0/8", "", "%", "\0", "\ud800"]),
    st.lists(SCALARS, max_size=3),
    st.dictionaries(SCALARS, SCALARS, max_size=2),
    st.just(object()),
    st.just(ip(subnet_id("app"))),
    st.just([ip(subnet_id("app")), "x"]),
)


def answer(lab: Lab, resource: Resource) -> list[Violation]:
    """What a put is answered. Anything but an `ArmError` is a bug."""
    try:
        lab.cloud.put(resource)
    except ArmError as error:
        return list(error.violations)
    return []


MACHINE = next(one for one in stock() if one.label == "virtualMachines/vm-web")


@settings(max_examples=part_of(400))
@given(where=st.sampled_from(EACH), value=ANYTHING)
@example(where=(MACHINE, ("os_disk",)), value=False)
@example(where=(MACHINE, ("os_disk",)), value=ip(None))
def test_any_value_in_any_field_is_answered(where: tuple[Resource, Path], value: Any) -> None:
    resource, path = where
    answer(Lab(), with_value(resource.replace(subscription_id=HOME), path, value))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5, "is not a list"),
        ("10.9.0.0/16", "is not a list"),
        ({"a": "b"}, "is not a list"),
        ([5], "is not a string"),
        ([None], "is required"),
        ([["10.9.0.0/16"]], "is not a string"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_the_type_that_it_should_have(value: Any, said: str) -> None:
    (violation,) = answer(Lab(), network("new").replace(subscription_id=HOME, address_space=value))
    assert violation.path[0] == "address_space"
    assert said in violation.message
    assert "virtualNetworks/new" in violation.message


WRONG: tuple[Any, ...] = (5, "x", True, {"a": {}}, (5,), ())
"""Values of which every field has some that are of another type than it is declared to have."""


def test_a_value_of_the_wrong_type_breaks_nothing_but_its_own_field() -> None:
    lab = Lab()
    for resource in map(lab.home.place, stock()):
        fits = {one.path[:1] for one in lab.cloud.check(resource)}
        for path in fields(resource):
            for value in WRONG:
                broken = with_value(resource, path, value)
                if any(structure_problems(broken)):
                    elsewhere = [
                        one for one in lab.cloud.check(broken) if one.path[:1] not in {path[:1], *fits}
                    ]
                    assert not elsewhere, (resource.label, path, value)


def test_a_block_that_is_a_dictionary_is_refused_at_its_place() -> None:
    wrong = nic("new").replace(subscription_id=HOME, ip_configuration=[{"name": "ip"}])
    (violation,) = answer(Lab(), wrong)
    assert violation.path == ("ip_configuration", 0)
    assert "NetworkInterfaceIpConfiguration" in violation.message


def test_an_interface_without_configurations_is_refused() -> None:
    (violation,) = answer(Lab(), nic("new").replace(subscription_id=HOME))
    assert violation.path == ("ip_configuration",)
    assert "at least 1" in violation.message


def test_text_that_is_no_unicode_is_refused_and_names_nothing() -> None:
    lab = Lab()
    (violation,) = answer(
        lab, network("new", "10.9.0.0/16", tags={"name": "\udcff"}).replace(subscription_id=HOME)
    )
    assert "Unicode" in violation.message
    assert lab.cloud.find("/subscriptions/\udcff") is None


@pytest.mark.parametrize("price", [float("nan"), float("inf")])
def test_a_number_is_finite(price: float) -> None:
    wrong = machine("new", nic_id("spare"), max_bid_price=price).replace(subscription_id=HOME)
    assert [one.path for one in answer(Lab(), wrong)] == [("max_bid_price",)]


def test_true_is_no_number() -> None:
    lab = Lab()
    (violation,) = answer(lab, next(one for one in stock() if one.label == "probes/probe").replace(port=True))
    assert violation.path == ("port",)


def test_a_field_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(TypeError, match=r"ResourceGroup has no field 'region'.*location"):
        ResourceGroup(name="lab", region="westeurope")  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError, match="NetworkInterface needs 'name'"):
        NetworkInterface(resource_group_name="lab")  # type: ignore[call-arg]  # that is the point


def test_every_violation_is_told_at_once() -> None:
    wrong = network("bad name", "10.9.0.1/16", tags={"x": "y" * 257}, location="")
    violations = answer(Lab(), wrong.replace(subscription_id=HOME))
    assert {one.path[0] for one in violations} == {"name", "address_space", "tags", "location"}


@pytest.mark.parametrize("count", [50, 51])
def test_fifty_tags_are_the_limit(count: int) -> None:
    tags = {f"name{n}": "value" for n in range(count)}
    violations = answer(Lab(), network("new", "10.9.0.0/16", tags=tags).replace(subscription_id=HOME))
    assert [one.path for one in violations] == ([] if count == 50 else [("tags",)])
