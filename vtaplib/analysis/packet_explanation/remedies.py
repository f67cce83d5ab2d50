"""What to change where a packet or its copy was lost: a sentence for each reason.

The words in braces are names of what it concerns. Of a packet: its ends, and their machines. Of a copy: the
`interface` of the tap point, the `configuration`, the `tap`, its `destination`, the `collector` and its
`machine`; `address` is where copies come from, `largest` the length of the largest packet whose copy fits the
MTU.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vtaplib.fabric.path_trace import Drop
from vtaplib.fabric.routing import Unrouted
from vtaplib.mirror.verdict import Reason

DROP_REMEDIES: Final[Mapping[Drop, str]] = {
    Drop.MALFORMED: "You cannot change this: it is not a packet. Check how the capture was made.",
    Drop.SOURCE_DETACHED: "Attach {source} to a machine.",
    Drop.SOURCE_STOPPED: "Start the machine: vtap machine start {source_machine}",
    Drop.WRONG_SOURCE_MAC: "Send with the MAC address of {source}: a machine cannot use another's.",
    Drop.WRONG_SOURCE_ADDRESS: "If the machine forwards packets of others, set ip_forwarding_enabled of "
    "{source}; otherwise let it send from an address of its own.",
    Drop.NOT_IP: "You cannot change this: a cloud's network carries IP, and ARP to the platform, and nothing "
    "else.",
    Drop.OUTBOUND_SECURITY: "Allow it outbound, with a lower priority number than the rule that denies.",
    Drop.INTERCEPTED: "You cannot change this: a machine gets no packet of a DHCP client. A relay agent's, "
    "from port 67 to port 67, get through.",
    Drop.BROADCAST: "You cannot change this. Send to each machine separately.",
    Drop.MULTICAST: "You cannot change this. Send to each machine separately.",
    Drop.NO_ROUTE: "Check the address; if it is one of another network, peer that with the source's, both "
    "sides. Peerings are not transitive.",
    Drop.NO_SUCH_ADDRESS: "Check the address, or give it to an interface.",
    Drop.AMBIGUOUS: "Name the interfaces instead: --src and --dst take names and IDs.",
    Drop.NO_BALANCING_RULE: "Give the load balancer a rule for this protocol and port, or for HA ports.",
    Drop.NO_HEALTHY_BACKEND: "Start a backend, or add one that runs to the pool of the rule.",
    Drop.BACKEND_MISSING: "Give the backend an address in the load balancer's network.",
    Drop.HAIRPIN: "Send to another backend's own address: a backend does not reach itself through its load "
    "balancer.",
    Drop.INBOUND_SECURITY: "Allow it inbound, with a lower priority number than the rule that denies.",
    Drop.SHIELDED: "Attach a security group that allows it to {destination} or its subnet.",
    Drop.DESTINATION_DETACHED: "Attach {destination} to a machine.",
    Drop.DESTINATION_STOPPED: "Start the machine: vtap machine start {destination_machine}",
}

UNROUTED_REMEDIES: Final[Mapping[Unrouted, str]] = {
    Unrouted.MALFORMED: "You cannot change this: it is not a packet. Check how the capture was made.",
    Unrouted.NOT_IP: "You cannot change this: ARP and similar frames stay between a machine and its host.",
    Unrouted.NO_INTERFACE: "Check that it is in this cloud: vtap show lists the addresses.",
    Unrouted.AMBIGUOUS: "Addresses alone do not say which interface it is: name the ends with --src and "
    "--dst instead.",
}

COPY_REMEDIES: Final[Mapping[Reason, str]] = {
    Reason.MALFORMED: "You cannot change this: it is not a frame. Check how the capture was made.",
    Reason.IPV6: "TAPs mirror IPv4 only. To have it copied, let the two ends use IPv4: check which address "
    "the other end's name resolves to.",
    Reason.PRIVATE_LINK: "The service does not mirror it; tap the other end, or capture at the machine.",
    Reason.ALREADY_MIRRORED: "Nothing is missing: the packet inside has been copied where it was tapped "
    "first. With the policy remirror=mirror copies are copied too.",
    Reason.DENIED: "Let the security group allow the traffic; or, to see the result with copies of dropped "
    "packets, set the policy mirror_denied=true.",
    Reason.SNAT_RETURN: "To see the result with these copied, set the policy mirror_snat_return=true.",
    Reason.TAP_MISSING: "Create {tap} again, or delete {configuration}.",
    Reason.SOURCE_DETACHED: "Attach {interface} to a machine.",
    Reason.SOURCE_WITHOUT_IPV4: "Give {interface} an IP configuration with an IPv4 address.",
    Reason.DESTINATION_MISSING: "Create {destination} again with an IPv4 address, or let {tap} send to "
    "another destination.",
    Reason.COLLECTOR_UNREACHABLE: "Put {collector} into the network of {destination}, because its load "
    "balancer serves no other network; or peer the networks.",
    Reason.NO_BALANCING_RULE: "Give {destination} a rule for UDP port 4789, or one for HA ports (protocol "
    "All, ports 0).",
    Reason.NO_HEALTHY_BACKEND: "Start a backend of {destination}, or add one that runs to its pool. A probe "
    "uses TCP or HTTP, so the collector must also listen on the probe's port.",
    Reason.SELF_MIRROR: "Let {tap} send to another interface than {interface}, or do not tap {interface}.",
    Reason.COLLECTOR_DETACHED: "Attach {collector} to a machine.",
    Reason.COLLECTOR_DOWN: "Start the machine of {collector}: vtap machine start {machine}",
    Reason.COLLECTOR_SECURITY: "Allow UDP 4789 from {address} inbound at {collector}, with a lower priority "
    "number than the rule that denies.",
    Reason.OVERSIZE: "Let the machines send smaller packets (an MTU of {largest} in the guest), or look at "
    "what the policy oversize=fragment or oversize=deliver would make of it.",
}

UNTAPPED: Final = (
    "Tap {ends}: a tap configuration (azurerm_network_interface_tap_configuration) makes an interface a "
    "source of a TAP."
)
