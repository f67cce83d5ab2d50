"""The data plane: copies of frames, wrapped in VXLAN, and the account of every frame that was not copied."""

from __future__ import annotations
