"""The cloud: a world of tenants, subscriptions, resource groups and resources, wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from reprlib import repr as excerpt
from typing import Any, Final, Self, TypeVar, cast

from vtaplib.control import service_defaults
from vtaplib.control.audit import Finding, audit
from vtaplib.control.backends.backend import CloudBackend, NewRow
from vtaplib.control.backends.endpoint import CloudEndpoint
from vtaplib.control.backends.memory import MemoryBackend
from vtaplib.control.overlay import Overlay
from vtaplib.control.put_order import in_order
from vtaplib.control.read_view import ReadView
from vtaplib.control.reference_index import Indexed
from vtaplib.control.row import KINDS, stored_values, to_body
from vtaplib.control.stored_view import StoredView
from vtaplib.errors import VtapError, WrongTypeError, require_type
from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import POLICY_WAY_OUT, Policy
from vtaplib.model.resource import Resource
from vtaplib.model.view import View
from vtaplib.model.violation import ArmError, ErrorCode, Severity, Violation
from vtaplib.resources import Subscription, VirtualMachine

T = TypeVar("T", bound=Resource)

GUID_WAY_OUT: Final = (
    "write it as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, in hexadecimal digits; any GUID will do, because the "
    "cloud makes the subscription"
)
ID_WAY_OUT: Final = "give a text, such as the id of a resource"

DEFAULT_TENANT = "00000000-0000-0000-0000-000000000000"


class Cloud:
    """A cloud in memory; `Cloud.open` keeps it elsewhere."""

    def __init__(self, *, policy: Policy | None = None, backend: CloudBackend | None = None) -> None:
        if policy is not None:
            require_type("the policy of a cloud", policy, Policy, POLICY_WAY_OUT)
        self.policy = policy or Policy()
        self.backend: CloudBackend = MemoryBackend() if backend is None else backend
        """What keeps it."""
        self._stored = StoredView(self.backend)
        self._is_read = False
        """Whether all that is stored is known to be readable."""
        self.view: View = self._stored
        """The cloud as rules and topologies see it: stored fields only."""
        try:
            self._stored.check_kinds()
            self._upgrade()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(
        cls,
        endpoint: CloudEndpoint | Path | str,
        *,
        policy: Policy | None = None,
        read_only: bool = False,
        create: bool = True,
    ) -> Self:
        """The cloud at an endpoint: `file:PATH`, which several processes may share, or `memory:`; a path is
        that of a file. It is made if it is not there. Raises VtapError if something else is; so does every
        method that comes upon something in it that is not a resource.

        `create=False`: there must be a cloud. `read_only`: there must be one too, every write is an error,
        and neither a file nor its directory need be writable.
        """
        if isinstance(endpoint, Path):
            endpoint = CloudEndpoint("file", str(endpoint))
        elif isinstance(endpoint, str):
            endpoint = CloudEndpoint.parse(endpoint)
        require_type(
            "the endpoint of a cloud", endpoint, CloudEndpoint, 'give "file:PATH", "memory:" or a Path'
        )
        return cls(policy=policy, backend=endpoint.open(read_only=read_only, create=create))

    def close(self) -> None:
        """Releases what keeps the cloud. A file that nobody else has open is whole then: copied, it is the
        whole cloud.
        """
        self.backend.close()

    def copy(self, path: str | Path) -> None:
        """Writes the cloud, as it is at one moment, into a file, even while others write to this cloud.
        Raises VtapError if that file is this cloud's, is in use, or cannot be written. One that is there is
        replaced and keeps its mode; a new one is for its owner alone.
        """
        require_type("the path of a copy", path, (str, Path), "give that of a file")
        self.backend.copy(Path(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def subscription(self, subscription_id: str, *, tenant_id: str = DEFAULT_TENANT) -> SubscriptionHandle:
        """A subscription to put resources into, made if it is not there. Raises ArmError if it is in another
        tenant.
        """
        require_type("the ID of a subscription", subscription_id, str, GUID_WAY_OUT)
        if not ids.GUID.fullmatch(subscription_id):
            raise VtapError(f"the ID of a subscription is {subscription_id!r}, not a GUID; {GUID_WAY_OUT}")
        wanted = Subscription(subscription_id=subscription_id, tenant_id=tenant_id)
        known = self._stored.find(wanted.id)
        if not isinstance(known, Subscription) or known.tenant_id != tenant_id:
            self.put(wanted)
        return SubscriptionHandle(self, subscription_id)

    def put(self, resource: T, *, replace: bool = True, strict_ids: bool = False) -> T:
        """Creates or replaces a resource; returns what was written, as a read gives it. Raises ArmError with
        every broken rule, and then nothing has changed. `replace=False`: an existing one is an error too.
        """
        _require_resource(resource)
        with self._writing():
            if not replace and self._stored.find(resource.id) is not None:
                message = f"{resource.label}: already exists ({resource.id})"
                raise ArmError([Violation(ErrorCode.OPERATION_NOT_ALLOWED, message)])
            (written,) = self._put([resource], strict_ids=strict_ids)
        return written

    def put_all(self, resources: Iterable[T]) -> Sequence[T]:
        """Creates or replaces many resources, all or none. They may be given in any order: each is checked as
        if it were put after those that it refers to. Returns what was written, in the order given, as a read
        gives it. Raises ArmError with every rule that any of them breaks.
        """
        require_type("what is put", resources, Iterable, "give a list of resources")
        wanted = list(resources)
        for resource in wanted:
            _require_resource(resource)
        with self._writing():
            return self._put(wanted)

    def _put(self, wanted: Sequence[T], *, strict_ids: bool = False) -> Sequence[T]:
        overlay = Overlay(self._base(len(wanted)), self.policy, complete=True)
        violations: MutableSequence[Violation] = []
        for resource in in_order(wanted):
            violations += overlay.put(resource, strict_ids=strict_ids)[1]
        written = self._write(overlay, violations)
        # As of this transaction: after it, others may change or delete what was written.
        return [service_defaults.derive(cast(T, written[ids.key(one.id)]), overlay) for one in wanted]

    def _base(self, changes: int) -> View:
        """What is there before some changes. It is read at once where it is less than what changes: then no
        rule has to ask the backend.
        """
        if changes > 1:
            found = list(islice(self._stored.all(), changes + 1))
            if len(found) <= changes:
                return ReadView(found, whole=True)
        return self._stored

    def get(self, resource_id: str) -> Resource:
        """A resource, with what is computed from others. Raises ArmError (ResourceNotFound)."""
        found = self.find(resource_id)
        if found is None:
            message = f"{label(resource_id)}: not found ({resource_id})"
            raise ArmError([Violation(ErrorCode.RESOURCE_NOT_FOUND, message)])
        return found

    def find(self, resource_id: str) -> Resource | None:
        """As `get`, but None if there is none."""
        require_type("a resource ID", resource_id, str, ID_WAY_OUT)
        with self.backend.reading():
            found = self._stored.find(resource_id)
            return None if found is None else service_defaults.derive(found, self.view)

    def list(self, kind: type[T], within: str = "") -> Sequence[T]:
        """The resources of a type whose ID starts with `within`, in order of their IDs."""
        _require_resource_type(kind)
        require_type("the start of an ID", within, str, ID_WAY_OUT)
        with self.backend.reading():
            return [service_defaults.derive(one, self.view) for one in self.view.list(kind, within)]

    def delete(self, resource_id: str) -> None:
        """Deletes a resource and its children; nothing if it is not there. Raises ArmError while others
        depend on it.
        """
        require_type("a resource ID", resource_id, str, ID_WAY_OUT)
        with self._writing():
            overlay = Overlay(self.view, self.policy, complete=True)
            self._write(overlay, overlay.delete(resource_id))

    def deallocate(self, machine_id: str) -> VirtualMachine:
        """Takes a machine off its host, as an operator would. Raises ArmError if there is no such machine."""
        return self._operate(machine_id, lambda machine, view: machine.deallocated())

    def start(self, machine_id: str) -> VirtualMachine:
        """Starts a machine; a deallocated one gets onto the fast path if there is a TAP by now. Raises
        ArmError if there is no such machine.
        """
        return self._operate(machine_id, lambda machine, view: machine.started(view))

    def _operate(
        self, machine_id: str, operate: Callable[[VirtualMachine, View], VirtualMachine]
    ) -> VirtualMachine:
        with self._writing():
            machine = self.get(machine_id)
            if not isinstance(machine, VirtualMachine):
                message = f"{machine.label}: is a {type(machine).__name__}, not a machine ({machine_id})"
                raise ArmError([Violation(ErrorCode.OPERATION_NOT_ALLOWED, message)])
            overlay = Overlay(self.view, self.policy, complete=True)
            overlay.stage(operate(machine, overlay))
            self._write(overlay, [])
            operated = self.get(machine_id)
        return cast(VirtualMachine, operated)

    def check(self, resource: Resource) -> Sequence[Violation]:
        """What a put of this resource would be refused for, and warned of. Nothing changes."""
        _require_resource(resource)
        with self.backend.reading():
            return Overlay(self.view, self.policy, complete=True).put(resource)[1]

    def audit(self) -> Sequence[Finding]:
        """Every rule that a resource of the cloud breaks, each conflict once."""
        with self.backend.reading():
            return tuple(audit(self.view, self.policy))

    def overlay(self, *, complete: bool = True) -> Overlay:
        """A what-if over this cloud: puts and deletes there change nothing here."""
        return Overlay(self.view, self.policy, complete=complete)

    @contextmanager
    def snapshot(self) -> Iterator[View]:
        """The view as of one moment, for as long as the block runs."""
        with self.backend.reading():
            yield self.view

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A write's transaction. Before the first one all that is stored is read, once: nothing is written
        into a cloud of which a part cannot be read.
        """
        if not self._is_read:
            with self.backend.reading():
                for _ in self._stored.all():
                    pass
            self._is_read = True
        with self.backend.writing():
            yield

    def _write(self, overlay: Overlay, violations: Sequence[Violation]) -> Mapping[str, Resource]:
        """Writes what an overlay changes; returns it by key, as a read finds it."""
        errors = [one for one in violations if one.severity is Severity.ERROR]
        if errors:
            raise ArmError(errors)
        staged, gone = overlay.changes()
        self.backend.delete(gone - set(staged))
        # What referred to nothing (see `OnDelete.DANGLE`) may refer to something from now on.
        for source in {source for key in staged for source in self.backend.orphans(key)} - set(staged) - gone:
            if (orphan := self._stored.find(source)) is not None:
                overlay.stage(orphan)
        values = {key: stored_values(staged[key].value) for key in staged}
        self.backend.put([_entry(key, staged[key], values[key], overlay) for key in staged])
        return {key: staged[key].kind.from_values(values[key]) for key in staged}

    def _upgrade(self) -> None:
        """Brings what an earlier version has kept to this one: may write every resource as it is, so that it
        counts against limits.
        """
        with self.backend.upgrading() as anew:
            overlay = Overlay(self.view, self.policy, complete=True)
            for resource in tuple(self._stored.all()) if anew else ():
                overlay.stage(resource)
            self._write(overlay, [])


def _require_resource(value: object) -> None:
    require_type("what is put", value, Resource, "give a resource, such as ResourceGroup(name=…)")


def _require_resource_type(value: object) -> None:
    """Raise `WrongTypeError` for what is not a class of resources, such as the name of one."""
    if not isinstance(value, type) or not issubclass(value, Resource):
        name = value if isinstance(value, str) and value in KINDS else "NetworkInterface"
        raise WrongTypeError(
            f"what is listed is {excerpt(value)}, not a resource type; give the class: "
            f"from vtaplib.resources import {name}, then cloud.list({name})"
        )


def _entry(
    key: str, staged: Indexed[type[Resource], Resource], values: Mapping[str, Any], view: View
) -> NewRow:
    """What is kept of a resource. `view`: where what it refers to is found."""
    references = [
        (target, owner if owner is not None and view.find(owner) is not None else None)
        for target, owner in staged.references
    ]
    return NewRow(key, staged.kind.__name__, to_body(values), references, staged.usage)


class SubscriptionHandle:
    """One subscription of a cloud: what is put here without a subscription gets this one."""

    def __init__(self, cloud: Cloud, subscription_id: str) -> None:
        self.cloud = cloud
        self.subscription_id = subscription_id

    @property
    def policy(self) -> Policy:
        """That of the cloud."""
        return self.cloud.policy

    @property
    def view(self) -> View:
        """That of the cloud: what is in a subscription may refer to another."""
        return self.cloud.view

    def put(self, resource: T, *, replace: bool = True) -> T:
        """Creates or replaces a resource in this subscription; see `Cloud.put`."""
        return self.cloud.put(self.place(resource), replace=replace)

    def put_all(self, resources: Iterable[T]) -> Sequence[T]:
        """Creates or replaces many resources in this subscription, all or none; see `Cloud.put_all`."""
        require_type("what is put", resources, Iterable, "give a list of resources")
        return self.cloud.put_all(map(self.place, resources))

    def place(self, resource: T) -> T:
        """The resource with this subscription, where it names none."""
        _require_resource(resource)
        return (
            resource if resource.subscription_id else resource.replace(subscription_id=self.subscription_id)
        )

    def get(self, resource_id: str) -> Resource:
        """See `Cloud.get`."""
        return self.cloud.get(resource_id)

    def find(self, resource_id: str) -> Resource | None:
        """See `Cloud.find`."""
        return self.cloud.find(resource_id)

    def list(self, kind: type[T], within: str = "") -> Sequence[T]:
        """The resources of a type in this subscription; see `Cloud.list`."""
        return self.cloud.list(kind, within or f"/subscriptions/{self.subscription_id}")

    def check(self, resource: Resource) -> Sequence[Violation]:
        """What a put of this resource would be refused for, and warned of; see `Cloud.check`."""
        return self.cloud.check(self.place(resource))

    def overlay(self, *, complete: bool = True) -> Overlay:
        """See `Cloud.overlay`."""
        return self.cloud.overlay(complete=complete)

    def snapshot(self) -> AbstractContextManager[View]:
        """See `Cloud.snapshot`."""
        return self.cloud.snapshot()

    def close(self) -> None:
        """Nothing: the cloud may have other subscriptions."""

    def delete(self, resource_id: str) -> None:
        """See `Cloud.delete`."""
        self.cloud.delete(resource_id)
