# SPDX-License-Identifier: Apache-2.0
"""Reconcile: the catalogue follows what the banks hold.

The bank decides existence. What is in a bank and unknown is added; what was
committed and is gone becomes ``error``, and ``available`` again when it is
found whole. Nothing is ever deleted from a bank here: another region may be
writing what this one does not know.
"""

import datetime
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import catalog
from karbor_copy.db import operation_logs
from karbor_copy.protection import bank_pool
from karbor_copy.providers import registry as provider_registry

LOG = logging.getLogger(__name__)

_Status = status.CheckpointStatus


@dataclass(slots=True, kw_only=True)
class Report:
    """What a reconcile of one provider found and did."""

    provider_id: str
    seen: int = 0
    added: int = 0
    changed: int = 0
    vanished: int = 0
    refused: list[str] = field(default_factory=list)


class Reconciler:
    """Compares the catalogue with the banks of the registry's providers."""

    def __init__(
        self,
        registry: provider_registry.Registry,
        banks: bank_pool.BankPool,
        project_map: Mapping[str, str] | None = None,
    ) -> None:
        """Take, for imports into another cloud, old to new project ids."""
        self._registry = registry
        self._banks = banks
        self._project_map = project_map or {}

    def reconcile_all(self) -> None:
        """Reconcile every provider; one that can't be read changes nothing."""
        for provider in self._registry.list():
            try:
                report = self.reconcile(provider.id)
            except exceptions.BankError as error:
                LOG.warning(
                    "Bank of provider %s not reconciled: %s",
                    provider.id,
                    error,
                )
                continue
            if report.added or report.changed or report.vanished:
                LOG.info("Catalogue reconciled: %s", report)

    def reconcile(self, provider_id: str) -> Report:
        """Reconcile one provider.

        :raises BankError: its bank can't be listed; nothing was changed.
        :raises ProviderNotFound: there is no such provider.
        """
        began = operation_logs.utcnow()
        report = Report(provider_id=provider_id)
        store = checkpoint_store.CheckpointStore(self._banks.bank(provider_id))
        ids = set(store.list_ids())
        known = catalog.known(provider_id)
        report.seen = len(ids)
        self._add_unknown(store, ids - set(known), report)
        for checkpoint_id in sorted(ids & set(known)):
            self._compare(store, checkpoint_id, known[checkpoint_id], report)
        for checkpoint_id, row in known.items():
            if checkpoint_id not in ids and _should_exist(row, began):
                self._vanish(store, checkpoint_id, row, report)
        return report

    def _add_unknown(
        self,
        store: checkpoint_store.CheckpointStore,
        ids: Iterable[str],
        report: Report,
    ) -> None:
        """Add the oldest first, so that it takes the slot of its source."""
        found: list[checkpoint.Checkpoint] = []
        for checkpoint_id in ids:
            try:
                read = self._read(store, checkpoint_id, report.provider_id)
            except (
                exceptions.InvalidCheckpoint,
                exceptions.InvalidManifest,
            ) as error:
                LOG.warning("Not imported: %s", error)
                report.refused.append(str(error))
                continue
            if read is not None:
                found.append(read)
        found.sort(key=lambda item: (item.timestamp, item.id))
        newest = {item.plan_id: item for item in found}
        for item in found:
            plan = _plan_of(newest[item.plan_id])
            report.added += catalog.add(item, plan)

    def _read(
        self,
        store: checkpoint_store.CheckpointStore,
        checkpoint_id: str,
        provider_id: str,
    ) -> checkpoint.Checkpoint | None:
        """Return the checkpoint as its bank tells; None if it is not shown."""
        try:
            index = store.read_index(checkpoint_id)
        except exceptions.ObjectNotFound:
            return None
        if index.provider_id != provider_id:
            raise exceptions.InvalidCheckpoint(
                checkpoint_id=checkpoint_id,
                reason=f"it belongs to provider {index.provider_id}",
            )
        size = _whole_size(store, index)
        if index.status == _Status.AVAILABLE and size is None:
            return None
        return self._to_row(index, size)

    def _to_row(
        self, index: checkpoint_index.CheckpointIndex, size: int | None
    ) -> checkpoint.Checkpoint:
        try:
            graph = resource.ResourceGraph.deserialize(
                index.resource_graph or "[{}, []]"
            )
            return checkpoint.Checkpoint(
                id=index.id,
                project_id=self._project_map.get(
                    index.project_id, index.project_id
                ),
                provider_id=index.provider_id,
                plan_id=index.protection_plan["id"],
                status=_Status(index.status),
                created_at=datetime.datetime.fromisoformat(index.created_at),
                timestamp=index.timestamp,
                protection_plan=index.protection_plan,
                resource_graph=index.resource_graph,
                extra_info=index.extra_info,
                copied_from=index.copied_from,
                resource_types=graph.resource_types,
                committed_at=_committed_at(index),
                size=size,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise exceptions.InvalidCheckpoint(
                checkpoint_id=index.id, reason=str(error)
            ) from error

    def _compare(
        self,
        store: checkpoint_store.CheckpointStore,
        checkpoint_id: str,
        row: catalog.Known,
        report: Report,
    ) -> None:
        """Take over the bank's status of a row that nothing is using."""
        if row.in_use:
            return
        told = _told_status(store, checkpoint_id)
        if told is None or told is row.status:
            return
        report.changed += catalog.change_status(
            checkpoint_id,
            row,
            told,
            lambda: (
                _told_status(store, checkpoint_id) is told
                and _is_whole(store, checkpoint_id)
            ),
        )

    def _vanish(
        self,
        store: checkpoint_store.CheckpointStore,
        checkpoint_id: str,
        row: catalog.Known,
        report: Report,
    ) -> None:
        def is_gone() -> bool:
            try:
                store.read_index(checkpoint_id)
            except exceptions.ObjectNotFound:
                return True
            return False

        if catalog.change_status(checkpoint_id, row, _Status.ERROR, is_gone):
            report.vanished += 1
            LOG.warning("Checkpoint %s is not in the bank", checkpoint_id)


def _should_exist(row: catalog.Known, began: datetime.datetime) -> bool:
    """Tell whether a row must have been in a listing that began then."""
    return (
        row.status in (_Status.AVAILABLE, _Status.ERROR_DELETING)
        and row.committed_at is not None
        and row.committed_at < began
        and not row.in_use
    )


def _told_status(
    store: checkpoint_store.CheckpointStore, checkpoint_id: str
) -> status.CheckpointStatus | None:
    """Return the status in the bank; None where it says nothing usable."""
    try:
        return _Status(store.read_index(checkpoint_id).status)
    except (
        exceptions.ObjectNotFound,
        exceptions.InvalidCheckpoint,
        ValueError,
    ):
        return None


def _is_whole(
    store: checkpoint_store.CheckpointStore, checkpoint_id: str
) -> bool:
    """Tell whether the bank holds all that the checkpoint's index promises."""
    try:
        index = store.read_index(checkpoint_id)
        return _whole_size(store, index) is not None
    except exceptions.InvalidManifest:
        return False


def _committed_at(
    index: checkpoint_index.CheckpointIndex,
) -> datetime.datetime | None:
    """Return when a checkpoint was found whole; None for an empty shell."""
    if index.status == _Status.AVAILABLE or index.manifest_sha256:
        return operation_logs.utcnow()
    return None


def _whole_size(
    store: checkpoint_store.CheckpointStore,
    index: checkpoint_index.CheckpointIndex,
) -> int | None:
    """Return the bytes of a checkpoint; None if an object is not there.

    One that Karbor wrote has no manifest to compare with.

    :raises InvalidManifest: the manifest is not what the index names.
    """
    if index.status != _Status.AVAILABLE:
        return 0
    sizes = {info.key: info.size for info in store.list_objects(index.id)}
    if index.manifest_sha256 is None:
        return None if index.copied_from else sum(sizes.values())
    try:
        made = store.read_manifest(index.id, index.manifest_sha256)
    except exceptions.ObjectNotFound:
        return None
    if any(
        sizes.get(key) != entry.size for key, entry in made.entries.items()
    ):
        return None
    return made.size


def _plan_of(newest: checkpoint.Checkpoint) -> plan_model.Plan:
    """Return the plan that a checkpoint was made from, as far as it tells."""
    told = newest.protection_plan
    return plan_model.Plan(
        id=newest.plan_id,
        project_id=newest.project_id,
        provider_id=str(told.get("provider_id") or newest.provider_id),
        name=str(told.get("name") or newest.plan_id)[:255],
        description=None,
        status=status.PlanStatus.SUSPENDED,
        resources=plan_model.resources_of(told),
        parameters={},
    )
