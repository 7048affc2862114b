# SPDX-License-Identifier: Apache-2.0
"""Checkpoints in a bank: index, manifest, data, and what a plugin sees."""

import uuid
from collections.abc import Callable
from collections.abc import Container
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import attempts
from karbor_copy.banks import base
from karbor_copy.banks import batches
from karbor_copy.banks import keys
from karbor_copy.banks import manifest
from karbor_copy.banks import proven
from karbor_copy.banks import recorder as recorders
from karbor_copy.banks import section
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest as manifest_model
from karbor_copy.data_models import resource
from karbor_copy.data_models import status


class CheckpointStore:
    """Reads and writes the checkpoints of one bank."""

    def __init__(self, bank: base.Bank) -> None:
        self.bank = bank

    def list_ids(self) -> Iterator[str]:
        """Yield the ids of all checkpoints; what is no UUID is left out.

        :raises BankUnavailable: the bank can't be listed.
        """
        for info in self.bank.list(keys.CHECKPOINTS, delimiter="/"):
            name = info.key.removeprefix(keys.CHECKPOINTS).removesuffix("/")
            if _is_uuid(name):
                yield name

    def read_index(
        self, checkpoint_id: str
    ) -> checkpoint_index.CheckpointIndex:
        """Return what the checkpoint's index.json says.

        :raises ObjectNotFound: there is none.
        :raises InvalidCheckpoint: it is malformed.
        """
        key = keys.index_key(checkpoint_id)
        data = section.read_all(self.bank, key, checkpoint_index.MAX_SIZE + 1)
        return checkpoint_index.from_json(data, checkpoint_id)

    def write_index(
        self,
        index: checkpoint_index.CheckpointIndex,
        check: Callable[[], None],
    ) -> None:
        """Put index.json; with it the checkpoint counts.

        ``check`` raises what shall stop the work, as :func:`proven.put` says.
        """
        data = index.to_json()
        key = keys.index_key(index.id)

        def put() -> None:
            self.bank.put(key, (data,), size=len(data), serialized=True)

        proven.put(self.bank, {key: data}, put, check)

    def write_index_keys(
        self,
        index: checkpoint_index.CheckpointIndex,
        check: Callable[[], None],
    ) -> None:
        """Put the keys by which Karbor finds the checkpoint, together.

        ``check`` raises what shall stop the work, as :func:`proven.put` says.
        """
        data = index.id.encode()
        objects = dict.fromkeys(keys.index_keys(index), data)

        def work(writer: base.Writer) -> None:
            for key in objects:
                writer.put(key, (data,), size=len(data))

        proven.put(
            self.bank, objects, lambda: batches.put(self.bank, work), check
        )

    def delete_index_keys(
        self, index: checkpoint_index.CheckpointIndex
    ) -> None:
        """Delete the keys by which Karbor finds the checkpoint."""
        for key in keys.index_keys(index):
            self.bank.delete(key)

    def delete_index(self, index: checkpoint_index.CheckpointIndex) -> None:
        """Delete index.json, after the keys by which Karbor finds it."""
        self.delete_index_keys(index)
        self.bank.delete(keys.index_key(index.id))

    def read_manifest(
        self, checkpoint_id: str, sha256: str | None
    ) -> manifest_model.Manifest:
        """Return the manifest, whose bytes must have that SHA-256 if given.

        :raises ObjectNotFound: there is none.
        :raises InvalidManifest: it is malformed or another one.
        """
        key = keys.manifest_key(checkpoint_id)
        data = section.read_all(self.bank, key, manifest.MAX_SIZE + 1)
        if sha256 is not None and manifest.digest(data) != sha256:
            raise exceptions.InvalidManifest(
                reason="it is not the one that the index names"
            )
        return manifest.load(data, checkpoint_id)

    def write_manifest(
        self,
        value: manifest_model.Manifest,
        *,
        attempt: int,
        check: Callable[[], None],
    ) -> str:
        """Put one attempt's manifest and return the SHA-256 of its bytes.

        ``attempt`` and ``check`` keep a worker that was replaced from
        overwriting its successor's, as :func:`attempts.put` says.

        :raises ObjectExists: the first attempt comes too late.
        """
        data = manifest.dump(value)
        key = keys.manifest_key(value.checkpoint_id)

        def put() -> None:
            attempts.put(self.bank, key, data, attempt=attempt, check=check)

        proven.put(self.bank, {key: data}, put, check)
        return manifest.digest(data)

    def delete_manifest(self, checkpoint_id: str) -> None:
        """Delete the manifest, if there is one."""
        self.bank.delete(keys.manifest_key(checkpoint_id))

    def list_objects(self, checkpoint_id: str) -> Iterator[base.ObjectInfo]:
        """Yield the data objects, with keys relative to the checkpoint.

        :raises BankUnavailable: the bank can't be listed.
        """
        for info in self.bank.list(keys.data_prefix(checkpoint_id)):
            yield replace(info, key=keys.in_checkpoint(info.key))

    def delete_objects(
        self,
        checkpoint_id: str,
        check: Callable[[], None],
        keep: Container[str] = (),
        only: Callable[[str], bool] | None = None,
    ) -> int:
        """Delete data objects, and parts of none; return how many.

        ``check`` is called for each and raises what shall stop the work;
        ``keep`` and ``only`` are asked with keys relative to the checkpoint.
        Nobody may be writing there but who was replaced.
        """
        doomed = []
        for info in self.list_objects(checkpoint_id):
            check()
            if info.key not in keep and (only is None or only(info.key)):
                doomed.append(info.key)
        prefix = keys.checkpoint_prefix(checkpoint_id)
        for key in doomed:
            check()
            self.bank.delete(prefix + key)
        data = keys.data_prefix(checkpoint_id)
        return len(doomed) + self.bank.delete_leftovers(data, check)


class BankCheckpoint:
    """A checkpoint as a plugin sees it, with Karbor's attribute names."""

    def __init__(
        self,
        index: checkpoint_index.CheckpointIndex,
        bank: base.Bank,
        *,
        manifest: manifest_model.Manifest | None,
        recorder: recorders.Recorder | None,
        writable: bool,
    ) -> None:
        self._index = index
        self._bank = bank
        self._recorder = recorder
        self._writable = writable
        self._resource_graph: resource.ResourceGraph | None = None
        self._entries = (
            None if manifest is None else _by_section(manifest.entries)
        )

    @property
    def id(self) -> str:
        """Return the checkpoint's id."""
        return self._index.id

    @property
    def status(self) -> status.CheckpointStatus:
        """Return the status that index.json had."""
        return self._index.status

    @property
    def provider_id(self) -> str:
        """Return the id of the provider that index.json names."""
        return self._index.provider_id

    @property
    def project_id(self) -> str:
        """Return the owner's project."""
        return self._index.project_id

    @property
    def protection_plan(self) -> Mapping[str, Any]:
        """Return the plan as it was."""
        return self._index.protection_plan

    @property
    def extra_info(self) -> Mapping[str, Any]:
        """Return what else is known of the checkpoint."""
        return self._index.extra_info

    @property
    def created_at(self) -> str:
        """Return the date as YYYY-MM-DD."""
        return self._index.created_at

    @property
    def timestamp(self) -> int:
        """Return seconds since the epoch."""
        return self._index.timestamp

    @property
    def resource_graph(self) -> resource.ResourceGraph:
        """Return the graph of the resources that were protected.

        :raises InvalidCheckpoint: the bank holds a malformed one.
        """
        if self._resource_graph is None:
            self._resource_graph = self._read_graph()
        return self._resource_graph

    def get_resource_bank_section(
        self, resource_id: str
    ) -> section.BankSection:
        """Return the section that holds one resource's data.

        :raises InvalidKey: the id can't be part of a key.
        """
        entries = None
        if self._entries is not None:
            entries = self._entries.get(resource_id, {})
        return section.BankSection(
            self._bank,
            keys.section_prefix(self.id, resource_id),
            writable=self._writable,
            entries=entries,
            recorder=self._recorder,
        )

    def _read_graph(self) -> resource.ResourceGraph:
        if self._index.resource_graph is None:
            return resource.ResourceGraph()
        try:
            return resource.ResourceGraph.deserialize(
                self._index.resource_graph
            )
        except ValueError as error:
            raise exceptions.InvalidCheckpoint(
                checkpoint_id=self.id, reason=exceptions.shown(error)
            ) from error


def _by_section(
    entries: Mapping[str, manifest_model.Entry],
) -> dict[str, dict[str, manifest_model.Entry]]:
    """Sort entries by resource id, then by key relative to the section."""
    sections: dict[str, dict[str, manifest_model.Entry]] = {}
    for entry in entries.values():
        _, resource_id, key = entry.key.split("/", 2)
        sections.setdefault(resource_id, {})[key] = entry
    return sections


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
