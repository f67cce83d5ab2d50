"""Who reaches whom, and who gets the flow: looked up in a frozen picture of the network, per frame."""

from __future__ import annotations
