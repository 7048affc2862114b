# SPDX-License-Identifier: Apache-2.0
"""Restores a volume: into a new file, shown only when it is whole."""

import uuid
from typing import Any

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import streams
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.plugins import base
from karbor_copy.plugins import records
from karbor_copy.plugins.volume_file import chunks
from karbor_copy.plugins.volume_file import layout
from karbor_copy.plugins.volume_file import publish
from karbor_copy.plugins.volume_file import volumes

LOG = logging.getLogger(__name__)


def new_volume_id(restore_id: str, resource: resource_model.Resource) -> str:
    """Return the id of the volume that a restore makes, always the same."""
    return str(uuid.uuid5(uuid.UUID(restore_id), resource.key))


class RestoreOperation(base.Operation):
    """Writes a volume aside and publishes it, never over another."""

    def __init__(self, directory: volumes.VolumeDirectory) -> None:
        self._directory = directory

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        restore: base.ResourceRecord,
        new_resources: dict[str, str],
        parameters: dict[str, Any],
        operation_log: base.OperationLog,
        transfer: bank_transfer.Transfer,
        **kwargs: Any,
    ) -> None:
        """Make the volume anew and tell its new id.

        :raises ResourceFailed: it could not be written or published.
        :raises DigestMismatch, SourceCorrupt: the bank's data is damaged.
        """
        section = checkpoint.get_resource_bank_section(resource.id)
        volume_id = new_volume_id(restore.id, resource)
        publication = publish.Publication(
            self._directory, volume_id, operation_log.epoch
        )
        owner = {
            "project_id": restore.project_id,
            "name": parameters.get("restore_name") or resource.name,
        }
        with (
            records.reported(
                restore,
                resource.type,
                volume_id,
                status.ResourceStatus.RESTORING,
            ),
            volumes.disk_errors("the volume can't be written"),
            publication.open_aside() as descriptor,
        ):
            _write_volume(section, descriptor, transfer)
            transfer.check()
            publication.publish(owner, descriptor, transfer.check)
        new_resources[resource.id] = volume_id
        LOG.info("Restored %s as volume %s.", resource.key, volume_id)


def _write_volume(
    section: bank_section.BankSection,
    descriptor: int,
    transfer: bank_transfer.Transfer,
) -> None:
    """Write the volume's bytes, leaving holes where there are only zeros."""
    metadata = chunks.read_metadata(
        section, buffer=streams.buffer(), check=transfer.check
    )
    publish.set_size(descriptor, metadata.size)

    def write(part: layout.Part) -> None:
        name = metadata.chunks[part.index]
        position = part.index * metadata.chunk_size
        end = position + part.size
        for block in chunks.read_verified(
            section, name, buffer=streams.buffer(), check=transfer.check
        ):
            if position + len(block) > end:
                raise _wrong_size(name, part.size)
            if not chunks.is_zero(block):
                publish.write_at(descriptor, block, position)
            position += len(block)
        if position != end:
            raise _wrong_size(name, part.size)

    parts = [
        layout.Part(index, metadata.length(index)) for index in metadata.chunks
    ]
    transfer.each(parts, write, section.bank)


def _wrong_size(name: str, length: int) -> exceptions.SourceCorrupt:
    return exceptions.SourceCorrupt(
        key=name, reason=f"it has not the {length} bytes of its chunk"
    )
