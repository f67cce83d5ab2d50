from __future__ import annotations

from collections import Counter
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import configuration_id, frontend
from vtaplib.fabric.balancing import BalancingRefusal, choose_backend
from vtaplib.fabric.topology import Backend, BalancingRule, Distribution, Frontend, RuleProtocol
from vtaplib.packets.flow import SCTP, TCP, UDP, Flow

NAMES = ("one", "two", "three", "four", "five")


def flow(
    source: str = "10.0.0.4", port: int = 50000, protocol: int = UDP, destination_port: int = 4789
) -> Flow:
    return Flow(
        4, 0x0800, ip_address(source).packed, ip_address("10.0.1.7").packed, protocol, port, destination_port
    )


flows = st.builds(
    flow,
    st.ip_addresses(v=4).map(str),
    st.integers(0, 65535),
    st.sampled_from([UDP, TCP]),
)


def chosen(front: Frontend, arriving: Flow, down: tuple[str, ...] = ()) -> str | BalancingRefusal:
    """The name of the backend that a flow goes to."""
    failed = {configuration_id(name) for name in down}
    choice = choose_backend(front, arriving, lambda backend: backend.ip_configuration_id not in failed)
    if isinstance(choice, BalancingRefusal):
        return choice
    return choice[1].ip_configuration_id.split("/")[-3]


def every(distribution: Distribution) -> Frontend:
    return frontend(
        "lb", "A", "10.0.1.7", *NAMES, distribution=distribution, protocol=RuleProtocol.ALL, ports=(0, 0)
    )


@given(flows, st.sets(st.sampled_from(NAMES)), st.sampled_from(Distribution))
def test_a_failed_backend_moves_its_own_flows_and_no_others(
    arriving: Flow, down: set[str], distribution: Distribution
) -> None:
    before = chosen(every(distribution), arriving)
    after = chosen(every(distribution), arriving, tuple(down))
    if len(down) == len(NAMES):
        assert after is BalancingRefusal.NO_HEALTHY_BACKEND
    elif before in down:
        assert after in set(NAMES) - down
    else:
        assert after == before


@given(flows, st.permutations(NAMES))
def test_the_order_of_the_pool_means_nothing(arriving: Flow, order: list[str]) -> None:
    reordered = frontend("lb", "A", "10.0.1.7", *order, protocol=RuleProtocol.ALL, ports=(0, 0))
    assert chosen(reordered, arriving) == chosen(every(Distribution.DEFAULT), arriving)


@pytest.mark.parametrize("distribution", [Distribution.SOURCE_IP, Distribution.SOURCE_IP_PROTOCOL])
def test_source_affinity_pins_a_source_whatever_its_ports(distribution: Distribution) -> None:
    assert len({chosen(every(distribution), flow(port=port)) for port in range(49152, 49352)}) == 1


def test_source_ip_ignores_the_protocol_and_source_ip_protocol_does_not() -> None:
    def pairs(distribution: Distribution) -> list[bool]:
        return [
            chosen(every(distribution), flow(f"10.0.0.{n}", protocol=UDP))
            == chosen(every(distribution), flow(f"10.0.0.{n}", protocol=TCP))
            for n in range(200)
        ]

    assert all(pairs(Distribution.SOURCE_IP))
    assert not all(pairs(Distribution.SOURCE_IP_PROTOCOL))


@pytest.mark.parametrize("distribution", Distribution)
def test_flows_are_spread_evenly(distribution: Distribution) -> None:
    total = 5000
    counts = Counter(
        chosen(every(distribution), flow(f"10.{n // 250}.0.{n % 250}", port=49152 + n)) for n in range(total)
    )
    # A binomial of 5000 draws at 1/5 strays from 1000 by less than five deviations of about 28.
    assert all(abs(counts[name] - total / len(NAMES)) < 150 for name in NAMES)


@pytest.mark.parametrize(
    ("protocol", "ports", "arriving", "is_taken"),
    [
        (RuleProtocol.UDP, (4789, 4789), flow(), True),
        (RuleProtocol.UDP, (4789, 4789), flow(destination_port=53), False),
        (RuleProtocol.UDP, (0, 0), flow(destination_port=53), True),
        (RuleProtocol.TCP, (4789, 4789), flow(), False),
        (RuleProtocol.TCP, (4789, 4789), flow(protocol=TCP), True),
        (RuleProtocol.ALL, (0, 0), flow(), True),
        (RuleProtocol.ALL, (0, 0), flow(protocol=SCTP), True),
        (RuleProtocol.UDP, (4789, 4789), flow(protocol=SCTP), False),
    ],
)
def test_a_rule_takes_its_protocol_and_port(
    protocol: RuleProtocol, ports: tuple[int, int], arriving: Flow, is_taken: bool
) -> None:
    answer = chosen(frontend("lb", "A", "10.0.1.7", "one", protocol=protocol, ports=ports), arriving)
    assert answer == ("one" if is_taken else BalancingRefusal.NO_RULE)


def test_a_rule_for_the_very_port_comes_before_one_for_any_port() -> None:
    def rule(name: str, port: int) -> BalancingRule:
        return BalancingRule(name, RuleProtocol.UDP, port, port, (Backend(configuration_id(name)),))

    front = Frontend("front", "A", ip_address("10.0.1.7"), (rule("any", 0), rule("very", 4789)))
    assert chosen(front, flow()) == "very"
    assert chosen(front, flow(destination_port=53)) == "any"


def test_a_rule_without_a_probe_takes_every_backend_for_healthy() -> None:
    front = frontend("lb", "A", "10.0.1.7", "one", has_probe=False)
    assert chosen(front, flow(), down=("one",)) == "one"
    assert chosen(frontend("lb", "A", "10.0.1.7"), flow()) is BalancingRefusal.NO_HEALTHY_BACKEND


def test_a_probe_that_takes_all_for_healthy_while_none_is_spreads_flows_over_all_of_them() -> None:
    names = ("one", "two", "three")
    front = frontend("lb", "A", "10.0.1.7", *names, all_probed_up=True)
    usual = {port: chosen(front, flow(port=port)) for port in range(40000, 40050)}
    for down in (names, ()):
        assert {port: chosen(front, flow(port=port), down=down) for port in usual} == usual
    assert set(usual.values()) == set(names)
    one_left = {chosen(front, flow(port=port), down=names[1:]) for port in usual}
    assert one_left == {"one"}


def test_a_pool_without_backends_has_no_healthy_one_whatever_the_probe_says() -> None:
    front = frontend("lb", "A", "10.0.1.7", all_probed_up=True)
    assert chosen(front, flow()) is BalancingRefusal.NO_HEALTHY_BACKEND
