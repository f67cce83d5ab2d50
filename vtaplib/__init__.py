"""Virtual network TAPs as software: the resources, the rules of a cloud, the engine that mirrors packets.

What stands here is public. It is loaded when it is first asked for (PEP 562): who only wants packets must not
pay for the resources, nor the provider's start for what it does not use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtaplib.analysis.coverage_audit import CoverageAudit, CoverageScope, Standing
    from vtaplib.analysis.eligibility import Eligibility, Outcome
    from vtaplib.control.cloud import Cloud, SubscriptionHandle
    from vtaplib.errors import VtapError
    from vtaplib.fabric.topology import Topology
    from vtaplib.mirror.engine import MirrorEngine
    from vtaplib.mirror.replay import Replay
    from vtaplib.mirror.verdict import Direction, Mirrored, NotMirrored, Reason
    from vtaplib.model.policy import Policy
    from vtaplib.model.unknown import UNKNOWN, Undecided
    from vtaplib.model.view import View
    from vtaplib.model.violation import ArmError, ErrorCode, Evidence, Severity, Violation
    from vtaplib.resources import (
        AdditionalCapabilities,
        AdditionalUnattendContent,
        AdminSshKey,
        BootDiagnostics,
        Certificate,
        DdosProtectionPlan,
        Delegation,
        DiffDiskSettings,
        Encryption,
        GalleryApplication,
        Identity,
        InlineSecurityRule,
        InlineSubnet,
        IpAddressPool,
        Lb,
        LbBackendAddressPool,
        LbFrontendIpConfiguration,
        LbProbe,
        LbRule,
        LinuxVirtualMachine,
        NetworkInterface,
        NetworkInterfaceBackendAddressPoolAssociation,
        NetworkInterfaceIpConfiguration,
        NetworkInterfaceSecurityGroupAssociation,
        NetworkInterfaceTapConfiguration,
        NetworkSecurityGroup,
        NetworkSecurityRule,
        OsDisk,
        OsImageNotification,
        PeeringState,
        Plan,
        PublicIp,
        ResourceGroup,
        Secret,
        ServiceDelegation,
        ServiceEndpoint,
        SourceImageReference,
        StoredCertificate,
        StoredSecret,
        Subnet,
        SubnetNetworkSecurityGroupAssociation,
        Subscription,
        TerminationNotification,
        TunnelInterface,
        VirtualMachine,
        VirtualNetwork,
        VirtualNetworkPeering,
        VirtualNetworkTap,
        WindowsVirtualMachine,
        WinrmListener,
    )
    from vtaplib.version import __version__

__all__ = [
    "UNKNOWN",
    "AdditionalCapabilities",
    "AdditionalUnattendContent",
    "AdminSshKey",
    "ArmError",
    "BootDiagnostics",
    "Certificate",
    "Cloud",
    "CoverageAudit",
    "CoverageScope",
    "DdosProtectionPlan",
    "Delegation",
    "DiffDiskSettings",
    "Direction",
    "Eligibility",
    "Encryption",
    "ErrorCode",
    "Evidence",
    "GalleryApplication",
    "Identity",
    "InlineSecurityRule",
    "InlineSubnet",
    "IpAddressPool",
    "Lb",
    "LbBackendAddressPool",
    "LbFrontendIpConfiguration",
    "LbProbe",
    "LbRule",
    "LinuxVirtualMachine",
    "MirrorEngine",
    "Mirrored",
    "NetworkInterface",
    "NetworkInterfaceBackendAddressPoolAssociation",
    "NetworkInterfaceIpConfiguration",
    "NetworkInterfaceSecurityGroupAssociation",
    "NetworkInterfaceTapConfiguration",
    "NetworkSecurityGroup",
    "NetworkSecurityRule",
    "NotMirrored",
    "OsDisk",
    "OsImageNotification",
    "Outcome",
    "PeeringState",
    "Plan",
    "Policy",
    "PublicIp",
    "Reason",
    "Replay",
    "ResourceGroup",
    "Secret",
    "ServiceDelegation",
    "ServiceEndpoint",
    "Severity",
    "SourceImageReference",
    "Standing",
    "StoredCertificate",
    "StoredSecret",
    "Subnet",
    "SubnetNetworkSecurityGroupAssociation",
    "Subscription",
    "SubscriptionHandle",
    "TerminationNotification",
    "Topology",
    "TunnelInterface",
    "Undecided",
    "View",
    "Violation",
    "VirtualMachine",
    "VirtualNetwork",
    "VirtualNetworkPeering",
    "VirtualNetworkTap",
    "VtapError",
    "WindowsVirtualMachine",
    "WinrmListener",
    "__version__",
]

_HOMES = {
    "__version__": "vtaplib.version",
    "Cloud": "vtaplib.control.cloud",
    "SubscriptionHandle": "vtaplib.control.cloud",
    "CoverageAudit": "vtaplib.analysis.coverage_audit",
    "CoverageScope": "vtaplib.analysis.coverage_audit",
    "Standing": "vtaplib.analysis.coverage_audit",
    "Eligibility": "vtaplib.analysis.eligibility",
    "Outcome": "vtaplib.analysis.eligibility",
    "Policy": "vtaplib.model.policy",
    "ArmError": "vtaplib.model.violation",
    "VtapError": "vtaplib.errors",
    "Topology": "vtaplib.fabric.topology",
    "MirrorEngine": "vtaplib.mirror.engine",
    "Replay": "vtaplib.mirror.replay",
    "Direction": "vtaplib.mirror.verdict",
    "Mirrored": "vtaplib.mirror.verdict",
    "NotMirrored": "vtaplib.mirror.verdict",
    "Reason": "vtaplib.mirror.verdict",
    "UNKNOWN": "vtaplib.model.unknown",
    "Undecided": "vtaplib.model.unknown",
    "View": "vtaplib.model.view",
    "ErrorCode": "vtaplib.model.violation",
    "Evidence": "vtaplib.model.violation",
    "Severity": "vtaplib.model.violation",
    "Violation": "vtaplib.model.violation",
}
"""Where the public names are, all but the resources'."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "vtaplib.resources")
    if home == "vtaplib.resources":
        importlib.import_module("vtaplib.rules")  # a type's rules are all there for whoever can name it here
    value: object = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
