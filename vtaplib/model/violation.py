"""What a rule says when it is broken: data, collected, never raised by the rule itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Self

from vtaplib.errors import VtapError

Path = tuple[str | int, ...]
"""Where in a resource: field names and list positions, from the root."""


def dotted(path: Path) -> str:
    """A path as text: `ip_configuration[0].name`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


class Severity(Enum):
    """Whether a violation refuses the operation."""

    ERROR = "error"
    WARNING = "warning"


class Evidence(Enum):
    """How sure it is that Azure behaves so."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    INFERRED = "inferred"
    OURS = "ours"


class ErrorCode(StrEnum):
    """ARM's error codes, and ours where Azure publishes none: it has none for virtual network TAPs."""

    RESOURCE_NOT_FOUND = "ResourceNotFound"
    RESOURCE_GROUP_NOT_FOUND = "ResourceGroupNotFound"
    SUBSCRIPTION_NOT_FOUND = "SubscriptionNotFound"
    INVALID_REQUEST_CONTENT = "InvalidRequestContent"
    INVALID_RESOURCE_NAME = "InvalidResourceName"
    INVALID_RESOURCE_LOCATION = "InvalidResourceLocation"
    INVALID_RESOURCE_REFERENCE = "InvalidResourceReference"
    PROPERTY_CHANGE_NOT_ALLOWED = "PropertyChangeNotAllowed"
    OPERATION_NOT_ALLOWED = "OperationNotAllowed"
    NETCFG_SUBNET_RANGES_OVERLAP = "NetcfgSubnetRangesOverlap"
    NETCFG_SUBNET_RANGE_OUTSIDE_VNET = "NetcfgSubnetRangeOutsideVnet"
    NETCFG_INVALID_SUBNET = "NetcfgInvalidSubnet"
    IN_USE_PREFIX_CANNOT_BE_DELETED = "InUsePrefixCannotBeDeleted"
    IN_USE_SUBNET_CANNOT_BE_UPDATED = "InUseSubnetCannotBeUpdated"
    IN_USE_SUBNET_CANNOT_BE_DELETED = "InUseSubnetCannotBeDeleted"
    VNET_ADDRESS_SPACES_OVERLAP = "VnetAddressSpacesOverlap"
    VNET_ADDRESS_SPACE_OVERLAPS_WITH_ALREADY_PEERED_VNET = "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet"
    REMOTE_PEERING_IS_DISCONNECTED = "RemotePeeringIsDisconnected"
    ANOTHER_PEERING_ALREADY_REFERENCES_REMOTE_VNET = "AnotherPeeringAlreadyReferencesRemoteVnet"
    PRIVATE_IP_ADDRESS_IN_RESERVED_RANGE = "PrivateIPAddressInReservedRange"
    PRIVATE_IP_ADDRESS_NOT_IN_SUBNET = "PrivateIPAddressNotInSubnet"
    PRIVATE_IP_ADDRESS_IS_ALLOCATED = "PrivateIPAddressIsAllocated"
    SUBNET_IS_FULL = "SubnetIsFull"
    NIC_IN_USE = "NicInUse"
    SUBNETS_NOT_IN_SAME_VNET = "SubnetsNotInSameVnet"
    NETWORK_INTERFACE_MUST_HAVE_PRIMARY_PROPERTY_SET = "NetworkInterfaceMustHavePrimaryPropertySet"
    NETWORK_INTERFACE_COUNT_EXCEEDED = "NetworkInterfaceCountExceeded"
    SECURITY_RULE_CONFLICT = "SecurityRuleConflict"
    IN_USE_NETWORK_SECURITY_GROUP_CANNOT_BE_DELETED = "InUseNetworkSecurityGroupCannotBeDeleted"
    PUBLIC_IP_ADDRESS_CANNOT_BE_DELETED = "PublicIPAddressCannotBeDeleted"
    PUBLIC_IP_ADDRESS_IN_USE = "PublicIPAddressInUse"
    DNS_RECORD_IN_USE = "DnsRecordInUse"
    DIFFERENT_SKU_LOAD_BALANCERS_AND_PUBLIC_IP_ADDRESS_NOT_ALLOWED = (
        "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed"
    )
    ANOTHER_INTERNAL_LOAD_BALANCER_EXISTS = "AnotherInternalLoadBalancerExists"
    LOAD_BALANCER_RULE_COUNT_LIMIT_REACHED_FOR_NIC = "LoadBalancerRuleCountLimitReachedForNic"
    VNET_COUNT_LIMIT_REACHED = "VnetCountLimitReached"
    NETWORK_WATCHER_COUNT_LIMIT_REACHED = "NetworkWatcherCountLimitReached"
    QUOTA_EXCEEDED = "QuotaExceeded"
    SUBSCRIPTION_NOT_REGISTERED_FOR_FEATURE = "SubscriptionNotRegisteredForFeature"
    RULES_USE_SAME_BACKEND_PORT_PROTOCOL_AND_POOL = "RulesUseSameBackendPortProtocolAndPool"
    LOAD_BALANCER_WITHOUT_FRONTEND_IP_CANT_HAVE_CHILD_RESOURCES = (
        "LoadBalancerWithoutFrontendIPCantHaveChildResources"
    )
    # Ours: Azure's text for these cases is known in words or not at all, its code is not.
    INVALID_ADDRESS_SPACE = "InvalidAddressSpace"
    RESOURCE_IN_USE = "ResourceInUse"
    INVALID_PARAMETER_COMBINATION = "InvalidParameterCombination"
    VIRTUAL_NETWORK_TAP_DESTINATION_REQUIRED = "VirtualNetworkTapDestinationRequired"
    VIRTUAL_NETWORK_TAP_DESTINATION_AMBIGUOUS = "VirtualNetworkTapDestinationAmbiguous"
    VIRTUAL_NETWORK_TAP_DESTINATION_NOT_SUPPORTED = "VirtualNetworkTapDestinationNotSupported"
    VIRTUAL_NETWORK_TAP_DESTINATION_PORT_NOT_SUPPORTED = "VirtualNetworkTapDestinationPortNotSupported"
    VIRTUAL_NETWORK_TAP_DESTINATION_NOT_REACHABLE = "VirtualNetworkTapDestinationNotReachable"
    VIRTUAL_NETWORK_TAP_TENANT_MISMATCH = "VirtualNetworkTapTenantMismatch"
    VIRTUAL_NETWORK_TAP_DESTINATION_IN_USE = "VirtualNetworkTapDestinationInUse"
    VIRTUAL_NETWORK_TAP_SOURCE_IS_DESTINATION = "VirtualNetworkTapSourceIsDestination"
    VIRTUAL_NETWORK_TAP_ALREADY_CONFIGURED = "VirtualNetworkTapAlreadyConfigured"
    VIRTUAL_NETWORK_TAP_SOURCE_NOT_SUPPORTED = "VirtualNetworkTapSourceNotSupported"
    VIRTUAL_NETWORK_TAP_SOURCE_VM_SIZE_NOT_SUPPORTED = "VirtualNetworkTapSourceVmSizeNotSupported"
    VIRTUAL_NETWORK_TAP_SOURCE_FLOATING_IP_NOT_SUPPORTED = "VirtualNetworkTapSourceFloatingIPNotSupported"
    VIRTUAL_NETWORK_TAP_SOURCE_BASIC_LOAD_BALANCER_NOT_SUPPORTED = (
        "VirtualNetworkTapSourceBasicLoadBalancerNotSupported"
    )
    VIRTUAL_NETWORK_TAP_SOURCE_VNET_ENCRYPTION_NOT_SUPPORTED = (
        "VirtualNetworkTapSourceVnetEncryptionNotSupported"
    )
    VIRTUAL_NETWORK_TAP_COUNT_LIMIT_REACHED = "VirtualNetworkTapCountLimitReached"
    TAP_CONFIGURATION_COUNT_LIMIT_REACHED = "TapConfigurationCountLimitReached"
    NETWORK_INTERFACE_NOT_ON_FASTPATH = "NetworkInterfaceNotOnFastpath"
    # Warnings: nothing is refused, but the stream would be lost, or something is not as it seems.
    VIRTUAL_NETWORK_TAP_STREAM_LOST = "VirtualNetworkTapStreamLost"
    VIRTUAL_NETWORK_TAP_RING = "VirtualNetworkTapRing"
    VIRTUAL_NETWORK_TAP_REGION_NOT_LISTED = "VirtualNetworkTapRegionNotListed"
    VIRTUAL_NETWORK_TAP_SOURCE_INTERRUPTED = "VirtualNetworkTapSourceInterrupted"
    VIRTUAL_MACHINE_SIZE_NOT_KNOWN = "VirtualMachineSizeNotKnown"
    IN_USE_VIRTUAL_NETWORK_TAP_CANNOT_BE_DELETED = "InUseVirtualNetworkTapCannotBeDeleted"


CONFLICTS = frozenset(
    {
        ErrorCode.INVALID_RESOURCE_LOCATION,
        ErrorCode.PROPERTY_CHANGE_NOT_ALLOWED,
        ErrorCode.OPERATION_NOT_ALLOWED,
    }
)
"""Codes that ARM answers with HTTP 409."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: code, message (it names the resource and both values, and ends in the way out), the
    field at fault.
    """

    code: ErrorCode
    message: str
    path: Path = ()
    severity: Severity = Severity.ERROR
    rule: str = ""
    """The rule's function name; empty for checks of a single field."""
    evidence: Evidence = Evidence.DOCUMENTED
    way_out: str = ""
    """What to do, the end of the message; "" where the message says no more than what is wrong."""

    @classmethod
    def of(
        cls,
        code: ErrorCode,
        problem: str,
        way_out: str,
        path: Path = (),
        *,
        severity: Severity = Severity.ERROR,
        rule: str = "",
        evidence: Evidence = Evidence.DOCUMENTED,
    ) -> Self:
        """A violation whose message says what is wrong, then what to do: as a sentence of its own, where it
        begins like one.
        """
        separator = ". " if way_out[:1].isupper() else "; "
        return cls(code, f"{problem}{separator}{way_out}", path, severity, rule, evidence, way_out)

    @property
    def problem(self) -> str:
        """The message without the way out."""
        return self.message.removesuffix(self.way_out)[:-2] if self.way_out else self.message


class ArmError(VtapError):
    """A write that the cloud refuses, with every reason. The first gives the code and the message.

    `violations` are data: code, message, path of the field.
    """

    def __init__(self, violations: Sequence[Violation]) -> None:
        first = violations[0]
        super().__init__("\n".join(f"{one.code}: {one.message}" for one in violations))
        self.violations = tuple(violations)
        self.code = first.code
        self.message = first.message
        self.path = first.path

    @property
    def sentences(self) -> tuple[str, ...]:
        """A sentence for each violation."""
        return tuple(f"{one.code}: {one.message}" for one in self.violations)
