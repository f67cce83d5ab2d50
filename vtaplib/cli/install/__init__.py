"""`vtap install`: the Terraform provider, where Terraform finds it."""

from __future__ import annotations
