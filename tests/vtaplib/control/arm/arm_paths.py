"""What ARM's JSON has for each type, path by path, from Azure's REST reference.

`!` is required on create, `=` is kept from then on, `~` is told by the service and ignored in a request.
Details of machines are from documents that the Azure CLI printed. What vtap does not have stands in
`NOT_MODELLED` with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping

OF_A_RESOURCE = """
    ~id ~name ~type ~etag !=location tags.* ~properties.provisioningState
"""
OF_A_PART = """
    ~id !name ~type ~etag ~properties.provisioningState
"""
OF_A_SUBNET = """
    properties.addressPrefix properties.addressPrefixes
    properties.networkSecurityGroup.id properties.routeTable.id properties.natGateway.id
    properties.serviceEndpoints[].service properties.serviceEndpoints[].networkIdentifier.id
    properties.delegations[].name properties.delegations[].properties.serviceName
    ~properties.delegations[].properties.actions
    properties.privateEndpointNetworkPolicies properties.privateLinkServiceNetworkPolicies
    properties.defaultOutboundAccess properties.sharingScope
    properties.serviceEndpointPolicies[].id
    properties.ipamPoolPrefixAllocations[].pool.id
    properties.ipamPoolPrefixAllocations[].numberOfIpAddresses
    ~properties.ipamPoolPrefixAllocations[].allocatedAddressPrefixes
    ~properties.ipConfigurations[].id ~properties.privateEndpoints ~properties.purpose
"""
OF_A_PEERING = """
    !=properties.remoteVirtualNetwork.id
    properties.allowVirtualNetworkAccess properties.allowForwardedTraffic properties.allowGatewayTransit
    properties.useRemoteGateways properties.doNotVerifyRemoteGateways =properties.peerCompleteVnets
    =properties.enableOnlyIPv6Peering properties.localSubnetNames properties.remoteSubnetNames
    ~properties.peeringState ~properties.peeringSyncLevel
    ~properties.localAddressSpace ~properties.localVirtualNetworkAddressSpace
    ~properties.remoteAddressSpace.addressPrefixes
    ~properties.remoteVirtualNetworkAddressSpace.addressPrefixes
    ~properties.remoteVirtualNetworkEncryption ~properties.resourceGuid
"""
OF_A_TAP_CONFIGURATION = "!properties.virtualNetworkTap.id"
OF_AN_IP_CONFIGURATION = """
    !properties.subnet.id properties.privateIPAllocationMethod properties.privateIPAddress
    properties.privateIPAddressVersion properties.primary properties.publicIPAddress.id
    properties.loadBalancerBackendAddressPools[].id properties.applicationSecurityGroups
    properties.gatewayLoadBalancer.id properties.virtualNetworkTaps
"""
OF_A_FRONTEND = """
    =zones properties.subnet.id properties.privateIPAllocationMethod properties.privateIPAddress
    properties.privateIPAddressVersion properties.publicIPAddress.id properties.publicIPPrefix.id
    properties.gatewayLoadBalancer.id ~properties.loadBalancingRules[].id ~properties.inboundNatRules[].id
    ~properties.outboundRules[].id
"""
OF_A_POOL = """
    properties.loadBalancerBackendAddresses ~properties.backendIPConfigurations[].id
    ~properties.loadBalancingRules[].id ~properties.inboundNatRules[].id ~properties.outboundRules[].id
    properties.virtualNetwork.id =properties.syncMode properties.drainPeriodInSeconds
    properties.tunnelInterfaces[].port properties.tunnelInterfaces[].identifier
    properties.tunnelInterfaces[].protocol properties.tunnelInterfaces[].type
"""
OF_A_PROBE = """
    !properties.protocol !properties.port properties.intervalInSeconds properties.numberOfProbes
    properties.probeThreshold properties.requestPath properties.noHealthyBackendsBehavior
    ~properties.loadBalancingRules[].id
"""
OF_A_BALANCING_RULE = """
    !properties.protocol !properties.frontendPort properties.backendPort
    properties.frontendIPConfiguration.id properties.backendAddressPool.id
    properties.backendAddressPools[].id properties.probe.id properties.loadDistribution
    properties.enableFloatingIP properties.enableTcpReset properties.disableOutboundSnat
    properties.idleTimeoutInMinutes
"""
OF_A_SECURITY_RULE = """
    !properties.protocol !properties.access !properties.priority !properties.direction
    properties.description properties.sourcePortRange properties.sourcePortRanges
    properties.destinationPortRange properties.destinationPortRanges properties.sourceAddressPrefix
    properties.sourceAddressPrefixes properties.destinationAddressPrefix
    properties.destinationAddressPrefixes properties.sourceApplicationSecurityGroups[].id
    properties.destinationApplicationSecurityGroups[].id
"""
OF_A_MACHINE = """
    =zones =plan.name =plan.publisher =plan.product =extendedLocation.name =extendedLocation.type
    identity.type identity.userAssignedIdentities.* ~identity.principalId ~identity.tenantId
    !properties.hardwareProfile.vmSize
    !properties.networkProfile.networkInterfaces[].id
    properties.networkProfile.networkInterfaces[].properties.primary
    properties.networkProfile.networkInterfaces[].properties.deleteOption
    !=properties.storageProfile.osDisk.createOption properties.storageProfile.osDisk.osType
    properties.storageProfile.osDisk.caching properties.storageProfile.osDisk.diskSizeGB
    properties.storageProfile.osDisk.name properties.storageProfile.osDisk.managedDisk.id
    properties.storageProfile.osDisk.managedDisk.storageAccountType
    properties.storageProfile.osDisk.managedDisk.diskEncryptionSet.id
    properties.storageProfile.osDisk.managedDisk.securityProfile.diskEncryptionSet.id
    properties.storageProfile.osDisk.managedDisk.securityProfile.securityEncryptionType
    properties.storageProfile.osDisk.diffDiskSettings.option
    properties.storageProfile.osDisk.diffDiskSettings.placement
    properties.storageProfile.osDisk.writeAcceleratorEnabled
    properties.storageProfile.osDisk.deleteOption
    =properties.storageProfile.imageReference.publisher =properties.storageProfile.imageReference.offer
    =properties.storageProfile.imageReference.sku =properties.storageProfile.imageReference.version
    =properties.storageProfile.imageReference.id ~properties.storageProfile.imageReference.exactVersion
    properties.storageProfile.dataDisks properties.storageProfile.diskControllerType
    =properties.osProfile.computerName =properties.osProfile.adminUsername
    properties.osProfile.adminPassword properties.osProfile.customData
    properties.osProfile.allowExtensionOperations properties.osProfile.secrets[].sourceVault.id
    properties.osProfile.secrets[].vaultCertificates[].certificateUrl
    properties.osProfile.requireGuestProvisionSignal
    properties.additionalCapabilities.hibernationEnabled properties.additionalCapabilities.ultraSSDEnabled
    properties.applicationProfile.galleryApplications[].packageReferenceId
    properties.applicationProfile.galleryApplications[].configurationReference
    properties.applicationProfile.galleryApplications[].order
    properties.applicationProfile.galleryApplications[].tags
    properties.applicationProfile.galleryApplications[].enableAutomaticUpgrade
    properties.applicationProfile.galleryApplications[].treatFailureAsDeploymentFailure
    properties.availabilitySet.id properties.host.id properties.hostGroup.id
    properties.capacityReservation.capacityReservationGroup.id properties.proximityPlacementGroup.id
    properties.virtualMachineScaleSet.id properties.platformFaultDomain properties.licenseType
    =properties.priority properties.evictionPolicy properties.billingProfile.maxPrice
    properties.extensionsTimeBudget properties.userData
    properties.securityProfile.securityType properties.securityProfile.encryptionAtHost
    properties.securityProfile.uefiSettings.secureBootEnabled
    properties.securityProfile.uefiSettings.vTpmEnabled
    properties.diagnosticsProfile.bootDiagnostics.enabled
    properties.diagnosticsProfile.bootDiagnostics.storageUri
    properties.scheduledEventsProfile.terminateNotificationProfile.enable
    properties.scheduledEventsProfile.terminateNotificationProfile.notBeforeTimeout
    properties.scheduledEventsProfile.osImageNotificationProfile.enable
    properties.scheduledEventsProfile.osImageNotificationProfile.notBeforeTimeout
    ~properties.vmId ~properties.timeCreated ~properties.instanceView
"""
OF_EITHER_SYSTEM = """
    provisionVMAgent enableVMAgentPlatformUpdates patchSettings.patchMode patchSettings.assessmentMode
    patchSettings.automaticByPlatformSettings.rebootSetting
    patchSettings.automaticByPlatformSettings.bypassPlatformSafetyChecksOnUserSchedule
"""


def below(place: str, *paths: str) -> str:
    """Paths as they are where an object is nested in another."""
    found = []
    for path in " ".join(paths).split():
        bare = path.lstrip("!=~")
        found.append(path[: len(path) - len(bare)] + f"{place}.{bare}")
    return " ".join(found)


PATHS: Mapping[str, str] = {
    "ResourceGroup": "~id ~name ~type !=location tags.* =managedBy ~properties.provisioningState",
    "NetworkWatcher": OF_A_RESOURCE,
    "VirtualNetwork": OF_A_RESOURCE
    + """
        =extendedLocation.name =extendedLocation.type
        !properties.addressSpace.addressPrefixes
        properties.addressSpace.ipamPoolPrefixAllocations[].pool.id
        properties.addressSpace.ipamPoolPrefixAllocations[].numberOfIpAddresses
        ~properties.addressSpace.ipamPoolPrefixAllocations[].allocatedAddressPrefixes
        properties.dhcpOptions.dnsServers properties.enableDdosProtection properties.ddosProtectionPlan.id
        properties.encryption.enabled properties.encryption.enforcement properties.flowTimeoutInMinutes
        properties.privateEndpointVNetPolicies properties.bgpCommunities.virtualNetworkCommunity
        ~properties.resourceGuid
    """
    + below("properties.subnets[]", OF_A_PART, OF_A_SUBNET)
    + " "
    + below("properties.virtualNetworkPeerings[]", OF_A_PART, OF_A_PEERING),
    "Subnet": OF_A_PART + OF_A_SUBNET,
    "VirtualNetworkPeering": OF_A_PART + OF_A_PEERING,
    "NetworkInterface": OF_A_RESOURCE
    + """
        =extendedLocation.name =extendedLocation.type ~kind
        properties.networkSecurityGroup.id properties.dnsSettings.dnsServers
        properties.dnsSettings.internalDnsNameLabel ~properties.dnsSettings.appliedDnsServers
        ~properties.dnsSettings.internalDomainNameSuffix ~properties.dnsSettings.internalFqdn
        properties.enableAcceleratedNetworking properties.enableIPForwarding
        properties.disableTcpStateTracking properties.auxiliaryMode properties.auxiliarySku
        properties.nicType ~properties.macAddress ~properties.primary ~properties.virtualMachine.id
        ~properties.privateEndpoint ~properties.vnetEncryptionSupported ~properties.resourceGuid
        ~properties.hostedWorkloads ~properties.allowPort25Out
    """
    + below("properties.ipConfigurations[]", OF_A_PART, OF_AN_IP_CONFIGURATION)
    + " "
    + below("properties.tapConfigurations[]", OF_A_PART, OF_A_TAP_CONFIGURATION),
    "NetworkInterfaceTapConfiguration": OF_A_PART + OF_A_TAP_CONFIGURATION,
    "VirtualNetworkTap": OF_A_RESOURCE
    + """
        properties.destinationNetworkInterfaceIPConfiguration.id
        properties.destinationLoadBalancerFrontendIPConfiguration.id
        properties.destinationPort ~properties.networkInterfaceTapConfigurations[].id
        ~properties.resourceGuid
    """,
    "Lb": OF_A_RESOURCE
    + """
        =extendedLocation.name =extendedLocation.type =sku.name =sku.tier
        =properties.mode properties.inboundNatRules properties.outboundRules properties.inboundNatPools
        ~properties.resourceGuid
    """
    + below("properties.frontendIPConfigurations[]", OF_A_PART, OF_A_FRONTEND)
    + " "
    + below("properties.backendAddressPools[]", OF_A_PART, OF_A_POOL)
    + " "
    + below("properties.probes[]", OF_A_PART, OF_A_PROBE)
    + " "
    + below("properties.loadBalancingRules[]", OF_A_PART, OF_A_BALANCING_RULE),
    "LbBackendAddressPool": OF_A_PART + OF_A_POOL,
    "LbProbe": OF_A_PART + OF_A_PROBE,
    "LbRule": OF_A_PART + OF_A_BALANCING_RULE,
    "LinuxVirtualMachine": OF_A_RESOURCE
    + OF_A_MACHINE
    + """
        properties.osProfile.linuxConfiguration.disablePasswordAuthentication
        properties.osProfile.linuxConfiguration.ssh.publicKeys[].path
        properties.osProfile.linuxConfiguration.ssh.publicKeys[].keyData
    """
    + below("properties.osProfile.linuxConfiguration", OF_EITHER_SYSTEM),
    "WindowsVirtualMachine": OF_A_RESOURCE
    + OF_A_MACHINE
    + """
        properties.osProfile.secrets[].vaultCertificates[].certificateStore
        properties.osProfile.windowsConfiguration.enableAutomaticUpdates
        properties.osProfile.windowsConfiguration.patchSettings.enableHotpatching
        properties.osProfile.windowsConfiguration.timeZone
        properties.osProfile.windowsConfiguration.winRM.listeners[].protocol
        properties.osProfile.windowsConfiguration.winRM.listeners[].certificateUrl
        properties.osProfile.windowsConfiguration.additionalUnattendContent[].componentName
        properties.osProfile.windowsConfiguration.additionalUnattendContent[].passName
        properties.osProfile.windowsConfiguration.additionalUnattendContent[].settingName
        properties.osProfile.windowsConfiguration.additionalUnattendContent[].content
    """
    + below("properties.osProfile.windowsConfiguration", OF_EITHER_SYSTEM),
    "NetworkSecurityGroup": OF_A_RESOURCE
    + """
        properties.flushConnection ~properties.defaultSecurityRules ~properties.networkInterfaces[].id
        ~properties.subnets[].id ~properties.resourceGuid
    """
    + below("properties.securityRules[]", OF_A_PART, OF_A_SECURITY_RULE),
    "NetworkSecurityRule": OF_A_PART + OF_A_SECURITY_RULE,
    "PublicIp": OF_A_RESOURCE
    + """
        =extendedLocation.name =extendedLocation.type =zones =sku.name =sku.tier
        properties.publicIPAllocationMethod =properties.publicIPAddressVersion properties.ipAddress
        properties.idleTimeoutInMinutes properties.dnsSettings.domainNameLabel
        properties.dnsSettings.domainNameLabelScope ~properties.dnsSettings.fqdn
        properties.dnsSettings.reverseFqdn properties.ddosSettings.protectionMode
        properties.ddosSettings.ddosProtectionPlan.id =properties.ipTags[].ipTagType =properties.ipTags[].tag
        =properties.publicIPPrefix.id ~properties.ipConfiguration.id ~properties.natGateway
        ~properties.resourceGuid
    """,
}

NOT_MODELLED: Mapping[str, str] = {
    "addressPrefix": "one prefix is shown as a list of one, as azurerm sends it",
    "natGateway": "gateways are not simulated",
    "natGateway.id": "gateways are not simulated",
    "privateEndpoints": "private endpoints are not simulated",
    "privateEndpoint": "private endpoints are not simulated",
    "purpose": "no subnet here has a purpose of its own",
    "localAddressSpace": "shown by newer versions of the API only",
    "localVirtualNetworkAddressSpace": "shown by newer versions of the API only",
    "remoteVirtualNetworkEncryption": "the encryption of networks is not simulated",
    "resourceGuid": "nothing refers to it; networks and TAPs have theirs in azurerm too",
    "applicationSecurityGroups": "azurerm attaches them with a type that vtap does not have",
    "virtualNetworkTaps": "no known client uses it",
    "dnsSettings.internalFqdn": "names are not resolved here",
    "vnetEncryptionSupported": "the encryption of networks is not simulated",
    "allowPort25Out": "nothing leaves to the Internet here",
    "inboundNatRules[].id": "azurerm has a type for them that vtap does not have",
    "outboundRules[].id": "azurerm has a type for them that vtap does not have",
    "mode": "azurerm has no argument for it",
    "drainPeriodInSeconds": "azurerm has no argument for it",
    "defaultSecurityRules": "the service's own, the same for every group",
    "networkProfile.networkInterfaces[].properties.deleteOption": "azurerm keeps interfaces always",
    "storageProfile.dataDisks": "azurerm attaches them with a type that vtap does not have",
    "storageProfile.imageReference.exactVersion": "images are not simulated",
    "osProfile.adminPassword": "a secret",
    "osProfile.customData": "a secret",
    "osProfile.requireGuestProvisionSignal": "machines do not boot here",
    "osProfile.windowsConfiguration.additionalUnattendContent[].content": "a secret",
    "timeCreated": "there is no clock here",
    "instanceView": "shown only to who asks for it",
}
"""Paths below `properties` that no document of ours has, and why."""
