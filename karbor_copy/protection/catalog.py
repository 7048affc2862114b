# SPDX-License-Identifier: Apache-2.0
"""Reconcile: the catalogue follows what the banks hold.

The bank decides existence. What is in a bank and unknown is added; what was
committed and is gone becomes ``error``, and ``available`` again when it is
found whole. Another region may be writing what this one does not know: all
that is ever deleted from a bank here is what its writer has marked as given
up, because it can't delete it itself, and what is still no checkpoint at the
next look.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import status
from karbor_copy.db import catalog
from karbor_copy.db import functions
from karbor_copy.protection import bank_pool
from karbor_copy.protection import catalog_report
from karbor_copy.protection import contents
from karbor_copy.protection import sweeping
from karbor_copy.providers import registry as provider_registry

LOG = logging.getLogger(__name__)

_Status = status.CheckpointStatus

#: What a bank says for good; anything else may be work that goes on.
_ENDS = frozenset({_Status.AVAILABLE, _Status.ERROR, _Status.DELETED})


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
        self._buried: dict[str, set[str]] = collections.defaultdict(set)
        self._sweepers: dict[str, sweeping.Sweeper] = collections.defaultdict(
            sweeping.Sweeper
        )

    def reconcile_all(self) -> None:
        """Reconcile every provider, whatever is wrong with another one.

        What is wrong with the files is told again: work may wait for them.
        """
        self._registry.tell_errors()
        for provider in self._registry.list():
            try:
                report = self.reconcile(provider.id)
            except exceptions.KarborCopyError as error:
                LOG.warning(
                    "Bank of provider %s not reconciled: %s",
                    provider.id,
                    error,
                )
            except Exception:
                LOG.exception(
                    "Bank of provider %s not reconciled", provider.id
                )
            else:
                if report.news:
                    LOG.info("Catalogue reconciled: %s", report)

    def reconcile(self, provider_id: str) -> catalog_report.Report:
        """Reconcile one provider.

        :raises BankError: its bank can't be read; what can't be listed
            changes nothing.
        :raises InvalidBank: its options do not make a bank.
        :raises ProviderNotFound: there is no such provider.
        """
        bank = self._banks.bank(provider_id)
        store = checkpoint_store.CheckpointStore(bank)
        report = _Round(
            store, provider_id, self._project_map, self._buried[provider_id]
        ).run()
        if not self._registry.get(provider_id).create_only:
            sweeper = self._sweepers[provider_id]
            report.swept = sweeper.sweep(bank, report.unfinished)
        return report


@dataclass(slots=True)
class _Group:
    """Unknown checkpoints of a plan, and the plan as the newest tells it.

    A checkpoint is no more here than its time and id: all of a bank may be
    unknown.
    """

    project_id: str
    plan: plan_model.Plan
    newest: tuple[int, str]
    members: list[tuple[int, str]] = field(default_factory=list)


class _Round:
    """One look at one provider's bank."""

    def __init__(
        self,
        store: checkpoint_store.CheckpointStore,
        provider_id: str,
        project_map: Mapping[str, str],
        buried: set[str],
    ) -> None:
        """Take the ids that are known to be deleted, and add to them."""
        self._store = store
        self._project_map = project_map
        self._buried = buried
        self._report = catalog_report.Report(provider_id=provider_id)
        self._began = functions.utcnow()

    def run(self) -> catalog_report.Report:
        """Take over what the bank tells."""
        ids = set(self._store.list_ids())
        self._report.seen = len(ids)
        known = catalog.known(self._report.provider_id)
        self._move_known(known)
        for group in self._groups(ids - set(known) - self._buried):
            self._move(group.plan.id, group.project_id)
            self._add(group)
        for checkpoint_id, row in known.items():
            if row.in_use or row.status is _Status.DELETED:
                continue
            if checkpoint_id in ids or self._must_exist(row):
                self._check(checkpoint_id, row)
        return self._report

    def _index(self, checkpoint_id: str) -> checkpoint_index.CheckpointIndex:
        provider_id = self._report.provider_id
        return contents.read_index(self._store, checkpoint_id, provider_id)

    def _project_of(self, index: checkpoint_index.CheckpointIndex) -> str:
        return self._project_map.get(index.project_id, index.project_id)

    # What is unknown.

    def _groups(self, ids: Iterable[str]) -> Iterable[_Group]:
        """Read the indexes for what must be known before any is added."""
        groups: dict[tuple[str, str], _Group] = {}
        for checkpoint_id in ids:
            try:
                index = self._index(checkpoint_id)
                if index.status is _Status.DELETED:
                    # Its row, if it had one, was purged.
                    self._buried.add(checkpoint_id)
                    continue
                plan = contents.to_plan(index, self._project_of(index))
            except exceptions.ObjectNotFound:
                # Not committed, or what is left of a deleted one.
                self._report.unfinished.append(checkpoint_id)
                continue
            except exceptions.InvalidCheckpoint as error:
                self._report.refuse(error)
                continue
            member = (index.timestamp, index.id)
            group = groups.setdefault(
                (plan.id, plan.project_id),
                _Group(index.project_id, plan, member),
            )
            group.members.append(member)
            if member > group.newest:
                group.plan, group.newest = plan, member
        # Where two projects claim a plan, it is the one's that came first.
        return sorted(groups.values(), key=lambda group: min(group.members))

    def _add(self, group: _Group) -> None:
        """Add the oldest first, so that it takes the slot of its source."""
        for _, checkpoint_id in sorted(group.members):
            try:
                index = self._index(checkpoint_id)
                found = contents.to_checkpoint(
                    self._store, index, self._project_of(index)
                )
                self._report.added += catalog.add(found, group.plan)
            except exceptions.ObjectNotFound:
                continue
            except exceptions.InvalidCheckpoint as error:
                self._report.refuse(error)

    # What an earlier import put under a project id of the bank's own cloud.

    def _move_known(self, known: Mapping[str, catalog.Known]) -> None:
        done: set[str] = set()
        for checkpoint_id, row in known.items():
            if row.plan_id in done or row.project_id not in self._project_map:
                continue
            try:
                index = self._index(checkpoint_id)
            except (exceptions.ObjectNotFound, exceptions.InvalidCheckpoint):
                continue
            # Else the row was mapped before, to what is a key here as well.
            if index.project_id == row.project_id:
                done.add(row.plan_id)
                self._move(row.plan_id, row.project_id)

    def _move(self, plan_id: str, project_id: str) -> None:
        wanted = self._project_map.get(project_id, project_id)
        if wanted == project_id:
            return
        try:
            moved = catalog.move_plan(plan_id, project_id, wanted)
        except exceptions.OperationInProgress as error:
            self._report.refuse(error)
        else:
            self._report.moved += moved

    # What is known.

    def _must_exist(self, row: catalog.Known) -> bool:
        """Tell whether the listing must have shown what the row stands for."""
        return (
            row.status in (_Status.AVAILABLE, _Status.ERROR_DELETING)
            and row.committed_at is not None
            and row.committed_at < self._began
        )

    def _check(self, checkpoint_id: str, row: catalog.Known) -> None:
        """Compare a row that nothing is using with its bank."""
        try:
            index = self._index(checkpoint_id)
        except exceptions.ObjectNotFound:
            if self._must_exist(row):
                self._lose(checkpoint_id, row, "it is not in the bank")
            return
        except exceptions.InvalidCheckpoint as error:
            self._report.refuse(error)
            return
        if index.status is not row.status:
            self._follow(index, row)
        elif index.status is _Status.AVAILABLE and not contents.has_manifest(
            self._store, index
        ):
            self._lose(checkpoint_id, row, "its manifest is missing")

    def _follow(
        self, index: checkpoint_index.CheckpointIndex, row: catalog.Known
    ) -> None:
        """Take over the bank's status if it is an end that may follow."""
        told = index.status
        if (
            told not in _ENDS
            or row.status not in status.CHECKPOINT_TRANSITIONS[told]
        ):
            return
        if told is _Status.AVAILABLE:
            try:
                found = contents.to_checkpoint(
                    self._store, index, row.project_id
                )
            except exceptions.InvalidCheckpoint as error:
                self._report.refuse(error)
                return
            changed = catalog.take_over(row, found)
        else:
            changed = catalog.give_up(index.id, row, told)
        if changed:
            self._report.changed += 1
            LOG.info("Checkpoint %s is %s in its bank", index.id, told)

    def _lose(
        self, checkpoint_id: str, row: catalog.Known, reason: str
    ) -> None:
        if catalog.give_up(checkpoint_id, row, _Status.ERROR):
            self._report.vanished += 1
            LOG.warning("Checkpoint %s: %s", checkpoint_id, reason)
