from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import (
    configuration_id,
    frames,
    frontend,
    frontend_id,
    interface,
    interface_id,
    mac_of,
    network,
    quickstart,
    tap_id,
    tap_of,
    three_collectors,
    topologies,
    udp_frame,
)
from tests.vtaplib.mirror.guards import guarded
from tests.vtaplib.mirror.reference import build, dissect, reassemble
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Distribution, Topology, derive_vni
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.interface_hop import ORDINARY, FrameContext
from vtaplib.mirror.verdict import Direction, Mirrored, NotMirrored, Reason, Verdict
from vtaplib.model.policy import Policy
from vtaplib.packets import udp, vxlan

WEB, COLLECTOR = interface_id("web"), interface_id("collector")
QUERY = udp_frame("10.0.0.4", "10.0.0.5")
ANSWER = udp_frame("10.0.0.5", "10.0.0.4", (53, 40000))

policies = st.builds(
    Policy,
    vni=st.sampled_from(["per_tap", "per_source", "fixed:27"]),
    outer_source_port=st.sampled_from(["directional", "symmetric", "inner", "fixed:0"]),
    oversize=st.sampled_from(["deliver", "fragment", "truncate", "drop"]),
    self_mirror=st.sampled_from(["error", "allow"]),
    remirror=st.sampled_from(["skip_vxlan", "mirror", "error"]),
    mss_clamp=st.sampled_from(["off", "50"]),
    collector_nsg=st.sampled_from(["enforce", "bypass"]),
    mirror_denied=st.booleans(),
    snat_view=st.sampled_from(["post", "pre"]),
    mirror_snat_return=st.booleans(),
    snaplen=st.sampled_from(["off", "off", "64", "1464", "1465", "9000"]),
)


def only(verdicts: tuple[Verdict, ...]) -> Verdict:
    (verdict,) = verdicts
    return verdict


def mirrored(topology: Topology, frame: bytes, policy: Policy | None = None, nic_id: str = WEB) -> Mirrored:
    verdict = only(MirrorEngine(topology, policy).frame(nic_id, Direction.EGRESS, frame))
    assert isinstance(verdict, Mirrored)
    return verdict


def reason(
    topology: Topology,
    frame: bytes = QUERY,
    policy: Policy | None = None,
    nic_id: str = WEB,
    down: tuple[str, ...] = (),
    private_link: tuple[IPv4Address, ...] = (),
    context: FrameContext = ORDINARY,
) -> Reason | None:
    engine = MirrorEngine(topology, policy, down=down, private_link=private_link)
    verdict = only(engine.frame(nic_id, Direction.INGRESS, frame, context=context))
    return verdict.reason if isinstance(verdict, NotMirrored) else None


def outer_port(frame: bytes, policy: Policy | None = None) -> int:
    return dissect(mirrored(quickstart("web"), frame, policy).copies[0]).udp.source_port


def test_a_copy_is_byte_for_byte_what_the_wire_format_says() -> None:
    verdict = mirrored(quickstart("web"), QUERY)
    vni = derive_vni(tap_id("ndr"))
    assert verdict.copies == (
        build(
            (mac_of("web"), mac_of("collector")),
            (IPv4Address("10.0.0.4"), IPv4Address("10.1.0.4")),
            (verdict.source_port, 4789),
            vni,
            QUERY,
        ),
    )
    assert verdict.vni == vni
    assert verdict.collector_id == COLLECTOR
    assert 49152 <= verdict.source_port <= 65535


def test_the_copy_of_a_frame_seen_on_a_real_network_has_the_outer_headers_seen_there() -> None:
    # From the one capture of the service: a 66-byte frame makes a copy of 116, TTL 64, TOS 0, identification
    # 0, DF clear, UDP checksum 0, VXLAN flags 0x08.
    (copy,) = mirrored(quickstart("web"), QUERY.ljust(66, b"\0")).copies
    assert len(copy) == 116
    assert copy[14:16].hex() == "4500"
    assert copy[16:18].hex() == "0066"
    assert copy[18:24].hex() == "000000004011"
    assert copy[36:42].hex() == "12b5" + "0052" + "0000"
    assert copy[42:46].hex() == "08000000"
    assert copy[49] == 0


def test_an_interface_without_tap_configuration_has_no_verdict() -> None:
    assert MirrorEngine(quickstart("web")).frame(interface_id("database"), Direction.EGRESS, QUERY) == ()


def test_an_interface_that_does_not_exist_is_named() -> None:
    with pytest.raises(VtapError, match="/nowhere is not an interface"):
        MirrorEngine(quickstart()).frame("/nowhere", Direction.EGRESS, QUERY)
    with pytest.raises(VtapError, match="/nowhere is to be down"):
        MirrorEngine(quickstart(), down=["/nowhere"])


def test_interface_ids_are_compared_without_case() -> None:
    engine = MirrorEngine(quickstart("web"), down=[COLLECTOR.upper()])
    assert engine.frame(WEB.upper(), Direction.EGRESS, QUERY) == engine.frame(WEB, Direction.EGRESS, QUERY)
    assert isinstance(only(engine.frame(WEB, Direction.EGRESS, QUERY)), NotMirrored)


def test_every_tap_configuration_of_an_interface_has_a_verdict() -> None:
    world = quickstart("web")
    tap, configurations = tap_of("gone", configuration_id("nobody"), "web")
    world = replace(
        world, taps=(*world.taps, tap), tap_configurations=(*world.tap_configurations, *configurations)
    )
    first, second = MirrorEngine(world).frame(WEB, Direction.EGRESS, QUERY)
    assert isinstance(first, Mirrored)
    assert second == NotMirrored(
        replace(first.point, tap_configuration_id=configurations[0].id, tap_id=tap.id),
        Reason.DESTINATION_MISSING,
    )


def altered(world: Topology, name: str, **changes: object) -> Topology:
    """The world with one interface changed."""
    interfaces = tuple(
        replace(one, **changes) if one.id == interface_id(name) else one  # type: ignore[arg-type]  # per test
        for one in world.interfaces
    )
    return replace(world, interfaces=interfaces)


PUBLIC, CLIENT = "203.0.113.9", "198.51.100.7"
TO_OUTSIDE = udp_frame("10.0.0.4", CLIENT)
FROM_OUTSIDE = udp_frame(CLIENT, "10.0.0.4", (53, 40000))


def public(*sources: str) -> Topology:
    """The quickstart with a public address at the web machine's."""
    world = quickstart(*sources)
    (web,) = (one for one in world.interfaces if one.id == WEB)
    (configuration,) = web.ip_configurations
    with_public = replace(configuration, public_address=IPv4Address(PUBLIC))
    return altered(world, "web", ip_configurations=(with_public,))


def test_every_reason_is_given() -> None:
    tapped = quickstart("web")
    balanced = three_collectors("web")
    own_tap, own_configurations = tap_of("own", configuration_id("web"), "web")
    names = ("one", "two", "three")
    collectors = tuple(interface_id(name) for name in names)
    given_reasons = {
        Reason.MALFORMED: reason(tapped, bytes(13)),
        Reason.IPV6: reason(tapped, udp_frame("2001:db8::1", "2001:db8::2")),
        Reason.PRIVATE_LINK: reason(tapped, QUERY, private_link=(IPv4Address("10.0.0.4"),)),
        Reason.DENIED: reason(tapped, context=FrameContext(is_denied=True)),
        Reason.SNAT_RETURN: reason(public("web"), FROM_OUTSIDE, context=FrameContext(is_answer=True)),
        Reason.ALREADY_MIRRORED: reason(tapped, mirrored(tapped, QUERY).copies[0]),
        Reason.TAP_MISSING: reason(replace(tapped, taps=())),
        Reason.SOURCE_DETACHED: reason(altered(tapped, "web", machine_id=None)),
        Reason.SOURCE_WITHOUT_IPV4: reason(altered(tapped, "web", ip_configurations=())),
        Reason.DESTINATION_MISSING: reason(altered(tapped, "collector", ip_configurations=())),
        Reason.COLLECTOR_UNREACHABLE: reason(
            replace(tapped, networks=(network("production"), network("tools")))
        ),
        Reason.NO_BALANCING_RULE: reason(
            replace(
                balanced, frontends=(frontend("balancer", "production", "10.0.1.7", *names, ports=(53, 53)),)
            )
        ),
        Reason.NO_HEALTHY_BACKEND: reason(balanced, down=collectors),
        Reason.SELF_MIRROR: reason(replace(tapped, taps=(own_tap,), tap_configurations=own_configurations)),
        Reason.COLLECTOR_DETACHED: reason(altered(tapped, "collector", machine_id=None, mac=None)),
        Reason.COLLECTOR_DOWN: reason(tapped, down=(COLLECTOR,)),
        Reason.COLLECTOR_SECURITY: reason(guarded(tapped, "collector")),
        Reason.OVERSIZE: reason(tapped, bytes(1971)),
    }
    assert given_reasons == {one: one for one in Reason}


def test_a_destination_that_is_ipv6_or_a_frontend_that_is_gone_is_missing() -> None:
    world = quickstart("web")
    six = altered(
        world, "collector", ip_configurations=interface("collector", "tools", "2001:db8::4").ip_configurations
    )
    assert reason(six) is Reason.DESTINATION_MISSING
    assert reason(replace(three_collectors("web"), frontends=())) is Reason.DESTINATION_MISSING


def test_a_backend_outside_the_frontends_network_gets_nothing() -> None:
    world = three_collectors("web")
    strangers = tuple(
        replace(one, network_id="/elsewhere") if one.id in map(interface_id, ("one", "two", "three")) else one
        for one in world.interfaces
    )
    assert reason(replace(world, interfaces=strangers)) is Reason.COLLECTOR_UNREACHABLE


# ---- the source port


def test_by_default_the_source_port_tells_directions_apart() -> None:
    assert outer_port(QUERY) != outer_port(ANSWER)


def test_a_symmetric_source_port_is_that_of_both_directions() -> None:
    symmetric = Policy(outer_source_port="symmetric")
    assert outer_port(QUERY, symmetric) == outer_port(ANSWER, symmetric)
    assert outer_port(QUERY, symmetric) >= 49152


def test_an_inner_source_port_is_carried_over_where_there_is_one() -> None:
    inner = Policy(outer_source_port="inner")
    assert outer_port(QUERY, inner) == 40000
    ping = bytearray(QUERY)
    ping[23] = 1
    assert outer_port(bytes(ping), inner) >= 49152


@pytest.mark.parametrize("port", [0, 52889, 65535])
def test_a_fixed_source_port_is_that_port(port: int) -> None:
    assert outer_port(QUERY, Policy(outer_source_port=f"fixed:{port}")) == port


def test_all_fragments_of_a_datagram_have_one_source_port() -> None:
    first, last = bytearray(QUERY), bytearray(QUERY.ljust(80, b"x"))
    first[20:22], last[20:22] = b"\x20\x00", b"\x00\xb9"
    assert outer_port(bytes(first)) == outer_port(bytes(last))


# ---- the VNI


def test_the_vni_is_the_taps_or_the_sources_or_fixed() -> None:
    world = quickstart("web", "database")

    def vnis(policy: Policy) -> tuple[int, int]:
        return (
            mirrored(world, QUERY, policy).vni,
            mirrored(world, QUERY, policy, interface_id("database")).vni,
        )

    tap = derive_vni(tap_id("ndr"))
    assert vnis(Policy()) == (tap, tap)
    first, second = vnis(Policy(vni="per_source"))
    assert len({first, second, tap}) == 3
    assert vnis(Policy(vni="fixed:27")) == (27, 27)


@pytest.mark.parametrize(
    ("switch", "value"),
    [
        ("vni", "fixed:0"),
        ("vni", "fixed:16777216"),
        ("vni", "random"),
        ("outer_source_port", "fixed:65536"),
        ("outer_source_port", "fixed:-1"),
        ("oversize", "fixed:1"),
        ("oversize", ""),
        ("self_mirror", None),
        ("remirror", "skip"),
    ],
)
def test_a_value_that_a_switch_does_not_have_is_refused_with_those_it_has(switch: str, value: str) -> None:
    with pytest.raises(VtapError, match=f"{switch} is {value!r}, but must be one of "):
        Policy(**{switch: value})  # type: ignore[arg-type]  # that is the point


# ---- oversize: an outer IP length is that of the inner frame plus 20 + 8 + 8


@pytest.mark.parametrize(
    ("mode", "largest"), [("deliver", 2006), ("fragment", 1400), ("truncate", 1500), ("drop", 1500)]
)
def test_up_to_its_limit_every_mode_carries_the_copy_whole(mode: str, largest: int) -> None:
    frame = QUERY.ljust(largest - 36, b"x")
    (copy,) = mirrored(quickstart("web"), frame, Policy(oversize=mode)).copies
    assert dissect(copy).vxlan.frame == frame
    assert len(dissect(copy).ipv4) == largest


@pytest.mark.parametrize(("mode", "largest"), [("deliver", 2006), ("drop", 1500)])
def test_deliver_and_drop_give_up_a_copy_above_the_limit(mode: str, largest: int) -> None:
    frame = QUERY.ljust(largest - 35, b"x")
    assert reason(quickstart("web"), frame, Policy(oversize=mode)) is Reason.OVERSIZE


def test_truncate_shortens_the_inner_frame_to_the_limit() -> None:
    frame = QUERY.ljust(9000, b"x")
    verdict = mirrored(quickstart("web"), frame, Policy(oversize="truncate"))
    copy = dissect(verdict.copies[0])
    assert verdict.is_cut
    assert len(copy.ipv4) == 1500
    assert copy.vxlan.frame == frame[:1464]


@given(st.integers(1365, 9100) | st.just(65499))
def test_fragments_are_those_of_rfc_791_and_make_up_the_copy(length: int) -> None:
    frame = QUERY.ljust(length, b"x")
    verdict = mirrored(quickstart("web"), frame, Policy(oversize="fragment"))
    assert len(verdict.copies) > 1
    assert all(len(copy) <= 1414 for copy in verdict.copies)
    datagram = udp.parse(reassemble(verdict.copies))
    assert (datagram.source_port, datagram.destination_port) == (verdict.source_port, 4789)
    assert vxlan.parse(datagram.payload) == vxlan.VxlanPacket(verdict.vni, frame)


def test_fragments_of_different_copies_have_different_identifications() -> None:
    engine = MirrorEngine(quickstart("web"), Policy(oversize="fragment"))
    seen = set()
    for at in range(100):
        verdict = only(engine.frame(WEB, Direction.EGRESS, QUERY.ljust(1500, b"x"), at))
        assert isinstance(verdict, Mirrored)
        seen.add(verdict.copies[0][18:20])
    assert len(seen) == 100
    assert bytes(2) not in seen


def test_what_no_ipv4_packet_can_hold_is_oversize_under_fragment_too() -> None:
    assert reason(quickstart("web"), bytes(65500), Policy(oversize="fragment")) is Reason.OVERSIZE


# ---- what is not copied whole


@pytest.mark.parametrize("snaplen", [64, 1464, 1971, 9000])
def test_a_snaplen_is_how_much_of_a_frame_is_copied_lengths_inside_staying_as_they_are(snaplen: int) -> None:
    frame = udp_frame("10.0.0.4", "10.0.0.5", payload=bytes(8958))
    verdict = mirrored(quickstart("web"), frame, Policy(snaplen=str(snaplen), oversize="fragment"))
    assert vxlan.parse(udp.parse(reassemble(verdict.copies)).payload).frame == frame[:snaplen]
    assert verdict.is_cut == (snaplen < 9000)
    assert (verdict.frame_octets, verdict.carried_octets) == (9000, snaplen)


def test_what_a_snaplen_leaves_is_what_may_be_oversize() -> None:
    frame = QUERY.ljust(9000, b"x")
    assert reason(quickstart("web"), frame, Policy(snaplen="64", oversize="drop")) is None
    assert reason(quickstart("web"), frame, Policy(snaplen="9000")) is Reason.OVERSIZE


def test_a_frame_within_the_snaplen_is_whole() -> None:
    assert not mirrored(quickstart("web"), QUERY, Policy(snaplen="64")).is_cut


# ---- what the fabric says of a frame


def test_a_denied_frame_is_mirrored_under_the_policy_mirror_denied_only() -> None:
    denied = FrameContext(is_denied=True)
    assert reason(quickstart("web"), context=denied) is Reason.DENIED
    assert reason(quickstart("web"), policy=Policy(mirror_denied=True), context=denied) is None


# ---- the collector's security groups and machine


def test_the_collectors_security_groups_are_asked_about_udp_4789_from_the_primary_address() -> None:
    tapped = quickstart("web")
    assert reason(guarded(tapped, "collector", source="10.0.0.4")) is Reason.COLLECTOR_SECURITY
    assert reason(guarded(tapped, "collector", destination="10.1.0.4")) is Reason.COLLECTOR_SECURITY
    assert reason(guarded(tapped, "collector", source="10.0.0.5")) is None
    assert reason(guarded(tapped, "collector", protocol="Tcp")) is None
    assert reason(guarded(tapped, "collector", port="4788")) is None
    assert reason(guarded(tapped, "collector", direction="Outbound")) is None


def test_the_sources_own_security_groups_do_not_filter_copies() -> None:
    assert reason(guarded(quickstart("web"), "web", direction="Outbound")) is None


def test_under_the_policy_bypass_security_groups_let_copies_alone() -> None:
    assert reason(guarded(quickstart("web"), "collector"), policy=Policy(collector_nsg="bypass")) is None


def test_a_security_group_may_look_at_the_outer_source_port() -> None:
    world = guarded(quickstart("web"), "collector", source_port="50000-50010")
    denied = {
        port: reason(world, policy=Policy(outer_source_port=f"fixed:{port}"))
        for port in (49999, 50000, 50011)
    }
    assert denied == {49999: None, 50000: Reason.COLLECTOR_SECURITY, 50011: None}


def test_behind_a_load_balancer_the_security_groups_of_the_chosen_backend_are_asked() -> None:
    world = guarded(three_collectors("web"), "two")
    ports = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(50)]
    chosen = {frame: collector_of(three_collectors("web"), frame) for frame in ports}
    for frame in ports:
        assert reason(world, frame) is (Reason.COLLECTOR_SECURITY if chosen[frame] == "two" else None)


def test_a_collector_whose_machine_does_not_run_is_down() -> None:
    assert reason(altered(quickstart("web"), "collector", is_running=False)) is Reason.COLLECTOR_DOWN


def probed(world: Topology, port: int | None) -> Topology:
    (front,) = world.frontends
    (rule,) = front.rules
    return replace(world, frontends=(replace(front, rules=(replace(rule, probe_port=port),)),))


def test_a_backend_that_does_not_run_or_lets_no_probe_in_gets_nothing() -> None:
    world = probed(three_collectors("web"), 8080)
    stopped = altered(world, "one", is_running=False)
    shut = guarded(stopped, "two", source="AzureLoadBalancer", protocol="Tcp", port="8080")
    frames_of_flows = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(50)]
    assert {collector_of(world, frame) for frame in frames_of_flows} == {"one", "two", "three"}
    assert {collector_of(shut, frame) for frame in frames_of_flows} == {"three"}
    other_port = guarded(stopped, "two", source="AzureLoadBalancer", protocol="Tcp", port="8081")
    assert {collector_of(other_port, frame) for frame in frames_of_flows} == {"two", "three"}


def test_nobody_answers_a_probe_of_the_port_of_vxlan() -> None:
    assert reason(probed(three_collectors("web"), 4789)) is Reason.NO_HEALTHY_BACKEND


# ---- the internet


def inner(world: Topology, frame: bytes, direction: Direction, policy: Policy) -> bytes:
    verdict = only(MirrorEngine(world, policy).frame(WEB, direction, frame))
    assert isinstance(verdict, Mirrored)
    return dissect(verdict.copies[0]).vxlan.frame


def test_after_translation_a_copy_shows_the_public_address_in_both_directions() -> None:
    post = Policy(snat_view="post")
    assert inner(public("web"), TO_OUTSIDE, Direction.EGRESS, post) == udp_frame(PUBLIC, CLIENT)
    expected = udp_frame(CLIENT, PUBLIC, (53, 40000))
    assert inner(public("web"), FROM_OUTSIDE, Direction.INGRESS, post) == expected


def test_before_translation_a_copy_shows_the_private_address() -> None:
    pre = Policy(snat_view="pre")
    assert inner(public("web"), TO_OUTSIDE, Direction.EGRESS, pre) == TO_OUTSIDE
    assert inner(public("web"), FROM_OUTSIDE, Direction.INGRESS, pre) == FROM_OUTSIDE


@pytest.mark.parametrize("destination", ["10.0.0.5", "172.16.0.9", "168.63.129.16", "239.1.1.1"])
def test_what_does_not_go_to_the_internet_is_carried_as_it_is(destination: str) -> None:
    frame = udp_frame("10.0.0.4", destination)
    assert inner(public("web"), frame, Direction.EGRESS, Policy()) == frame


def test_a_public_range_that_a_network_in_reach_has_for_itself_is_not_the_internet() -> None:
    world = public("web")
    own = tuple(
        replace(one, address_prefixes=(IPv4Network("198.51.100.0/24"),)) if one.id.endswith("/tools") else one
        for one in world.networks
    )
    assert inner(replace(world, networks=own), TO_OUTSIDE, Direction.EGRESS, Policy()) == TO_OUTSIDE


def test_an_interface_without_a_public_address_is_seen_with_its_private_one() -> None:
    assert inner(quickstart("web"), TO_OUTSIDE, Direction.EGRESS, Policy()) == TO_OUTSIDE
    answer = FrameContext(is_answer=True)
    assert reason(quickstart("web"), FROM_OUTSIDE, context=answer) is None


def test_answers_from_the_internet_are_mirrored_under_the_policy_mirror_snat_return_only() -> None:
    answer = FrameContext(is_answer=True)
    assert reason(public("web"), FROM_OUTSIDE, context=answer) is Reason.SNAT_RETURN
    policy = Policy(mirror_snat_return=True)
    assert reason(public("web"), FROM_OUTSIDE, policy, context=answer) is None
    # What somebody outside began is no answer, and neither is what comes from inside.
    assert reason(public("web"), FROM_OUTSIDE) is None
    assert reason(public("web"), ANSWER, context=answer) is None


def test_traffic_of_a_private_link_service_is_skipped_on_the_way_in() -> None:
    engine = MirrorEngine(quickstart("web"), private_link=[IPv4Address("10.0.0.5")])
    assert isinstance(only(engine.frame(WEB, Direction.EGRESS, QUERY)), Mirrored)
    verdict = only(engine.frame(WEB, Direction.INGRESS, ANSWER))
    assert isinstance(verdict, NotMirrored)
    assert verdict.reason is Reason.PRIVATE_LINK


# ---- mirroring what is mirrored


def test_ordinary_vxlan_is_mirrored() -> None:
    overlay = udp_frame("10.0.0.4", "10.0.0.5", (50000, 4789), b"\x08" + bytes(7) + QUERY)
    assert reason(quickstart("web"), overlay) is None


def test_ordinary_traffic_of_a_collector_that_is_tapped_itself_is_mirrored() -> None:
    world = quickstart("web", "collector")
    tap, configurations = tap_of("second", configuration_id("database"), "collector")
    world = replace(world, taps=(*world.taps, tap), tap_configurations=configurations)
    ssh = udp_frame("10.0.0.4", "10.1.0.4", (50000, 22))
    assert reason(world, ssh, nic_id=COLLECTOR) is None


def test_under_the_policy_mirror_a_copy_is_ordinary_traffic() -> None:
    world = quickstart("web")
    copy = mirrored(world, QUERY).copies[0]
    assert reason(world, copy, Policy(remirror="mirror")) is None
    assert reason(world, copy, Policy(remirror="error")) is Reason.ALREADY_MIRRORED


def test_under_the_policy_allow_an_interface_is_its_own_collector() -> None:
    tap, configurations = tap_of("own", configuration_id("web"), "web")
    world = replace(quickstart(), taps=(tap,), tap_configurations=configurations)
    assert reason(world, policy=Policy(self_mirror="allow")) is None


# ---- load balancing


def collector_of(world: Topology, frame: bytes, *down: str) -> str:
    verdict = only(MirrorEngine(world, down=map(interface_id, down)).frame(WEB, Direction.EGRESS, frame))
    assert isinstance(verdict, Mirrored)
    return verdict.collector_id.rsplit("/", 1)[1]


def test_behind_a_load_balancer_the_copy_goes_to_the_chosen_backend() -> None:
    verdict = mirrored(three_collectors("web"), QUERY)
    name = verdict.collector_id.rsplit("/", 1)[1]
    copy = dissect(verdict.copies[0])
    assert copy.ethernet.destination == mac_of(name)
    assert copy.ipv4.destination == IPv4Address(f"10.0.1.{4 + ('one', 'two', 'three').index(name)}")
    assert copy.udp.destination_port == 4789


def test_under_floating_ip_the_copy_keeps_the_frontends_address() -> None:
    front = frontend("balancer", "production", "10.0.1.7", "one", is_floating_ip=True, ports=(4789, 5000))
    copy = dissect(mirrored(replace(three_collectors("web"), frontends=(front,)), QUERY).copies[0])
    assert copy.ipv4.destination == IPv4Address("10.0.1.7")
    assert copy.ethernet.destination == mac_of("one")
    assert copy.udp.destination_port == 5000


def test_a_rule_without_probe_sends_copies_to_a_collector_that_is_down() -> None:
    blind = three_collectors("web", has_probe=False)
    reasons = {
        reason(blind, udp_frame("10.0.0.4", "10.0.0.5", (port, 53)), down=(interface_id("one"),))
        for port in range(50)
    }
    assert reasons == {None, Reason.COLLECTOR_DOWN}


flow_frames = st.builds(
    lambda port, payload: udp_frame("10.0.0.4", "10.0.0.5", (port, 53), payload),
    st.integers(0, 65535),
    st.binary(max_size=20),
)


@given(flow_frames, st.sampled_from(["one", "two", "three"]), st.sampled_from(Distribution))
def test_failover_moves_only_the_failed_collectors_flows(
    frame: bytes, failed: str, distribution: Distribution
) -> None:
    world = three_collectors("web", distribution=distribution)
    before, after = collector_of(world, frame), collector_of(world, frame, failed)
    assert after != failed
    assert before in (failed, after)


@given(st.integers(0, 65535))
def test_source_affinity_brings_both_directions_to_one_collector(port: int) -> None:
    world = three_collectors("web", distribution=Distribution.SOURCE_IP)
    there = udp_frame("10.0.0.4", "10.0.0.5", (port, 53))
    back = udp_frame("10.0.0.5", "10.0.0.4", (53, port))
    assert collector_of(world, there) == collector_of(world, back)


# ---- any world, any frame


@given(topologies, policies, frames, st.sampled_from(Direction), st.integers(-(1 << 63), 1 << 63))
def test_every_frame_has_a_verdict_per_tap_configuration_and_its_bytes_are_carried(
    world: Topology, policy: Policy, frame: bytes, direction: Direction, at: int
) -> None:
    engine = MirrorEngine(world, policy)
    for source in world.interfaces:
        verdicts = engine.frame(source.id, direction, frame, at)
        assert [verdict.point.tap_configuration_id for verdict in verdicts] == [
            one.id for one in world.tap_configurations_of(source.id)
        ]
        for verdict in verdicts:
            assert verdict.point.direction is direction
            if isinstance(verdict, NotMirrored):
                continue
            datagram = udp.parse(reassemble(verdict.copies))
            carried = vxlan.parse(datagram.payload)
            assert carried.vni == verdict.vni > 0
            assert datagram.source_port == verdict.source_port
            limits = [1464] if policy.oversize == "truncate" else []
            limits += [] if policy.snaplen == "off" else [int(policy.snaplen)]
            kept = frame[: min([*limits, len(frame)])]
            assert carried.frame == kept
            assert verdict.is_cut == (len(kept) < len(frame))
            assert (verdict.frame_octets, verdict.carried_octets) == (len(frame), len(kept))
            collector = world.interface(verdict.collector_id)
            assert collector is not None
            assert all(copy[:12] == (collector.mac or b"") + (source.mac or b"") for copy in verdict.copies)


@given(topologies, policies, frames)
def test_a_copy_is_mirrored_nowhere_on_its_way_whatever_the_topology(
    world: Topology, policy: Policy, frame: bytes
) -> None:
    engine = MirrorEngine(world, replace(policy, remirror="skip_vxlan"))
    for source in world.interfaces:
        for verdict in engine.frame(source.id, Direction.EGRESS, frame):
            if isinstance(verdict, NotMirrored):
                continue
            for copy in verdict.copies:
                for seen_at, direction in (
                    (source.id, Direction.EGRESS),
                    (verdict.collector_id, Direction.INGRESS),
                ):
                    for again in engine.frame(seen_at, direction, copy):
                        assert isinstance(again, NotMirrored)
                        assert again.reason is Reason.ALREADY_MIRRORED


def test_the_destination_of_a_copy_to_a_frontend_is_recognised_before_it_is_balanced() -> None:
    world = three_collectors("web")
    at_frontend = udp_frame("10.0.0.4", "10.0.1.7", (50000, 4789), bytes(8))
    assert reason(world, at_frontend) is Reason.ALREADY_MIRRORED
    assert world.taps[0].destination_id == frontend_id("balancer")


@pytest.mark.parametrize("port", [4789, 5000])
def test_a_copy_is_recognised_at_a_tapped_backend_whatever_port_the_rule_rewrites_it_to(port: int) -> None:
    world = three_collectors("web", "one")
    front = frontend("balancer", "production", "10.0.1.7", "one", ports=(4789, port))
    world = replace(world, frontends=(front,))
    (copy,) = mirrored(world, QUERY).copies
    assert dissect(copy).udp.destination_port == port
    assert reason(world, copy, nic_id=interface_id("one")) is Reason.ALREADY_MIRRORED


def test_every_fragment_of_a_copy_is_recognised_at_a_tapped_collector() -> None:
    world = quickstart("web", "collector")
    policy = Policy(oversize="fragment", self_mirror="allow")
    copies = mirrored(world, QUERY.ljust(3000, b"x"), policy).copies
    assert len(copies) == 3
    assert {reason(world, copy, policy, COLLECTOR) for copy in copies} == {Reason.ALREADY_MIRRORED}


def test_a_fragment_from_elsewhere_to_a_collector_is_ordinary_traffic() -> None:
    world = quickstart("web", "collector")
    fragment = bytearray(udp_frame("10.0.0.5", "10.1.0.4", payload=bytes(64)))
    fragment[20:22] = b"\x20\x00"
    assert reason(world, bytes(fragment), Policy(self_mirror="allow"), COLLECTOR) is None
