"""The broker: what packets pass between a TAP and the tools, as packet brokers do it, stage by stage.

pipeline = Pipeline([Filter("tcp port 443"), Deduplicate(window_ms=50), Slice(128), Balance(4)])
pipeline.apply(block)
"""

from __future__ import annotations

from vtaplib.collector.broker.account import StageAccount
from vtaplib.collector.broker.balancing import Balance
from vtaplib.collector.broker.deduplication import Deduplicate
from vtaplib.collector.broker.filtering import Filter
from vtaplib.collector.broker.language import parse_stage, parse_stages, stage_help
from vtaplib.collector.broker.masking import Mask
from vtaplib.collector.broker.pipeline import Pipeline
from vtaplib.collector.broker.sampling import Sample
from vtaplib.collector.broker.slicing import Slice
from vtaplib.collector.broker.stage import BrokerStage
from vtaplib.collector.broker.stripping import StripTunnels

__all__ = [
    "Balance",
    "BrokerStage",
    "Deduplicate",
    "Filter",
    "Mask",
    "Pipeline",
    "Sample",
    "Slice",
    "StageAccount",
    "StripTunnels",
    "parse_stage",
    "parse_stages",
    "stage_help",
]
