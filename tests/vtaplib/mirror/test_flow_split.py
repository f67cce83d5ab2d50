from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import interface_id, quickstart, three_collectors, udp_frame
from tests.vtaplib.mirror.reference import dissect
from tests.vtaplib.mirror.replaying import batch
from vtaplib.fabric.topology import Distribution, Topology
from vtaplib.mirror import flow_split
from vtaplib.mirror.flow_split import SplitAccount
from vtaplib.mirror.replay import Replay
from vtaplib.model.policy import Policy

PORTS = range(1024, 1124)
QUERIES = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in PORTS]
ANSWERS = [udp_frame("10.0.0.5", "10.0.0.4", (53, port)) for port in PORTS]
PINNING = (Distribution.SOURCE_IP, Distribution.SOURCE_IP_PROTOCOL)


def replayed(
    world: Topology, frames: Sequence[bytes], policy: Policy | None = None, down: Sequence[str] = ()
) -> Replay:
    run = Replay(world, policy, down=[interface_id(name) for name in down])
    batch(run, range(len(frames)), frames)
    return run


def account(run: Replay, source: str = "web") -> SplitAccount:
    return run.accounts.splits.accounts[f"{interface_id(source)}/tapConfigurations/ndr"]


def collectors_by_flow(
    world: Topology, frames: Sequence[bytes], policy: Policy | None, down: Sequence[str] = ()
) -> dict[bytes, str]:
    """Which collector gets the copy of a frame, read off the copies."""
    run = Replay(world, policy, down=[interface_id(name) for name in down])
    handed = batch(run, [0] * len(frames), frames)
    return {
        dissect(copy).vxlan.frame: collector_id
        for collector_id, copies in handed.items()
        for copy in copies.frames
    }


@pytest.mark.parametrize("port", ["directional", "inner", "symmetric", "fixed:50000"])
@pytest.mark.parametrize("distribution", Distribution)
def test_a_conversation_is_split_if_its_directions_reach_two_collectors(
    distribution: Distribution, port: str
) -> None:
    world, policy = three_collectors("web", distribution=distribution), Policy(outer_source_port=port)
    got = collectors_by_flow(world, QUERIES + ANSWERS, policy)
    split = sum(got[query] != got[answer] for query, answer in zip(QUERIES, ANSWERS, strict=True))
    assert account(replayed(world, QUERIES + ANSWERS, policy)).split_conversations == split
    keeps_together = distribution in PINNING or port in ("symmetric", "fixed:50000")
    assert (split == 0) == keeps_together


def test_a_conversation_of_which_one_direction_is_seen_is_not_split() -> None:
    assert account(replayed(three_collectors("web"), QUERIES)).split_conversations == 0


def test_a_conversation_is_split_once_however_many_frames_it_has_and_whatever_is_forgotten() -> None:
    world = three_collectors("web")
    once = account(replayed(world, QUERIES + ANSWERS)).split_conversations
    assert account(replayed(world, (QUERIES + ANSWERS) * 3)).split_conversations == once > 0


def test_of_split_conversations_without_end_the_count_is_a_lower_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = three_collectors("web")
    whole = replayed(world, QUERIES + ANSWERS)
    assert whole.accounts.splits.is_complete
    monkeypatch.setattr(flow_split, "CONVERSATIONS_KEPT", 10)
    bounded = replayed(world, QUERIES + ANSWERS)
    assert not bounded.accounts.splits.is_complete
    assert account(bounded).split_conversations == 10


@given(st.sets(st.sampled_from(["one", "two", "three"]), max_size=2), st.sampled_from(Distribution))
def test_the_flows_that_moved_are_those_of_failed_collectors(
    down: set[str], distribution: Distribution
) -> None:
    world = three_collectors("web", distribution=distribution)
    before = collectors_by_flow(world, QUERIES, None)
    after = collectors_by_flow(world, QUERIES, None, sorted(down))
    moved = {frame for frame in QUERIES if before[frame] != after[frame]}
    assert moved == {frame for frame in QUERIES if before[frame] in map(interface_id, down)}
    counted = account(replayed(world, QUERIES, down=sorted(down)))
    # The balancer's flows: those of one source port are one.
    ports = {frame: outer_port(world, frame) for frame in QUERIES}
    assert counted.ports == (set(ports.values()) if down else set())
    assert counted.moved_ports == {ports[frame] for frame in moved}


def outer_port(world: Topology, frame: bytes) -> int:
    (copies,) = batch(Replay(world), [0], [frame]).values()
    return dissect(copies.frames[0]).udp.source_port


def test_where_no_backend_is_left_nothing_moves() -> None:
    run = replayed(three_collectors("web"), QUERIES, down=["one", "two", "three"])
    assert run.accounts.splits.accounts == {}


def test_a_collector_without_a_load_balancer_parts_nothing() -> None:
    assert replayed(quickstart("web"), QUERIES + ANSWERS).accounts.splits.accounts == {}
