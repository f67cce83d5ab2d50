from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from tests.vtaplib.control.arm.copying import Form, as_printed, as_rest, as_sent, contents, copied
from tests.vtaplib.control.lab import (
    Lab,
    guarded_interface,
    guarded_subnet,
    security_group,
    security_rule,
    subnet_id,
)
from vtaplib.testing import DrawnCloud, clouds

FORMS = (as_rest, as_printed, as_sent)


@pytest.mark.parametrize("form", FORMS)
def test_a_cloud_that_is_read_from_its_documents_is_the_same(form: Form) -> None:
    lab = Lab()
    lab.put(
        security_group("guard", security_rule("inline")),
        guarded_interface("web", "guard"),
        guarded_subnet(subnet_id("app"), "guard"),
    )
    assert contents(copied(lab.cloud, form)) == contents(lab.cloud)


@settings(max_examples=part_of(30))
@given(cloud=clouds(tenants=2, dual_stack=True), form=st.sampled_from(FORMS))
def test_a_drawn_cloud_that_is_read_from_its_documents_is_the_same(cloud: DrawnCloud, form: Form) -> None:
    assert contents(copied(cloud, form)) == contents(cloud)
