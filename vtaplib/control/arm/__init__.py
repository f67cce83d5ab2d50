"""ARM's JSON: resources as Azure's REST API and the Azure CLI show them, and back.

The form follows from the fields of a resource type and their marks (`vtaplib.model.marks.Arm`); nothing here
names a type or a field.
"""

from __future__ import annotations

from vtaplib.control.arm.decoding import Decoded, decode
from vtaplib.control.arm.document import DocumentError
from vtaplib.control.arm.encoding import encode

__all__ = ["Decoded", "DocumentError", "decode", "encode"]
