"""The blocks that a subnet has, whether it stands alone or inside its network's `subnet` argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from vtaplib.model.arguments import AnyResourceId, Name
from vtaplib.model.base import Block
from vtaplib.model.marks import Arm, Each, Inert, OneOf, Unordered

DELEGATION_ACTIONS = tuple(
    f"Microsoft.Network/{action}"
    for action in (
        "networkinterfaces/*",
        "publicIPAddresses/join/action",
        "publicIPAddresses/read",
        "virtualNetworks/read",
        "virtualNetworks/subnets/action",
        "virtualNetworks/subnets/join/action",
        "virtualNetworks/subnets/prepareNetworkPolicies/action",
        "virtualNetworks/subnets/unprepareNetworkPolicies/action",
    )
)

DELEGATION_SERVICES = (
    "GitHub.Network/networkSettings",
    "Informatica.DataManagement/organizations",
    "Microsoft.ApiManagement/service",
    "Microsoft.Apollo/npu",
    "Microsoft.App/environments",
    "Microsoft.App/testClients",
    "Microsoft.AVS/PrivateClouds",
    "Microsoft.AzureCosmosDB/clusters",
    "Microsoft.BareMetal/AzureHostedService",
    "Microsoft.BareMetal/AzureHPC",
    "Microsoft.BareMetal/AzurePaymentHSM",
    "Microsoft.BareMetal/AzureVMware",
    "Microsoft.BareMetal/CrayServers",
    "Microsoft.BareMetal/MonitoringServers",
    "Microsoft.Batch/batchAccounts",
    "Microsoft.CloudTest/hostedpools",
    "Microsoft.CloudTest/images",
    "Microsoft.CloudTest/pools",
    "Microsoft.Codespaces/plans",
    "Microsoft.ContainerInstance/containerGroups",
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.ContainerService/TestClients",
    "Microsoft.Databricks/workspaces",
    "Microsoft.DBforMySQL/flexibleServers",
    "Microsoft.DBforMySQL/servers",
    "Microsoft.DBforMySQL/serversv2",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.DBforPostgreSQL/serversv2",
    "Microsoft.DBforPostgreSQL/singleServers",
    "Microsoft.DelegatedNetwork/controller",
    "Microsoft.DevCenter/networkConnection",
    "Microsoft.DevOpsInfrastructure/pools",
    "Microsoft.DocumentDB/cassandraClusters",
    "Microsoft.Fidalgo/networkSettings",
    "Microsoft.HardwareSecurityModules/dedicatedHSMs",
    "Microsoft.Kusto/clusters",
    "Microsoft.LabServices/labplans",
    "Microsoft.Logic/integrationServiceEnvironments",
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.MessagingConnectors/connectors",
    "Microsoft.Netapp/volumes",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/dnsResolvers",
    "Microsoft.Network/managedResolvers",
    "Microsoft.Network/fpgaNetworkInterfaces",
    "Microsoft.Network/networkWatchers.",
    "Microsoft.Network/virtualNetworkGateways",
    "Microsoft.Orbital/orbitalGateways",
    "Microsoft.PowerAutomate/hostedRpa",
    "Microsoft.PowerPlatform/enterprisePolicies",
    "Microsoft.PowerPlatform/vnetaccesslinks",
    "Microsoft.ServiceFabricMesh/networks",
    "Microsoft.ServiceNetworking/trafficControllers",
    "Microsoft.Singularity/accounts/networks",
    "Microsoft.Singularity/accounts/npu",
    "Microsoft.Sql/managedInstances",
    "Microsoft.Sql/managedInstancesOnebox",
    "Microsoft.Sql/managedInstancesStage",
    "Microsoft.Sql/managedInstancesTest",
    "Microsoft.Sql/servers",
    "Microsoft.StoragePool/diskPools",
    "Microsoft.StreamAnalytics/streamingJobs",
    "Microsoft.Synapse/workspaces",
    "Microsoft.Web/hostingEnvironments",
    "Microsoft.Web/serverFarms",
    "NGINX.NGINXPLUS/nginxDeployments",
    "Oracle.Database/networkAttachments",
    "PaloAltoNetworks.Cloudngfw/firewalls",
    "Qumulo.Storage/fileSystems",
    "PureStorage.Block/storagePools",
)

ENDPOINT_SERVICES = (
    "Microsoft.AzureActiveDirectory",
    "Microsoft.AzureCosmosDB",
    "Microsoft.CognitiveServices",
    "Microsoft.ContainerRegistry",
    "Microsoft.EventHub",
    "Microsoft.KeyVault",
    "Microsoft.ServiceBus",
    "Microsoft.Sql",
    "Microsoft.Storage",
    "Microsoft.Storage.Global",
    "Microsoft.Web",
)


class ServiceDelegation(Block):
    """The service that a subnet is delegated to."""

    name: Annotated[Inert[Annotated[str, OneOf(DELEGATION_SERVICES)]], Arm("serviceName")]
    """The name of the service."""
    actions: Annotated[Inert[Unordered[Sequence[str]]], Each((OneOf(DELEGATION_ACTIONS),))] | None = None
    """What the service may do in the subnet."""


class Delegation(Block):
    """A delegation of the subnet to a service."""

    name: Inert[Name]
    """The name of the delegation."""
    service_delegation: Annotated[ServiceDelegation, Arm("properties")]
    """The service."""


class ServiceEndpoint(Block):
    """A service that the subnet reaches over an endpoint."""

    arm_says: ClassVar[Mapping[str, Any]] = {"locations": None}

    service: Inert[Annotated[str, OneOf(ENDPOINT_SERVICES)]]
    """The name of the service."""
    network_identifier: Annotated[Inert[AnyResourceId], Arm("networkIdentifier.id")] | None = None
    """The ID of the public address that the service sees."""
