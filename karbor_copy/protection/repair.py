# SPDX-License-Identifier: Apache-2.0
"""The work on a rotten checkpoint: mark it, rewrite what is bad.

It can be stopped anywhere and run again. Only what is bad is written, only
with bytes that hash to what the manifest says, and read back after that.
"""

import dataclasses
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.banks import manifest as manifests
from karbor_copy.banks import pace as paces
from karbor_copy.banks import proof
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import streams
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest
from karbor_copy.data_models import status
from karbor_copy.db import scrubs
from karbor_copy.db import settle
from karbor_copy.db import work_rows
from karbor_copy.protection import bank_pool
from karbor_copy.protection import rot
from karbor_copy.protection import running
from karbor_copy.protection import settling
from karbor_copy.providers import registry as provider_registry

LOG = logging.getLogger(__name__)

_Status = status.CheckpointStatus

#: Bad objects that the reason names.
_MAX_REASONS = 10


def run(
    operation: running.RunningOperation,
    *,
    registry: provider_registry.Registry,
    banks: bank_pool.BankPool,
    pace: paces.Pace = paces.unlimited,
) -> rot.Done:
    """Do the work of a scrub's operation, and settle it.

    :raises OperationStopped: the lease was lost, or the worker stops.
    :raises BankError: the bank can't be read or written; to be tried again.
    :raises DeletedElsewhere: settled as failed.
    """
    row = work_rows.checkpoint(str(operation.log.checkpoint_id))
    mending = _Mending(
        operation=operation,
        store=checkpoint_store.CheckpointStore(
            banks.patient_bank(registry.get(row.provider_id), operation.check)
        ),
        registry=registry,
        banks=banks,
        pace=pace,
    )
    try:
        done = mending.run(row.provider_id, row.id)
    except rot.DeletedElsewhere as error:
        _settle(operation, exceptions.reason_of(error))
        raise
    _settle(operation, done.reason)
    LOG.log(
        logging.INFO if done.reason is None else logging.WARNING,
        "Checkpoint %s is %s: %d bad objects, %d repaired: %s",
        row.id,
        done.verdict,
        done.findings.bad,
        done.findings.repaired,
        done.reason,
    )
    return done


def _settle(operation: running.RunningOperation, reason: str | None) -> None:
    result = settle.SUCCESS if reason is None else settle.FAILURE
    settling.settle(
        operation, settle.Outcome(result=result, error_info=reason)
    )


@dataclass(kw_only=True)
class _Mending:
    """One run over one checkpoint."""

    operation: running.RunningOperation
    store: checkpoint_store.CheckpointStore
    registry: provider_registry.Registry
    banks: bank_pool.BankPool
    pace: paces.Pace
    findings: rot.Findings = field(default_factory=rot.Findings)

    def run(self, provider_id: str, checkpoint_id: str) -> rot.Done:
        index = rot.read_index(self.store, provider_id, checkpoint_id)
        if isinstance(index, rot.Bad):
            self.findings.add(index)
            return self._bad()
        self._show(index, _Status.ERROR)
        peers = list(self._peers(index))
        made = rot.read_manifest(self.store, index)
        if isinstance(made, rot.Bad):
            flaw = made
            found = self._rebuild(index, peers) if self._may_repair else None
            if found is None:
                self.findings.add(flaw)
                return self._bad()
            made, peer_id = found
            self.findings.add(dataclasses.replace(flaw, repaired_from=peer_id))
        for entry, what in rot.bad_objects(
            self.store, made, self.operation.check, self.pace
        ):
            # A repair gives an object bytes of its own.
            sharers = self._sharers.get(entry.key, ())
            origin = self._rewrite(entry, made, peers)
            self.findings.add(
                rot.Bad(
                    key=entry.key,
                    flaw=what,
                    repaired_from=origin,
                    shared_with=sharers,
                )
            )
        return self._good(index)

    @functools.cached_property
    def _sharers(self) -> dict[str, tuple[str, ...]]:
        checkpoint_id = str(self.operation.log.checkpoint_id)
        return rot.sharers(self.store, checkpoint_id)

    @property
    def _may_repair(self) -> bool:
        return bool(self.operation.log.parameters.get(scrubs.REPAIR))

    def _good(self, index: checkpoint_index.CheckpointIndex) -> rot.Done:
        """Let the checkpoint be available again if all of it is right."""
        if self.findings.repaired < self.findings.bad:
            return self._bad()
        done = rot.Done(verdict=rot.Verdict.GOOD, findings=self.findings)
        if scrubs.take_place(self.operation.log):
            self._show(index, _Status.AVAILABLE)
            if self.findings.bad:
                done.verdict = rot.Verdict.REPAIRED
        else:
            done.reason = (
                "it is whole, but another copy of its source has its place"
            )
            if self.findings.bad:
                done.verdict = rot.Verdict.BAD
        return done

    def _bad(self) -> rot.Done:
        found = self.findings
        named = [
            f"{bad.key} ({bad.flaw})"
            for bad in found.named
            if bad.repaired_from is None
        ][:_MAX_REASONS]
        return rot.Done(
            verdict=rot.Verdict.BAD,
            findings=found,
            reason=f"{found.bad - found.repaired} bad objects in the bank: "
            + ", ".join(named),
        )

    def _show(
        self,
        index: checkpoint_index.CheckpointIndex,
        shown: status.CheckpointStatus,
    ) -> None:
        """Write the status into index.json; a reconcile follows it."""
        self.store.write_index(
            dataclasses.replace(index, status=shown), self.operation.check
        )

    # Where good bytes may be.

    def _peers(
        self, index: checkpoint_index.CheckpointIndex
    ) -> Iterator[tuple[str, checkpoint_store.CheckpointStore]]:
        """Yield the id of each peer and the bank that it is in."""
        found = dict.fromkeys(scrubs.peers(index.id))
        if index.copied_from is not None:
            origin = index.copied_from
            found[scrubs.Peer(origin.provider_id, origin.checkpoint_id)] = None
        for peer in found:
            try:
                bank = self.banks.bank(peer.provider_id)
            except exceptions.KarborCopyError as error:
                LOG.warning("No repair from %s: %s", peer, error)
                continue
            store = checkpoint_store.CheckpointStore(bank)
            yield peer.checkpoint_id, store

    def _rewrite(
        self,
        entry: manifest.Entry,
        made: manifest.Manifest,
        peers: list[tuple[str, checkpoint_store.CheckpointStore]],
    ) -> str | None:
        """Write an object anew; return whose bytes it has now, if any's."""
        if not self._may_repair:
            return None
        for peer_id, peer in peers:
            source = rot.whole_of(
                peer, peer_id, self.operation.check, self.pace
            )
            try:
                proof.verify(source, entry, self.operation.check)
            except exceptions.BankError as error:
                LOG.warning("No repair from %s: %s", peer_id, error)
                continue
            try:
                self._put(source, entry, made.checkpoint_id)
            except (
                streams.SourceError,
                exceptions.DigestMismatch,
                exceptions.ObjectNotFound,
            ) as error:
                LOG.warning("No repair from %s: %s", peer_id, error)
            else:
                return peer_id
        return None

    def _put(
        self,
        source: bank_section.BankSection,
        entry: manifest.Entry,
        checkpoint_id: str,
    ) -> None:
        """Put an object, durably, and read it back.

        :raises SourceError: the source can't be read any more.
        :raises DigestMismatch, ObjectNotFound: it comes back otherwise.
        """
        check = self.operation.check
        check()
        digests = {"sha256": entry.sha256}
        if entry.md5 is not None:
            digests["md5"] = entry.md5
        self.store.bank.put(
            keys.checkpoint_prefix(checkpoint_id) + entry.key,
            streams.Chunks(source, entry.key, check),
            size=entry.size,
            digests=digests,
            serialized=entry.serialized,
        )
        written = rot.whole_of(self.store, checkpoint_id, check, self.pace)
        proof.verify(written, entry, check)

    def _rebuild(
        self,
        index: checkpoint_index.CheckpointIndex,
        peers: list[tuple[str, checkpoint_store.CheckpointStore]],
    ) -> tuple[manifest.Manifest, str] | None:
        """Make the manifest from a peer's; the index proves it right."""
        for peer_id, peer in peers:
            try:
                found = peer.read_manifest(peer_id, None)
            except (exceptions.BankError, exceptions.Invalid) as error:
                LOG.warning("No manifest from %s: %s", peer_id, error)
                continue
            for made in _variants(found, index):
                data = manifests.dump(made)
                if manifests.digest(data) == index.manifest_sha256:
                    self.operation.check()
                    key = keys.manifest_key(index.id)
                    self.store.bank.put(key, (data,), size=len(data))
                    return made, peer_id
        return None


def _variants(
    found: manifest.Manifest, index: checkpoint_index.CheckpointIndex
) -> Iterator[manifest.Manifest]:
    """Yield what the manifest may have been that tells of the same data."""
    plain = {
        key: dataclasses.replace(entry, md5=None)
        for key, entry in found.entries.items()
    }
    for entries in (found.entries, plain):
        for verified in (None, True, False):
            yield manifest.Manifest(
                checkpoint_id=index.id,
                entries=entries,
                copied_from=index.copied_from,
                origin_verified=verified,
            )
