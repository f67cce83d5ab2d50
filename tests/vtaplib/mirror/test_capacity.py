from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from tests.vtaplib.fabric.worlds import interface_id, quickstart, udp_frame
from tests.vtaplib.mirror.replaying import batch
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.capacity import Figures, figures_of, machine_accounts
from vtaplib.mirror.policing import Excess
from vtaplib.mirror.replay import Replay
from vtaplib.model.policy import Policy
from vtaplib.packets.nanoseconds import NS_PER_SECOND

QUERY = udp_frame("10.0.0.4", "10.0.0.5", payload=bytes(958))
"""From web to database, 1000 bytes."""


def world(size: str | None) -> Topology:
    """The quickstart, all but the collector's interface on one machine, of a size."""
    made = quickstart("web")
    return replace(
        made,
        interfaces=tuple(
            replace(
                one,
                machine_size=size,
                machine_id="/machines/c" if one.id == interface_id("collector") else "/machines/one",
            )
            for one in made.interfaces
        ),
    )


def run(topology: Topology, per_second: int, policy: Policy | None = None) -> list[Any]:
    replay = Replay(topology, policy)
    gap = NS_PER_SECOND // per_second
    for second in range(2):
        batch(replay, [second * NS_PER_SECOND + n * gap for n in range(per_second)], [QUERY] * per_second)
    return list(machine_accounts(topology, replay.accounts, policy or Policy()))


def test_what_all_interfaces_of_a_machine_send_counts_together_against_its_size() -> None:
    # 100 000 frames of 1000 bytes are 800 Mbit/s; a DS1_v2 may send 750 and has saved 75.
    machine, collector = run(world("Standard_DS1_v2"), 100_000)
    assert machine.figures == Figures("Standard_DS1_v2", 750, len(world(None).interfaces) - 1, vcpus=1)
    assert machine.sent.frames == 200_000
    # The first second spends 50 Mbit of the savings; the second has 25 left, and is 25 Mbit above.
    assert machine.excess == Excess(frames=3_125, octets=3_125_000, seconds=1)
    assert collector.collected.frames == 200_000
    assert collector.excess == Excess()


def test_copies_count_too_where_the_policy_says_so() -> None:
    policy = Policy(count_mirror_in_egress=True)
    machine, _ = run(world("Standard_DS1_v2"), 50_000, policy)
    # 400 Mbit/s of its own and 420 of copies, of which the first second saves nothing: 820 - 825, 820 - 755.
    assert machine.sent.octets == 2 * 50_000 * (1000 + 1050)
    assert machine.excess == Excess(frames=7_927, octets=8_125_000, seconds=1)


@pytest.mark.parametrize("size", [None, "Standard_B1s", "Standard_Unheard_of"])
def test_of_a_size_without_a_published_rate_nothing_is_said(size: str | None) -> None:
    machine, _ = run(world(size), 10)
    assert machine.excess is None
    assert machine.figures.headroom(1e12) is None


def test_headroom_is_what_the_peak_leaves_and_negative_above() -> None:
    figures = figures_of(world("Standard_D2s_v3"), world("Standard_D2s_v3").interfaces[0], Policy())
    assert figures.headroom(250e6) == 750
    assert figures.headroom(1250e6) == -250
    assert figures.smallest(1250e6, 0) == "Standard_D4s_v3" or figures.interfaces > 2


def test_a_packet_rate_is_what_the_policy_says_of_the_vcpus_of_a_size() -> None:
    one = replace(quickstart("web"), interfaces=(replace(quickstart("web").interfaces[0], machine_id="/m"),))
    sized = replace(one, interfaces=(replace(one.interfaces[0], machine_size="Standard_DS3_v2"),))
    silent = figures_of(sized, sized.interfaces[0], Policy())
    assert (silent.packets_per_second, silent.packet_headroom(1e9)) == (None, None)
    # A DS3_v2 has four vCPUs (Azure, Dv2 and DSv2 series).
    figures = figures_of(sized, sized.interfaces[0], Policy(packets_per_second_per_vcpu=1000))
    assert figures.packets_per_second == 4000
    assert figures.packet_headroom(4500) == -500
    # More than 4000 need the next of the series, of 8 vCPUs; of two needs the larger counts.
    assert figures.smallest(1e6, 4000) == "Standard_DS3_v2"
    assert figures.smallest(1e6, 4001) == "Standard_DS4_v2"
    assert figures.smallest(11_000e6, 4001) == "Standard_DS5_v2"
    # None of the series has 17: then the size with the lowest rate that has.
    assert figures.smallest(1e6, 16_001) == "Standard_B32s_v2"


def test_memory_does_not_grow_with_an_hour_of_traffic() -> None:
    import tracemalloc

    def growth(seconds: int) -> int:
        """The most memory that a replay has above what it starts with; flows come and go."""
        replay = Replay(quickstart("web", "database"), with_talkers=True)
        frames = [udp_frame("10.0.0.4", "10.0.0.5", (1024 + n, 53)) for n in range(400)]
        records = (
            (second * NS_PER_SECOND + n, frames[(second * 7 + n) % 400], 42)
            for second in range(seconds)
            for n in range(10)
        )
        for _ in islice(replay.run(records), 1):
            pass
        tracemalloc.start()
        for _ in replay.run(records):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    # 24 bytes a second for each of a few series, and the room that arrays grow into.
    assert growth(3600) < growth(1800) + 1800 * 24 * 8 * 2
