# SPDX-License-Identifier: Apache-2.0
"""Protects notes, text files of a directory: all data lies in the bank."""

import os
import pathlib
import uuid
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.plugins import bank_copy
from karbor_copy.plugins import bank_data
from karbor_copy.plugins import base

NOTE = "Example::Desk::Note"
TEXT_NAME = "text"


class ProtectNote(base.Operation):
    """Puts the text, then says that the resource is available."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        context: request_context.RequestContext,
        transfer: bank_transfer.Transfer,
        **kwargs: Any,
    ) -> None:
        """Read the note and put it; running it again puts it again."""
        section = checkpoint.get_resource_bank_section(resource.id)
        section.update_object(
            bank_copy.STATUS_NAME, status.ResourceStatus.PROTECTING
        )
        transfer.check()
        try:
            note = self._path / str(context.project_id) / resource.id
            text = note.read_text(encoding="utf-8")
        except OSError as error:
            # The message is shown to the user: no path in it.
            raise exceptions.ResourceFailed(
                reason=f"the note can't be read: {error.strerror}"
            ) from error
        section.update_object(TEXT_NAME, text)
        section.update_object(
            bank_copy.STATUS_NAME, status.ResourceStatus.AVAILABLE
        )


class RestoreNote(base.Operation):
    """Makes a new note, whose id is the same however often this runs."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        restore: base.ResourceRecord,
        new_resources: dict[str, str],
        transfer: bank_transfer.Transfer,
        **kwargs: Any,
    ) -> None:
        """Check what the bank holds, write it aside, then show it."""
        section = checkpoint.get_resource_bank_section(resource.id)
        transfer.verify_section(section, resource.key)
        new_id = str(uuid.uuid5(uuid.UUID(restore.id), resource.key))
        directory = self._path / restore.project_id
        aside = directory / f".{new_id}"
        try:
            directory.mkdir(exist_ok=True)
            aside.write_text(section.get_object(TEXT_NAME), encoding="utf-8")
            os.replace(aside, directory / new_id)
        except OSError as error:
            raise exceptions.ResourceFailed(
                reason=f"the note can't be written: {error.strerror}"
            ) from error
        new_resources[resource.id] = new_id
        restore.update_resource_status(
            resource.type, new_id, status.ResourceStatus.AVAILABLE
        )


class NotePlugin(bank_data.BankDataPlugin):
    """Has copy, verify and delete from its base class."""

    OPTS = (
        cfg.StrOpt(
            "notes_path",
            required=True,
            help="Directory of the notes: <project id>/<note id>.",
        ),
    )
    GROUP = "note_plugin"

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        """Return the type of notes."""
        return (NOTE,)

    @property
    def _path(self) -> pathlib.Path:
        return pathlib.Path(self.config[self.GROUP].notes_path)

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that puts a note into the bank."""
        return ProtectNote(self._path)

    def get_restore_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that makes a note anew."""
        return RestoreNote(self._path)

    @classmethod
    def get_options_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return that protecting takes no parameters."""
        return bank_data.no_parameters("Note Protection Options")

    @classmethod
    def get_restore_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return that restoring takes no parameters."""
        return bank_data.no_parameters("Note Restore Options")

    def list_resources(
        self,
        context: request_context.RequestContext,
        resource_type: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> Sequence[resource_model.Resource]:
        """Return the notes of the caller's project."""
        directory = self._path / str(context.project_id)
        if not directory.is_dir():
            return ()
        return [
            resource_model.Resource(NOTE, note.name, note.name)
            for note in sorted(directory.iterdir())
            if not note.name.startswith(".")
        ]

    def show_resource(
        self,
        context: request_context.RequestContext,
        resource_type: str,
        resource_id: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> resource_model.Resource | None:
        """Return one note of the caller's project."""
        for note in self.list_resources(context, resource_type):
            if note.id == resource_id:
                return note
        return None
