"""What a write returns is what it wrote, as a read gives it, whatever others do to it the moment after."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.examples import part_of
from tests.vtaplib.control.lab import Lab, network, network_id
from vtaplib import VirtualMachine
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES
from vtaplib.testing import CloudStateMachine

PUTS = 300
"""With as many, the other thread gets between a commit and a read after it, if there is one, many times."""


class Returned(CloudStateMachine):
    """A cloud of which each put is held against a read."""

    def after_put(self, resource: Resource) -> None:
        assert self.cloud.get(resource.id) == resource
        assert resource in self.cloud.list(type(resource))


def test_every_put_returns_what_a_read_gives() -> None:
    run_state_machine_as_test(Returned, settings=settings(max_examples=part_of(20), stateful_step_count=40))


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_a_put_of_any_type_returns_what_a_read_gives(kind: type[Resource]) -> None:
    lab = Lab()
    for one in lab.cloud.list(kind):
        assert lab.cloud.put(one) == lab.cloud.get(one.id)


def test_an_operation_on_a_machine_returns_what_a_read_gives() -> None:
    lab = Lab()
    for machine in lab.cloud.list(VirtualMachine):
        assert lab.cloud.deallocate(machine.id) == lab.cloud.get(machine.id)
        assert lab.cloud.start(machine.id) == lab.cloud.get(machine.id)


@contextmanager
def deleting(lab: Lab, resource_id: str) -> Iterator[None]:
    """Another thread deletes a resource, over and over. Threads take turns as often as they can."""
    done = threading.Event()

    def delete() -> None:
        while not done.is_set():
            lab.cloud.delete(resource_id)

    thread = threading.Thread(target=delete)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_a_put_returns_what_it_wrote_though_another_deletes_it_at_once() -> None:
    lab = Lab(stocked=False)
    wanted = network("n", "10.0.0.0/16")
    with deleting(lab, network_id("n")):
        assert {lab.home.put(wanted).address_space for _ in range(PUTS)} == {("10.0.0.0/16",)}
