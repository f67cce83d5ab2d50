from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vtaplib.collector.broker import parse_stage, parse_stages, stage_help
from vtaplib.collector.broker.language import FORMS
from vtaplib.errors import CollectorError
from vtaplib.packets.block import PacketBlock

GOOD = (
    "filter=tcp port 443",
    "filter=ip[2:2] = 40",
    "dedup",
    "dedup=50ms",
    "dedup=0.5s, ignore=dscp+checksums, memory=1024",
    "dedup=ignore=dscp",
    "slice=128",
    "slice=headers",
    "slice=headers+64",
    "mask",
    "mask=payload",
    "mask=from=16,ports=80+443,with=0x58,checksums=fix",
    "strip",
    "strip=all",
    "strip=vlan,gre,vxlan-ports=4789+8472",
    "sample=1/10",
    "sample=12.5%,seed=9",
    "balance=4",
    "balance=3:1:1",
)
BAD = {
    "": "there is no stage ''; write one of filter=",
    "slize=128": "there is no stage 'slize'; write one of filter=",
    "filter": "filter needs a value, as in filter=tcp port 443",
    "filter=tcp prot 443": "libpcap says",
    "slice": "slice needs a value, as in slice=128",
    "slice=": "slice needs a value",
    "strip=": "nothing follows the =; write strip alone, or strip=vxlan,gre",
    "slice=much": "stage slice: 'much' is not understood; allowed is octets such as 128",
    "slice=headers+x": "stage slice: 'x' is not understood; allowed is octets",
    "slice=9,more=1": "stage slice: 'more=1' is not understood; allowed is none",
    "slice=9,9": "stage slice: '9,9' is not understood",
    "dedup=50": "stage dedup: '50' is not understood; allowed is a window such as 50ms",
    "dedup=50ms,ignore=ttl": "'ttl' cannot be ignored; these can: dscp, checksums",
    "dedup=50ms,memroy=9": "'memroy=9' is not understood; allowed is one of ignore=…, memory=…",
    "dedup=9ms,memory=9,memory=9": "allowed is one memory=…, not two",
    "mask=headers": "stage mask: 'headers' is not understood; allowed is payload",
    "mask=ports=http": "stage mask: 'http' is not understood; allowed is ports as ports, such as 80+443",
    "mask=checksums=maybe": "allowed is checksums=fix or checksums=leave",
    "strip=vxlna": "'vxlna' is not a kind of tunnel; the kinds are vlan, mpls",
    "sample=10": "stage sample: '10' is not understood; allowed is a share of flows such as 1/10",
    "sample=0%": "sample: 0 of 1; it is at least 1",
    "sample=1/0": "sample: 1 of 0; it is at least 1",
    "balance=four": "stage balance: 'four' is not understood; allowed is a number of outputs such as 4",
    "balance=99999": "balance: 99999 outputs; it is from 1 to 1024",
}


@pytest.mark.parametrize("text", GOOD)
def test_a_stage_that_is_written_so_lets_a_block_pass(text: str) -> None:
    stage = parse_stage(text)
    assert stage.account.name == text.partition("=")[0]
    stage.apply(PacketBlock.of([(1, bytes(60), 60)]))
    assert stage.account.is_balanced


@pytest.mark.parametrize("text", BAD)
def test_what_is_not_understood_is_told_with_the_value_and_what_is_allowed(text: str) -> None:
    with pytest.raises(CollectorError) as told:
        parse_stage(text)
    assert BAD[text] in str(told.value)


PIECES = st.sampled_from([*FORMS, *"=,+:/%.- 09", "ms", "headers", "ignore", "ports", "0x", "١", "9" * 30])


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=20))
@example("balance=²")
@example("sample=1" + "0" * 30 + "/1")
def test_no_text_does_anything_else_than_make_a_stage_or_be_refused(text: str) -> None:
    try:
        stage = parse_stage(text)
    except CollectorError:
        return
    stage.apply(PacketBlock.of([(1, bytes(60), 60)]))


def test_stages_are_a_pipeline_in_their_order() -> None:
    pipeline = parse_stages(["slice=headers+8", "dedup", "balance=2"])
    assert [account.name for account in pipeline.accounts] == ["slice", "dedup", "balance"]


def test_each_stage_has_a_line_of_help_whose_example_is_one() -> None:
    lines = stage_help().splitlines()
    assert len(lines) == len(FORMS)
    for line in lines:
        parse_stage(line.partition("  ")[0].strip())
