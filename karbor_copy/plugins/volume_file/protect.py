# SPDX-License-Identifier: Apache-2.0
"""Protects a volume: its bytes into the bank, as they were at one moment."""

import contextlib
import functools
import json
import os
import stat
from typing import Any

from oslo_log import log as logging

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.banks import attempts
from karbor_copy.banks import base as bank_base
from karbor_copy.banks import batches
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import streams
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.plugins import bank_copy
from karbor_copy.plugins import base
from karbor_copy.plugins.volume_file import chunks
from karbor_copy.plugins.volume_file import layout
from karbor_copy.plugins.volume_file import volumes

LOG = logging.getLogger(__name__)

#: How often a volume is read in the hope that it holds still.
ATTEMPTS = 3


class ProtectOperation(base.Operation):
    """Writes a volume's chunks, then the metadata that lists them."""

    def __init__(
        self, directory: volumes.VolumeDirectory, chunk_size: int
    ) -> None:
        self._directory = directory
        self._chunk_size = chunk_size

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        context: request_context.RequestContext,
        operation_log: base.OperationLog,
        transfer: bank_transfer.Transfer,
        **kwargs: Any,
    ) -> None:
        """Read the volume until it held still from beginning to end.

        :raises ResourceFailed: it never did, or is not there.
        """
        section = checkpoint.get_resource_bank_section(resource.id)
        _show_protecting(section)
        with volumes.disk_errors("the volume can't be read"):
            metadata = self._read_unchanged(
                section, resource.id, context, operation_log.epoch, transfer
            )
        _delete_leftovers(section, metadata, operation_log.epoch, transfer)
        attempts.put(
            section,
            bank_copy.METADATA_NAME,
            json.dumps(metadata.to_dict()).encode(),
            attempt=operation_log.epoch,
            check=transfer.check,
            serialized=True,
        )
        transfer.check()
        # The same bytes from every attempt: no harm if it comes late.
        section.update_object(
            bank_copy.STATUS_NAME, status.ResourceStatus.AVAILABLE
        )

    def _read_unchanged(
        self,
        section: bank_section.BankSection,
        volume_id: str,
        context: request_context.RequestContext,
        epoch: int,
        transfer: bank_transfer.Transfer,
    ) -> layout.VolumeMetadata:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._directory.open(volume_id, context) as descriptor:
                    return self._read(
                        section, volume_id, descriptor, epoch, transfer
                    )
            except exceptions.SourceChanged:
                LOG.info(
                    "Volume %s changed while it was read, attempt %d of %d.",
                    volume_id,
                    attempt,
                    ATTEMPTS,
                )
        raise exceptions.ResourceFailed(
            reason="volume changed while it was protected"
        )

    def _read(
        self,
        section: bank_section.BankSection,
        volume_id: str,
        descriptor: int,
        epoch: int,
        transfer: bank_transfer.Transfer,
    ) -> layout.VolumeMetadata:
        """Put all chunks of the volume in one batch.

        :raises SourceChanged: the file is not the same any more.
        """
        before = os.fstat(descriptor)
        found = self._put_parts(section, descriptor, before, epoch, transfer)
        path = self._directory.volume_path(volume_id)
        after = os.stat(path, follow_symlinks=False)
        if _identity(after) != _identity(before):
            raise exceptions.SourceChanged(reason="the volume was written to")
        return layout.VolumeMetadata(
            volume_id=volume_id,
            size=before.st_size,
            chunk_size=self._chunk_size,
            chunks=dict(sorted(found.items())),
        )

    def _put_parts(
        self,
        section: bank_section.BankSection,
        descriptor: int,
        volume: os.stat_result,
        epoch: int,
        transfer: bank_transfer.Transfer,
    ) -> dict[int, str]:
        """Put what is no hole, and return its objects by index of chunk."""
        found: dict[int, str] = {}

        def put(writer: bank_base.Writer, part: layout.Part) -> None:
            chunk = chunks.FileChunk(
                descriptor,
                part.index * self._chunk_size,
                part.size,
                buffer=streams.buffer(),
                check=transfer.check,
            )
            if not chunk.is_hole():
                name = layout.chunk_name(epoch, part.index)
                _put(writer, name, chunk, part.size)
                found[part.index] = name

        parts = chunks.data_parts(descriptor, volume.st_size, self._chunk_size)

        def work(writer: bank_base.Writer) -> None:
            transfer.each(parts, functools.partial(put, writer), section.bank)

        batches.put(section, work)
        return found


def _show_protecting(section: bank_section.BankSection) -> None:
    """Put the first status, unless there is one of another attempt.

    A late one must not take the place of ``available``.
    """
    data = status.ResourceStatus.PROTECTING.encode()
    with contextlib.suppress(exceptions.ObjectExists):
        section.put_new(bank_copy.STATUS_NAME, (data,), size=len(data))


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return (
        found.st_dev,
        found.st_ino,
        stat.S_IFMT(found.st_mode),
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def _put(
    writer: bank_base.Writer, key: str, chunk: chunks.FileChunk, size: int
) -> None:
    writer.put(key, chunk, size=size)
    LOG.debug("Put chunk %s of %d bytes.", key, size)


def _delete_leftovers(
    section: bank_section.BankSection,
    metadata: layout.VolumeMetadata,
    epoch: int,
    transfer: bank_transfer.Transfer,
) -> None:
    """Delete the chunks that do not count, of this and earlier attempts.

    A later attempt's are left alone: this worker may have been replaced
    without knowing it yet.
    """
    kept = set(metadata.chunks.values())
    for key in [info.key for info in section.list()]:
        written = layout.chunk_epoch(key)
        if written is not None and written <= epoch and key not in kept:
            transfer.check()
            section.delete(key)
