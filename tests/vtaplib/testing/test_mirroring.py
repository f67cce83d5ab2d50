"""The data plane, over clouds: from what the control plane accepted to what collectors get."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.mirror.reference import dissect, reassemble
from tests.vtaplib.mirror.test_engine import policies
from tests.vtaplib.mirror.test_replay import bulk, one_by_one
from vtaplib import Cloud, Direction, Mirrored, MirrorEngine, NetworkInterface, Policy, Topology
from vtaplib.mirror.count import Count
from vtaplib.packets import udp, vxlan
from vtaplib.testing import captures, clouds, frames

worlds = clouds(
    dual_stack=True,
    overlapping=True,
    tenants=2,
    max_deletions=2,
    policy=Policy(delete_destination_in_use="dangle"),
)


@given(worlds | clouds(attached=True), policies, st.data())
def test_the_bulk_path_and_the_single_path_give_one_answer_and_it_balances(
    cloud: Cloud, policy: Policy, data: st.DataObject
) -> None:
    between = cloud.list(NetworkInterface)
    packets = data.draw(captures(frames(between), disordered=True), "capture")
    topology = Topology.of(cloud)
    copies, accounts = bulk(topology, packets, policy)
    assert (copies, accounts) == one_by_one(topology, packets, policy)
    assert accounts.read == Count(len(packets), sum(len(frame) for _, frame, _ in packets))
    for account in accounts.tap_points.values():
        refused = account.not_mirrored.values()
        assert account.entered.frames == account.mirrored.frames + sum(count.frames for count in refused)
        assert account.entered.octets == account.mirrored.octets + sum(count.octets for count in refused)


@given(worlds | clouds(attached=True), policies, st.data(), st.sampled_from(Direction))
def test_a_copy_carries_the_frame_bit_for_bit_from_the_source_to_the_collector(
    cloud: Cloud, policy: Policy, data: st.DataObject, direction: Direction
) -> None:
    interfaces = {one.id: one for one in cloud.list(NetworkInterface)}
    frame = data.draw(frames(interfaces.values()), "frame")
    engine = MirrorEngine(Topology.of(cloud), policy)
    for source in interfaces.values():
        for verdict in engine.frame(source.id, direction, frame):
            if not isinstance(verdict, Mirrored):
                continue
            carried = vxlan.parse(udp.parse(reassemble(verdict.copies)).payload).frame
            assert carried == (frame[: len(carried)] if verdict.is_cut else frame)
            collector = interfaces[verdict.collector_id]
            for copy in verdict.copies:
                assert copy[6:12].hex("-").upper() == source.mac_address
                assert copy[0:6].hex("-").upper() == collector.mac_address


@given(clouds(attached=True, load_balanced=False, max_taps=1), st.data())
def test_a_datagram_of_a_tapped_interface_reaches_the_tap_s_destination(
    cloud: Cloud, data: st.DataObject
) -> None:
    topology = Topology.of(cloud)
    engine = MirrorEngine(topology)
    sources = [one for one in cloud.list(NetworkInterface) if topology.tap_configurations_of(one.id)]
    source = data.draw(st.sampled_from(sources), "source")
    small = frames([source], strangers=False, ipv6=False, malformed=False, fragments=False, max_payload=100)
    frame = data.draw(small, "frame")
    for verdict in engine.frame(source.id, Direction.EGRESS, frame):
        tap = topology.tap(verdict.point.tap_id)
        assert tap is not None
        assert isinstance(verdict, Mirrored)
        assert tap.destination_id.startswith(verdict.collector_id + "/")
        copy = dissect(verdict.copies[0])
        assert str(copy.ipv4.source) == source.private_ip_address
        assert copy.udp.destination_port == 4789
