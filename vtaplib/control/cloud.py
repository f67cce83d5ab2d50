"""The cloud: a world of tenants, subscriptions, resource groups and resources, in one file or in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar, cast

from vtaplib.control import service_defaults
from vtaplib.control.audit import Finding, audit
from vtaplib.control.overlay import Overlay
from vtaplib.control.row import FORMS, KINDS, RowError, cached_resource, kind_problem, to_body
from vtaplib.control.store import Row, Store
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.view import Identified, R, View
from vtaplib.model.violation import ArmError, ErrorCode, Severity, Violation
from vtaplib.resources import Subscription, VirtualMachine

T = TypeVar("T", bound=Resource)

DEFAULT_TENANT = "00000000-0000-0000-0000-000000000000"


class StoreView(View):
    """The store as a view: what is, decoded."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def complete(self) -> bool:
        return True

    def resource(self, row: Row) -> Resource:
        """The resource of a row. Raises VtapError where the row holds none."""
        try:
            return cached_resource(row)
        except RowError as error:
            raise self.unreadable(row[0], str(error)) from error

    def unreadable(self, key: str, problem: str) -> VtapError:
        """What to raise where a row cannot be read. `problem`: a clause that says what is wrong with it."""
        return VtapError(
            f"{self.store.name}: {label(key)} cannot be read: {problem} ({key}); restore a copy of the file, "
            "or use the vtap that wrote it"
        )

    def find(self, resource_id: str) -> Resource | None:
        row = self.store.row(ids.key(resource_id))
        return None if row is None else self.resource(row)

    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        for row in self.store.rows_by_kind(_names(kind), ids.key(within)):
            yield cast(R, self.resource(row))

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        for row in self.store.rows_by_reference(ids.key(resource_id), _names(kind)):
            yield cast(R, self.resource(row))

    def targets(self, prefix: str, *, certain: bool = False) -> Iterator[tuple[str, str]]:
        yield from self.store.targets(ids.key(prefix))

    def count_targets(self, prefix: str, first: str, last: str, *, certain: bool = False) -> int:
        low = ids.key(prefix)
        return self.store.count_targets(low + first, low + last)

    def usage(self, bucket: str, *, certain: bool = False) -> int:
        return self.store.usage(ids.key(bucket))


class Cloud:
    """A cloud in memory; `Cloud.open(path)` keeps it in a file that several processes may share."""

    def __init__(
        self,
        *,
        policy: Policy | None = None,
        path: Path | None = None,
        read_only: bool = False,
        create: bool = True,
    ) -> None:
        self.policy = policy or Policy()
        self._store = Store(path, read_only=read_only, create=create)
        self._stored = StoreView(self._store)
        self._is_read = False
        """Whether all that is stored is known to be readable."""
        self.view: View = self._stored
        """The cloud as rules and topologies see it: stored fields only."""
        try:
            self._check_kinds()
            if self._store.outdated:
                self._count_anew()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        policy: Policy | None = None,
        read_only: bool = False,
        create: bool = True,
    ) -> Self:
        """The cloud in a file, made if it is not there. Raises VtapError if the file is something else; so
        does every method that comes upon something in it that is not a resource.

        `create=False`: the file must hold a cloud. `read_only`: it must too, every write is an error, and
        neither the file nor its directory need be writable.
        """
        return cls(policy=policy, path=Path(path), read_only=read_only, create=create)

    def close(self) -> None:
        """Releases the file. Unless others have it open, it is whole then: copied, it is the whole cloud."""
        self._store.close()

    def copy(self, path: str | Path) -> None:
        """Writes the cloud, as it is at one moment, into another file, even while others write to this one.
        Raises VtapError if that file is this one, is in use, or cannot be written. One that is there is
        replaced and keeps its mode; a new one is for its owner alone.
        """
        self._store.copy(Path(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def subscription(self, subscription_id: str, *, tenant_id: str = DEFAULT_TENANT) -> SubscriptionHandle:
        """A subscription to put resources into, made if it is not there. Raises ArmError if it is in another
        tenant.
        """
        wanted = Subscription(subscription_id=subscription_id, tenant_id=tenant_id)
        known = self.view.find(wanted.id)
        if not isinstance(known, Subscription) or known.tenant_id != tenant_id:
            self.put(wanted)
        return SubscriptionHandle(self, subscription_id)

    def put(self, resource: T, *, replace: bool = True, strict_ids: bool = False) -> T:
        """Creates or replaces a resource; returns what was written, as a read gives it. Raises ArmError with
        every broken rule, and then nothing has changed. `replace=False`: an existing one is an error too.
        """
        with self._writing():
            if not replace and self.view.find(resource.id) is not None:
                message = f"{resource.label}: already exists ({resource.id})"
                raise ArmError([Violation(ErrorCode.OPERATION_NOT_ALLOWED, message)])
            overlay = Overlay(self.view, self.policy, complete=True)
            _, violations = overlay.put(resource, strict_ids=strict_ids)
            self._write(overlay, violations)
            # Read before the transaction ends: after it, others may change or delete what was written.
            written = self.get(resource.id)
        return cast(T, written)

    def get(self, resource_id: str) -> Resource:
        """A resource, with what is computed from others. Raises ArmError (ResourceNotFound)."""
        found = self.find(resource_id)
        if found is None:
            message = f"{label(resource_id)}: not found ({resource_id})"
            raise ArmError([Violation(ErrorCode.RESOURCE_NOT_FOUND, message)])
        return found

    def find(self, resource_id: str) -> Resource | None:
        """As `get`, but None if there is none."""
        with self._store.reading():
            found = self._stored.find(resource_id)
            return None if found is None else service_defaults.derive(found, self.view)

    def list(self, kind: type[T], within: str = "") -> Sequence[T]:
        """The resources of a type whose ID starts with `within`, in order of their IDs."""
        with self._store.reading():
            return [service_defaults.derive(one, self.view) for one in self.view.list(kind, within)]

    def delete(self, resource_id: str) -> None:
        """Deletes a resource and its children; nothing if it is not there. Raises ArmError while others
        depend on it.
        """
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
        with self._store.reading():
            return Overlay(self.view, self.policy, complete=True).put(resource)[1]

    def audit(self) -> Sequence[Finding]:
        """Every rule that a resource of the cloud breaks, each conflict once."""
        with self._store.reading():
            return tuple(audit(self.view, self.policy))

    def overlay(self, *, complete: bool = True) -> Overlay:
        """A what-if over this cloud: puts and deletes there change nothing here."""
        return Overlay(self.view, self.policy, complete=complete)

    @contextmanager
    def snapshot(self) -> Iterator[View]:
        """The view as of one moment, for as long as the block runs."""
        with self._store.reading():
            yield self.view

    def _check_kinds(self) -> None:
        """Raises VtapError if there is a row that a list of every type would leave out, or one of another."""
        stray = self._store.stray(FORMS)
        if stray is not None:
            key, kind = stray
            raise self._stored.unreadable(key, kind_problem(kind))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A write's transaction. Before the first one all that is stored is read, once: nothing is written
        into a cloud of which a part cannot be read.
        """
        if not self._is_read:
            with self._store.reading():
                for row in self._store.rows():
                    self._stored.resource(row)
            self._is_read = True
        with self._store.writing():
            yield

    def _write(self, overlay: Overlay, violations: Sequence[Violation]) -> None:
        errors = [one for one in violations if one.severity is Severity.ERROR]
        if errors:
            raise ArmError(errors)
        present, gone = overlay.changes()
        for key in gone - present.keys():
            self._store.delete(key)
        # What referred to nothing (see `OnDelete.DANGLE`) may refer to something from now on.
        orphans = {source for key in present for source in self._store.orphans(key)} - present.keys() - gone
        orphaned = {key: resource for key in orphans if (resource := self._stored.find(key)) is not None}
        for key, resource in (present | orphaned).items():
            usages = [(usage.bucket, usage.amount) for usage in resource.usage()]
            references = self._references(overlay, resource)
            self._store.put(key, type(resource).__name__, to_body(resource), references, usages)

    def _count_anew(self) -> None:
        """Writes every resource as it is, so that it counts against limits."""
        with self._store.upgrading() as due:
            overlay = Overlay(self.view, self.policy, complete=True)
            for resource in tuple(self.view.list(Resource)) if due else ():
                overlay.stage(resource)
            self._write(overlay, [])

    def _references(self, overlay: Overlay, resource: Resource) -> Iterator[tuple[str, str | None]]:
        for reference in resource.references():
            known = overlay.find(reference.owner) is not None
            yield ids.key(reference.target), ids.key(reference.owner) if known else None


class SubscriptionHandle:
    """One subscription of a cloud: what is put here without a subscription gets this one."""

    def __init__(self, cloud: Cloud, subscription_id: str) -> None:
        self.cloud = cloud
        self.subscription_id = subscription_id

    def put(self, resource: T) -> T:
        """Creates or replaces a resource in this subscription; see `Cloud.put`."""
        return self.cloud.put(self.place(resource))

    def place(self, resource: T) -> T:
        """The resource with this subscription, where it names none."""
        return (
            resource if resource.subscription_id else resource.replace(subscription_id=self.subscription_id)
        )

    def get(self, resource_id: str) -> Resource:
        """See `Cloud.get`."""
        return self.cloud.get(resource_id)

    def list(self, kind: type[T]) -> Sequence[T]:
        """The resources of a type in this subscription."""
        return self.cloud.list(kind, f"/subscriptions/{self.subscription_id}")

    def delete(self, resource_id: str) -> None:
        """See `Cloud.delete`."""
        self.cloud.delete(resource_id)


def _names(kind: type[Identified]) -> list[str]:
    return [name for name, one in KINDS.items() if issubclass(one, kind)]
