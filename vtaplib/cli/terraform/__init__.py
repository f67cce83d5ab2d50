"""`vtap terraform`: Terraform with the provider wired up."""

from __future__ import annotations
