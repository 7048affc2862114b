# SPDX-License-Identifier: Apache-2.0
"""The plugin for volumes kept as files, as Cinder's NFS driver keeps them."""

import pathlib
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg
from oslo_config import types

from karbor_copy import context as request_context
from karbor_copy.data_models import resource as resource_model
from karbor_copy.plugins import bank_data
from karbor_copy.plugins import base
from karbor_copy.plugins.volume_file import chunks
from karbor_copy.plugins.volume_file import protect
from karbor_copy.plugins.volume_file import restore
from karbor_copy.plugins.volume_file import verify
from karbor_copy.plugins.volume_file import volumes

VOLUME = "OS::Cinder::Volume"
PROJECT = "OS::Keystone::Project"
PARENTS = ("OS::Nova::Server", "OS::Kubernetes::Pod", PROJECT)

#: Bytes: what chunk sizes are multiples of, and the least one.
CHUNK_UNIT = 64 * 1024


class ChunkSize(types.Integer):
    """A number of bytes that is a multiple of 64 KiB."""

    def __init__(self) -> None:
        super().__init__(min=CHUNK_UNIT, max=1024**3)

    def __call__(self, value: Any) -> int:
        """Read the value.

        :raises ValueError: it is no such number.
        """
        number = super().__call__(value)
        if number is None or number % CHUNK_UNIT:
            raise ValueError(f"Should be a multiple of {CHUNK_UNIT}")
        return int(number)


OPTS = [
    cfg.StrOpt(
        "volumes_path",
        required=True,
        help="Directory of the volumes: files volume-<uuid>, each with a "
        'volume-<uuid>.json {"project_id": ..., "name": ...} that names its '
        "owner. Volumes are protected from it and restored into it.",
    ),
    cfg.Opt(
        "chunk_size",
        type=ChunkSize(),
        default=8 * 1024 * 1024,
        help="Size in bytes of the objects that a volume is cut into; a "
        "multiple of 65536. Chunks of zeros take no object. Smaller ones "
        "find more holes, larger ones need fewer requests; checkpoints that "
        "were made with another size are restored all the same.",
    ),
]


class VolumeFilePlugin(bank_data.BankDataPlugin):
    """Protects volumes that are files of a directory."""

    OPTS = OPTS
    GROUP = "volume_file_plugin"

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        """Return the type of volumes."""
        return (VOLUME,)

    @property
    def _directory(self) -> volumes.VolumeDirectory:
        path = self.config[self.GROUP].volumes_path
        return volumes.VolumeDirectory(pathlib.Path(path))

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that cuts a volume into chunks."""
        return protect.ProtectOperation(
            self._directory, self.config[self.GROUP].chunk_size
        )

    def get_restore_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that makes a new volume of the chunks."""
        return restore.RestoreOperation(self._directory)

    def get_verify_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that checks that the chunks are a volume."""
        return verify.VerifyOperation()

    @classmethod
    def get_options_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return that protecting takes no parameters."""
        return bank_data.no_parameters("Volume File Protection Options")

    @classmethod
    def get_restore_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return that a restore may name the new volume."""
        return {
            "title": "Volume File Restore Options",
            "type": "object",
            "properties": {
                "restore_name": {
                    "type": "string",
                    "title": "Restore Volume Name",
                    "description": "The name of the new volume; by default "
                    "that of the old one.",
                    "minLength": 1,
                    "maxLength": 255,
                    "format": "printable text",
                }
            },
        }

    @classmethod
    def get_saved_info_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return what ``get_saved_info`` tells."""
        return {
            "title": "Volume File Saved Info",
            "type": "object",
            "properties": {
                "volume_id": {
                    "type": "string",
                    "title": "Volume ID",
                    "description": "The id of the volume.",
                },
                "size": {
                    "type": "integer",
                    "title": "Size",
                    "description": "The size of the volume in bytes.",
                },
            },
        }

    @classmethod
    def get_saved_info(
        cls, metadata_store: Any, resource: resource_model.Resource
    ) -> Mapping[str, Any]:
        """Return the id and the size of the protected volume.

        :raises ObjectNotFound, SourceCorrupt: the bank does not tell.
        """
        metadata = chunks.read_metadata(
            metadata_store, buffer=chunks.new_buffer(), check=lambda: None
        )
        return {"volume_id": metadata.volume_id, "size": metadata.size}

    def get_parent_resource_types(self, resource_type: str) -> Sequence[str]:
        """Return the types that have volumes, as Karbor has it."""
        return PARENTS

    def list_resources(
        self,
        context: request_context.RequestContext,
        resource_type: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> Sequence[resource_model.Resource]:
        """Return the caller's volumes; all of them for an administrator."""
        return [_resource(found) for found in self._directory.list(context)]

    def show_resource(
        self,
        context: request_context.RequestContext,
        resource_type: str,
        resource_id: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> resource_model.Resource | None:
        """Return a volume, or None if the caller can't see it."""
        found = self._directory.show(resource_id, context)
        return None if found is None else _resource(found)

    def get_dependent_resources(
        self,
        context: request_context.RequestContext,
        parent: resource_model.Resource,
    ) -> Sequence[resource_model.Resource]:
        """Return a project's volumes; nothing here tells of a server's."""
        if parent.type != PROJECT:
            return ()
        return [
            _resource(found)
            for found in self._directory.list(context)
            if found.project_id == parent.id
        ]


def _resource(volume: volumes.Volume) -> resource_model.Resource:
    return resource_model.Resource(VOLUME, volume.id, volume.name)
