"""Documents as Azure shows them: their shape, names and order are observed, what they name is made up.

What is of the REST API is what `encode` gives back; what is of the Azure CLI it printed in some version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.vtaplib.control import lab

Document = dict[str, Any]

NETWORK = lab.network_id("hub")
INTERFACE = lab.nic_id("vm-nic")
BALANCER = lab.lb_id("front-door")
PRINTED = {"resourceGroup": "lab"}


def rest_network() -> Document:
    """A network with a subnet and a peering, in the REST API's form."""
    return {
        "id": NETWORK,
        "name": "hub",
        "type": "Microsoft.Network/virtualNetworks",
        "location": "westeurope",
        "tags": {},
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "privateEndpointVNetPolicies": "Disabled",
            "enableDdosProtection": False,
            "provisioningState": "Succeeded",
            "subnets": [
                {
                    "id": f"{NETWORK}/subnets/default",
                    "name": "default",
                    "type": "Microsoft.Network/virtualNetworks/subnets",
                    "properties": {
                        "addressPrefixes": ["10.0.3.0/24"],
                        "defaultOutboundAccess": False,
                        "networkSecurityGroup": {"id": lab.security_group_id("guard")},
                        "delegations": [
                            {
                                "name": "to-containers",
                                "properties": {
                                    "serviceName": "Microsoft.ContainerInstance/containerGroups",
                                    "actions": ["Microsoft.Network/virtualNetworks/subnets/action"],
                                },
                            }
                        ],
                        "serviceEndpoints": [{"service": "Microsoft.Storage"}],
                        "privateEndpointNetworkPolicies": "Disabled",
                        "privateLinkServiceNetworkPolicies": "Enabled",
                        "provisioningState": "Succeeded",
                    },
                }
            ],
            "virtualNetworkPeerings": [
                {
                    "id": f"{NETWORK}/virtualNetworkPeerings/to-spoke",
                    "name": "to-spoke",
                    "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
                    "properties": {
                        "peeringState": "Connected",
                        "peeringSyncLevel": "FullyInSync",
                        "remoteVirtualNetwork": {"id": lab.network_id("spoke")},
                        "allowVirtualNetworkAccess": True,
                        "allowForwardedTraffic": True,
                        "allowGatewayTransit": False,
                        "useRemoteGateways": False,
                        "doNotVerifyRemoteGateways": False,
                        "peerCompleteVnets": True,
                        "remoteAddressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
                        "provisioningState": "Succeeded",
                    },
                }
            ],
        },
    }


def rest_balancer() -> Document:
    """An internal load balancer with a pool, a probe and a rule, in the REST API's form."""
    frontend, pool, probe, rule = (
        f"{BALANCER}/{part}"
        for part in (
            "frontendIPConfigurations/inner",
            "backendAddressPools/machines",
            "probes/ssh",
            "loadBalancingRules/vxlan",
        )
    )
    kind = "Microsoft.Network/loadBalancers"
    return {
        "id": BALANCER,
        "name": "front-door",
        "type": kind,
        "location": "westeurope",
        "sku": {"name": "Standard", "tier": "Regional"},
        "properties": {
            "provisioningState": "Succeeded",
            "frontendIPConfigurations": [
                {
                    "id": frontend,
                    "name": "inner",
                    "type": f"{kind}/frontendIPConfigurations",
                    "zones": ["1", "2"],
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": "10.0.3.10",
                        "privateIPAllocationMethod": "Static",
                        "privateIPAddressVersion": "IPv4",
                        "subnet": {"id": f"{NETWORK}/subnets/default"},
                        "loadBalancingRules": [{"id": rule}],
                    },
                }
            ],
            "backendAddressPools": [
                {
                    "id": pool,
                    "name": "machines",
                    "type": f"{kind}/backendAddressPools",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "loadBalancerBackendAddresses": [],
                        "loadBalancingRules": [{"id": rule}],
                    },
                }
            ],
            "probes": [
                {
                    "id": probe,
                    "name": "ssh",
                    "type": f"{kind}/probes",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "protocol": "Tcp",
                        "port": 22,
                        "intervalInSeconds": 5,
                        "numberOfProbes": 2,
                        "probeThreshold": 1,
                        "noHealthyBackendsBehavior": "AllProbedDown",
                        "loadBalancingRules": [{"id": rule}],
                    },
                }
            ],
            "loadBalancingRules": [
                {
                    "id": rule,
                    "name": "vxlan",
                    "type": f"{kind}/loadBalancingRules",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "frontendIPConfiguration": {"id": frontend},
                        "frontendPort": 4789,
                        "backendPort": 4789,
                        "enableFloatingIP": False,
                        "idleTimeoutInMinutes": 4,
                        "protocol": "Udp",
                        "enableTcpReset": False,
                        "disableOutboundSnat": True,
                        "loadDistribution": "Default",
                        "backendAddressPool": {"id": pool},
                        "backendAddressPools": [{"id": pool}],
                        "probe": {"id": probe},
                    },
                }
            ],
            "inboundNatRules": [],
            "outboundRules": [],
            "inboundNatPools": [],
        },
    }


def printed_interface() -> Document:
    """What `az network nic show` prints."""
    return {
        **PRINTED,
        "auxiliaryMode": "None",
        "auxiliarySku": "None",
        "disableTcpStateTracking": False,
        "dnsSettings": {
            "appliedDnsServers": [],
            "dnsServers": [],
            "internalDomainNameSuffix": "x1.ax.internal.cloudapp.net",
        },
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": True,
        "etag": 'W/"00000000-0000-0000-0000-000000000000"',
        "hostedWorkloads": [],
        "id": INTERFACE,
        "ipConfigurations": [
            {
                **PRINTED,
                "etag": 'W/"00000000-0000-0000-0000-000000000000"',
                "id": f"{INTERFACE}/ipConfigurations/internal",
                "loadBalancerBackendAddressPools": [
                    {**PRINTED, "id": f"{BALANCER}/backendAddressPools/machines"}
                ],
                "name": "internal",
                "primary": True,
                "privateIPAddress": "10.0.3.4",
                "privateIPAddressVersion": "IPv4",
                "privateIPAllocationMethod": "Dynamic",
                "provisioningState": "Succeeded",
                "publicIPAddress": {**PRINTED, "id": lab.public_ip_id("vm-ip")},
                "subnet": {**PRINTED, "id": f"{NETWORK}/subnets/default"},
                "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
            }
        ],
        "location": "westeurope",
        "macAddress": "00-00-5E-00-53-01",
        "name": "vm-nic",
        "networkSecurityGroup": {**PRINTED, "id": lab.security_group_id("guard")},
        "nicType": "Standard",
        "primary": True,
        "provisioningState": "Succeeded",
        "resourceGuid": "00000000-0000-0000-0000-000000000000",
        "tags": {},
        "tapConfigurations": [],
        "type": "Microsoft.Network/networkInterfaces",
        "virtualMachine": {**PRINTED, "id": lab.vm_id("vm")},
        "vnetEncryptionSupported": False,
    }


def printed_machine(**more: Any) -> Document:
    """What `az vm show` prints, with a null for everything that is not set."""
    nothing = dict.fromkeys(
        (
            *("additionalCapabilities", "applicationProfile", "availabilitySet", "billingProfile"),
            *("capacityReservation", "evictionPolicy", "extendedLocation", "host", "hostGroup", "identity"),
            *("instanceView", "licenseType", "managedBy", "placement", "plan", "platformFaultDomain"),
            *("proximityPlacementGroup", "resources", "scheduledEventsProfile", "securityProfile"),
            *("userData", "virtualMachineScaleSet", "zones"),
        )
    )
    return {
        **PRINTED,
        **nothing,
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": False, "storageUri": None}},
        "etag": '"1"',
        "extensionsTimeBudget": "PT1H30M",
        "hardwareProfile": {"vmSize": "Standard_D2s_v5", "vmSizeProperties": None},
        "id": lab.vm_id("vm"),
        "location": "westeurope",
        "name": "vm",
        "networkProfile": {
            "networkApiVersion": None,
            "networkInterfaceConfigurations": None,
            "networkInterfaces": [
                {**PRINTED, "deleteOption": None, "id": lab.nic_id("second"), "primary": False},
                {**PRINTED, "deleteOption": None, "id": INTERFACE, "primary": True},
            ],
        },
        "osProfile": {
            "adminPassword": None,
            "adminUsername": "operator",
            "allowExtensionOperations": True,
            "computerName": "vm",
            "customData": None,
            "linuxConfiguration": {
                "disablePasswordAuthentication": True,
                "enableVmAgentPlatformUpdates": None,
                "patchSettings": {
                    "assessmentMode": "ImageDefault",
                    "automaticByPlatformSettings": None,
                    "patchMode": "ImageDefault",
                },
                "provisionVmAgent": True,
                "ssh": {
                    "publicKeys": [
                        {"keyData": lab.SSH_KEY + "\n", "path": "/home/operator/.ssh/authorized_keys"}
                    ]
                },
            },
            "requireGuestProvisionSignal": True,
            "secrets": [],
            "windowsConfiguration": None,
        },
        "priority": "Regular",
        "provisioningState": "Succeeded",
        "storageProfile": {
            "dataDisks": [],
            "diskControllerType": None,
            "imageReference": {
                "communityGalleryImageId": None,
                "exactVersion": "24.04.202505200",
                "id": None,
                "offer": "ubuntu-24_04-lts",
                "publisher": "Canonical",
                "sharedGalleryImageId": None,
                "sku": "server",
                "version": "latest",
            },
            "osDisk": {
                "caching": "ReadWrite",
                "createOption": "FromImage",
                "deleteOption": "Detach",
                "diffDiskSettings": None,
                "diskSizeGb": 30,
                "encryptionSettings": None,
                "image": None,
                "managedDisk": {
                    **PRINTED,
                    "diskEncryptionSet": None,
                    "id": lab.resource_id("Compute/disks", "vm-disk"),
                    "securityProfile": None,
                    "storageAccountType": "Standard_LRS",
                },
                "name": "vm-disk",
                "osType": "Linux",
                "vhd": None,
                "writeAcceleratorEnabled": False,
            },
        },
        "tags": {},
        "timeCreated": "2026-01-01T00:00:00+00:00",
        "type": "Microsoft.Compute/virtualMachines",
        "vmId": "00000000-0000-0000-0000-000000000000",
        **more,
    }


def without_etags(value: Any) -> Any:
    """A document without its etags, which nobody can know beforehand."""
    if isinstance(value, Mapping):
        return {name: without_etags(inner) for name, inner in value.items() if name != "etag"}
    return [without_etags(one) for one in value] if isinstance(value, list) else value
