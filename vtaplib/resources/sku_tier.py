"""The tier of a SKU: Regional, or Global, which spans regions."""

from __future__ import annotations

from typing import Annotated, Protocol

from vtaplib.model.marks import OneOf
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode

SkuTier = Annotated[str, OneOf(("Regional", "Global"))]


class TieredResource(Protocol):
    """A resource that has a SKU and a tier of it."""

    @property
    def label(self) -> str: ...
    @property
    def sku(self) -> str: ...
    @property
    def sku_tier(self) -> str: ...


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
def global_needs_standard(self: TieredResource, view: View, policy: Policy) -> Findings:
    """The Global tier exists for the Standard SKU only."""
    if self.sku_tier == "Global" and self.sku != "Standard":
        yield (
            ("sku_tier",),
            f"{self.label}: sku_tier Global needs sku Standard, not {self.sku}",
            "use sku Standard, or sku_tier Regional",
        )
