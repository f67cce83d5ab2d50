"""A subscription, and who the provider signs in as. Nothing is billed: what is about that is constant."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from provider_shim.data_source import DataSource, Session
from vtaplib.model import ids
from vtaplib.model.base import Values
from vtaplib.model.marks import SERVICE, Assigned, OptionalAssigned
from vtaplib.model.violation import ArmError, ErrorCode, Violation
from vtaplib.resources.subscription import Subscription


class SubscriptionDataSource(DataSource):
    """Reads a subscription."""

    subscription_id: OptionalAssigned[str] | None = None
    """The GUID of the subscription; by default the provider's."""
    display_name: Assigned[str] = SERVICE
    """The name of the subscription: `vtap` and its GUID."""
    tenant_id: Assigned[str] = SERVICE
    """The tenant that owns the subscription."""
    state: Assigned[str] = SERVICE
    """The state of the subscription: `Enabled`."""
    location_placement_id: Assigned[str] = SERVICE
    """Where the subscription may be used: `Public_2014-09-01`."""
    quota_id: Assigned[str] = SERVICE
    """The kind of offer: `PayAsYouGo_2014-09-01`."""
    spending_limit: Assigned[str] = SERVICE
    """Whether spending is limited: `Off`."""
    tags: Assigned[Mapping[str, str]] = SERVICE
    """Tags of the subscription: none."""

    def read(self, session: Session) -> Values:
        wanted = Subscription(subscription_id=self.subscription_id or session.subscription, tenant_id="")
        # The provider's own is made with the first resource in it, and is there for its users before.
        found = session.planned.find(wanted.id)
        if not isinstance(found, Subscription):
            message = (
                f"{wanted.label}: not found in the cloud. A subscription exists once a provider with "
                "its subscription_id has made something. Check subscription_id, and the provider's endpoint."
            )
            raise ArmError([Violation(ErrorCode.SUBSCRIPTION_NOT_FOUND, message, ("subscription_id",))])
        return {
            "id": found.id,
            "subscription_id": found.subscription_id,
            "display_name": f"vtap {found.subscription_id}",
            "tenant_id": found.tenant_id,
            "state": "Enabled",
            "location_placement_id": "Public_2014-09-01",
            "quota_id": "PayAsYouGo_2014-09-01",
            "spending_limit": "Off",
        }


class ClientConfig(DataSource):
    """Reads what the provider is configured with."""

    client_id: Assigned[str] = SERVICE
    """The GUID of the client: the provider's `client_id`, or one derived from the tenant."""
    object_id: Assigned[str] = SERVICE
    """The GUID of the principal, derived from tenant and client."""
    subscription_id: Assigned[str] = SERVICE
    """The GUID of the provider's subscription."""
    tenant_id: Assigned[str] = SERVICE
    """The tenant of the provider's subscription."""

    def read(self, session: Session) -> Values:
        tenant = f"/tenants/{session.tenant_id}"
        client_id = session.client_id or ids.guid(tenant, "client")
        object_id = ids.guid(f"{tenant}/clients/{client_id}", "principal")
        identity = (
            f"clientConfigs/clientId={client_id};objectId={object_id};"
            f"subscriptionId={session.subscription};tenantId={session.tenant_id}"
        )
        return {
            "id": base64.b64encode(identity.encode()).decode(),
            "client_id": client_id,
            "object_id": object_id,
            "subscription_id": session.subscription,
            "tenant_id": session.tenant_id,
        }
