# SPDX-License-Identifier: Apache-2.0
"""Scrub: what a bank holds, read back against its manifests.

Reading needs no lock. Where rot is found the checkpoint is taken on by an
operation, which looks again, marks it and, if asked to, repairs it; what an
open operation uses is left alone.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Final

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import pace as paces
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import catalog
from karbor_copy.db import claims
from karbor_copy.db import scrubs
from karbor_copy.protection import bank_pool
from karbor_copy.protection import ending
from karbor_copy.protection import heartbeat
from karbor_copy.protection import repair as repairing
from karbor_copy.protection import rot
from karbor_copy.protection import running
from karbor_copy.providers import registry as provider_registry

LOG = logging.getLogger(__name__)

_Status = status.CheckpointStatus

NO_MANIFEST: Final = "no manifest: unverified"
NOT_HERE: Final = "the service of its own region has to mark and repair it"
MARKED: Final = "it is whole again: --repair makes it available"
IN_USE: Final = "an open operation uses it, or it has just changed"


@dataclass(slots=True, kw_only=True)
class Result:
    """How it stands with one checkpoint; ``rot.Verdict`` and details."""

    checkpoint_id: str
    verdict: rot.Verdict
    reason: str | None = None
    status: str | None = None
    findings: rot.Findings = field(default_factory=rot.Findings)


class Scrubber:
    """Scrubs one provider's bank; ``beat`` keeps the leases it takes."""

    def __init__(
        self,
        *,
        registry: provider_registry.Registry,
        banks: bank_pool.BankPool,
        beat: heartbeat.Heartbeat,
        owner: str,
        lease: float,
        pace: paces.Pace = paces.unlimited,
    ) -> None:
        """Take the length of a lease in seconds."""
        self._registry = registry
        self._banks = banks
        self._beat = beat
        self._owner = owner
        self._lease = lease
        self._pace = pace

    def scrub(
        self,
        provider_id: str,
        checkpoint_ids: list[str] | None = None,
        *,
        repair: bool,
    ) -> Iterator[Result]:
        """Yield how it stands with each finished checkpoint.

        Without ids all that the catalogue knows as committed.

        :raises ProviderNotFound: there is no such provider.
        :raises CheckpointNotFound: the provider has no such checkpoint.
        :raises Conflict: its bank can't be repaired by this service.
        :raises BankError: the bank can't be listed.
        """
        provider = self._registry.get(provider_id)
        if repair:
            provider.check_changeable()
        next(self._banks.bank(provider_id).list(limit=1), None)
        known = catalog.known(provider_id)
        for checkpoint_id in checkpoint_ids or ():
            if checkpoint_id not in known:
                raise exceptions.CheckpointNotFound(
                    checkpoint_id=checkpoint_id
                )
        bank = self._banks.patient_bank(provider, _go_on)
        store = checkpoint_store.CheckpointStore(bank)
        for checkpoint_id in checkpoint_ids or sorted(known):
            row = known[checkpoint_id]
            if _is_finished(row):
                yield self._one(store, provider_id, checkpoint_id, repair)
            elif checkpoint_ids or row.in_use:
                yield Result(
                    checkpoint_id=checkpoint_id,
                    verdict=rot.Verdict.SKIPPED,
                    status=row.status,
                    reason=IN_USE if row.in_use else f"it is {row.status}",
                )

    def _one(
        self,
        store: checkpoint_store.CheckpointStore,
        provider_id: str,
        checkpoint_id: str,
        repair: bool,  # noqa: FBT001 - the operator's word
    ) -> Result:
        """Look at one checkpoint, and at its rot if there is any."""
        result = Result(
            checkpoint_id=checkpoint_id, verdict=rot.Verdict.SKIPPED
        )
        row = catalog.known_one(checkpoint_id)
        if row is None or not _is_finished(row):
            result.reason = "it has changed meanwhile"
            return result
        result.status = row.status
        try:
            if row.in_use:
                log = self._take_lost(checkpoint_id)
            else:
                result.verdict = rot.look(
                    store, provider_id, checkpoint_id, _go_on, self._pace
                )
                result.reason = self._why_not(
                    provider_id, row, result.verdict, repair
                )
                if result.reason or not _is_wrong(row, result.verdict):
                    return result
                log = self._begin(checkpoint_id, row, repair)
            if log is None:
                result.verdict = rot.Verdict.SKIPPED
                result.reason = IN_USE
            else:
                self._mend(log, result)
        except rot.DeletedElsewhere as error:
            result.verdict = rot.Verdict.SKIPPED
            result.reason = str(error)
        except exceptions.KarborCopyError as error:
            result.verdict = rot.Verdict.UNREADABLE
            result.reason = exceptions.reason_of(error)
        return result

    def _why_not(
        self,
        provider_id: str,
        row: catalog.Known,
        verdict: rot.Verdict,
        repair: bool,  # noqa: FBT001
    ) -> str | None:
        """Return why nothing is done about what was found, if so."""
        if verdict is rot.Verdict.UNVERIFIED:
            return NO_MANIFEST
        if not _is_wrong(row, verdict):
            return None
        if self._registry.get(provider_id).create_only:
            return NOT_HERE
        return None if repair or verdict is rot.Verdict.BAD else MARKED

    def _begin(
        self,
        checkpoint_id: str,
        row: catalog.Known,
        repair: bool,  # noqa: FBT001
    ) -> operation_log.OperationLog | None:
        return scrubs.begin(
            checkpoint_id,
            row,
            repair=repair,
            owner=self._owner,
            lease=self._lease,
        )

    def _take_lost(
        self, checkpoint_id: str
    ) -> operation_log.OperationLog | None:
        """Go on with a scrub whose process has died."""
        found = scrubs.lost(checkpoint_id)
        if found is None:
            return None
        return claims.take_lost(*found, self._owner, self._lease)

    def _mend(self, log: operation_log.OperationLog, result: Result) -> None:
        operation = running.RunningOperation(
            log, time.monotonic() + self._lease, lease=self._lease
        )
        self._beat.add(operation)
        try:
            done = repairing.run(
                operation,
                registry=self._registry,
                banks=self._banks,
                pace=self._pace,
            )
        except exceptions.BankError as error:
            ending.put_off(operation, error)
            raise
        finally:
            self._beat.remove(operation)
        result.verdict = done.verdict
        result.findings = done.findings
        result.reason = done.reason
        result.status = (
            _Status.ERROR if done.reason is not None else _Status.AVAILABLE
        )


def _is_finished(row: catalog.Known) -> bool:
    return row.status is _Status.AVAILABLE or (
        row.status is _Status.ERROR and row.committed_at is not None
    )


def _is_wrong(row: catalog.Known, verdict: rot.Verdict) -> bool:
    """Tell whether what was read calls for another status, or for a repair."""
    return verdict is rot.Verdict.BAD or (
        # An earlier scrub has found it bad, or it was reset.
        verdict is rot.Verdict.GOOD and row.status is _Status.ERROR
    )


def _go_on() -> None:
    """Nobody stops a scrub but by a signal."""
