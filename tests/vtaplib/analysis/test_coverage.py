"""Where streams end, in a world of which not all is known."""

from __future__ import annotations

import pytest

from tests.vtaplib.analysis.test_coverage_audit import lab_with
from tests.vtaplib.control.lab import mirror, nic_id, tap_id
from vtaplib.analysis.coverage import StreamLoss, coverage_of
from vtaplib.control.read_view import ReadView
from vtaplib.model import UNKNOWN
from vtaplib.model.resource import Resource
from vtaplib.resources import LbRule

UNKNOWN_FRONTEND = {"frontend_ip_configuration_name": UNKNOWN, "frontend_ip_configuration_id": UNKNOWN}


@pytest.mark.parametrize(
    ("changes", "collectors", "silence"),
    [
        ({}, [nic_id("collector")], None),
        ({"protocol": "Tcp"}, [], StreamLoss.NO_RULE),
        (UNKNOWN_FRONTEND, [], None),
        ({"backend_address_pool_ids": UNKNOWN}, [], None),
    ],
)
def test_a_stream_is_silent_only_where_its_balancer_is_known_to_lose_it(
    changes: dict[str, object], collectors: list[str], silence: StreamLoss | None
) -> None:
    lab = lab_with()
    lab.put(mirror(nic_id("db"), "tap-lb", "second"))
    world = [
        one.replace(**changes) if isinstance(one, LbRule) else one for one in lab.cloud.view.list(Resource)
    ]
    streams = coverage_of(ReadView(world, whole=True))[nic_id("db")]
    (stream,) = (one for one in streams if one.tap_id == tap_id("tap-lb"))
    assert (list(stream.collector_ids), stream.loss) == (collectors, silence)
