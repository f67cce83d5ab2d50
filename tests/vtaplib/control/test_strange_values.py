"""Puts of every field with every kind of strange value: an answer of the cloud, never another exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.vtaplib.analysis.mutations import STRANGE
from tests.vtaplib.control.lab import HOME, Lab, stock
from vtaplib.model.base import Model, Shape
from vtaplib.model.resource import Resource
from vtaplib.model.violation import ArmError

SUBJECTS = list({type(one): one for one in stock()}.values())


def strange(model: Model) -> Iterator[Model]:
    """The model with one value, in it or in a block of it, that is strange."""
    for name, field in model.fields().items():
        for value in STRANGE:
            yield model.replace(**{name: value})
        blocks = getattr(model, name) if field.block is not None else None
        if isinstance(blocks, Model):
            yield from (model.replace(**{name: one}) for one in strange(blocks))
        elif blocks and field.shape is Shape.BLOCKS:
            first, *rest = blocks
            yield from (model.replace(**{name: (one, *rest)}) for one in strange(first))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda one: type(one).__name__)
def test_a_strange_value_is_put_or_refused(subject: Resource) -> None:
    lab = Lab()
    for one in strange(subject.replace(subscription_id=HOME)):
        assert isinstance(one, Resource)
        with suppress(ArmError):
            lab.cloud.put(one)
