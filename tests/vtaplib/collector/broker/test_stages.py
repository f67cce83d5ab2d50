"""What is true of every stage, for any packets."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from tests.vtaplib.collector.broker.blocks import blocks, content, copy_of
from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.collector.broker import (
    BrokerStage,
    Pipeline,
    balancing,
    deduplication,
    filtering,
    header_offsets,
    masking,
    parse_stage,
    sampling,
    slicing,
    stripping,
)
from vtaplib.packets.block import PacketBlock

TEXTS = (
    "filter=udp or (vlan and ip6) or tcp[tcpflags] & tcp-syn != 0",
    "filter=less 90",
    "dedup=50ms",
    "dedup=20ms,ignore=dscp+checksums,memory=8",
    "slice=60",
    "slice=headers+3",
    "mask=payload",
    "mask=payload,from=2,with=0x58,ports=80+4789,checksums=fix",
    "strip",
    "strip=vlan,gre,vxlan",
    "sample=1/3",
    "sample=50%,seed=7",
    "balance=3",
    "balance=1:0:2",
)
ANY_TEXT = st.sampled_from(TEXTS)


@contextmanager
def interpreted_loops() -> Generator[None]:
    """Let the stages run loops from their sources, whatever is compiled."""
    with ExitStack() as stack:
        for module, loop, names in (
            (filtering, "packet_filter", ("select",)),
            (deduplication, "deduplication", ("hash_content", "keep_first")),
            (slicing, "slicing", ("cut_behind",)),
            (masking, "masking", ("overwrite",)),
            (stripping, "tunnel_stripping", ("strip",)),
            (sampling, "flow_hashes", ("keep_lowest",)),
            (balancing, "flow_hashes", ("draw",)),
        ):
            source = interpreted(loop)
            for name in names:
                stack.enter_context(patch.object(module, name, getattr(source, name)))
        stack.enter_context(patch.object(header_offsets, "header_places", interpreted("header_places")))
        stack.enter_context(patch.object(header_offsets, "flow_hashes", interpreted("flow_hashes")))
        yield


def both(text: str, given_blocks: list[PacketBlock]) -> tuple[list[tuple[object, ...]], BrokerStage]:
    """What a stage leaves of blocks, and the stage."""
    stage = parse_stage(text)
    left = []
    for block in given_blocks:
        block = copy_of(block)
        stage.apply(block)
        left.append(content(block))
    return left, stage


@given(ANY_TEXT, st.lists(blocks(), max_size=3))
def test_every_packet_and_octet_is_accounted_for(text: str, given_blocks: list[PacketBlock]) -> None:
    stage = parse_stage(text)
    frames = octets = 0
    for block in given_blocks:
        before, octets_before = stage.account.left.frames, stage.account.left.octets
        frames, octets = frames + block.count, octets + block.octets
        stage.apply(block)
        assert stage.account.left.frames - before == block.count
        assert stage.account.left.octets - octets_before == block.octets
    assert (stage.account.entered.frames, stage.account.entered.octets) == (frames, octets)
    assert stage.account.is_balanced


@given(ANY_TEXT, blocks())
def test_what_is_left_lies_in_the_buffer_where_the_packet_was(text: str, block: PacketBlock) -> None:
    # The interface tells which packet it was.
    block.interfaces[: block.count] = type(block.interfaces)("q", range(block.count))
    was = copy_of(block)
    parse_stage(text).apply(block)
    numbers = list(block.interfaces[: block.count])
    assert numbers == sorted(set(numbers))
    for index, number in enumerate(numbers):
        start, end = was.starts[number], was.starts[number] + was.lengths[number]
        assert start <= block.starts[index]
        assert block.lengths[index] >= 0
        assert block.starts[index] + block.lengths[index] <= end
        assert block.times_ns[index] == was.times_ns[number]
        assert block.lengths[index] <= block.original_lengths[index]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("text", TEXTS)
@settings(max_examples=part_of(40))
@given(st.lists(blocks(), max_size=2))
def test_compiled_and_interpreted_stages_agree(text: str, given_blocks: list[PacketBlock]) -> None:
    compiled, stage = both(text, given_blocks)
    with interpreted_loops():
        other, other_stage = both(text, given_blocks)
    assert other == compiled
    assert other_stage.account == stage.account


@given(st.lists(ANY_TEXT, max_size=4), st.lists(blocks(), max_size=2))
def test_a_pipeline_is_its_stages_one_after_another(
    texts: list[str], given_blocks: list[PacketBlock]
) -> None:
    pipeline = Pipeline(map(parse_stage, texts))
    alone = [parse_stage(text) for text in texts]
    for block in given_blocks:
        other = copy_of(block)
        pipeline.apply(block)
        for stage in alone:
            stage.apply(other)
        assert content(block) == content(other)
    assert list(pipeline.accounts) == [stage.account for stage in alone]
    assert pipeline.account.is_balanced
    for one, following in zip(pipeline.accounts, pipeline.accounts[1:], strict=False):
        assert one.left == following.entered


def test_a_pipeline_without_stages_lets_everything_pass() -> None:
    pipeline = Pipeline()
    block = PacketBlock.of([(1, b"any", 3)])
    pipeline.apply(block)
    assert list(block) == [(1, b"any", 3)]
    assert pipeline.account.left.frames == pipeline.account.entered.frames == 1


def test_a_pipelines_account_names_the_stage_of_each_reason() -> None:
    pipeline = Pipeline([parse_stage("filter=greater 3"), parse_stage("dedup=1s")])
    pipeline.apply(PacketBlock.of([(1, b"abc", 3), (2, b"abc", 3), (3, b"a", 1)]))
    assert {reason: count.frames for reason, count in pipeline.account.dropped.items()} == {
        "filter: not what the expression describes": 1,
        "dedup: the same as one before": 1,
    }
