# SPDX-License-Identifier: Apache-2.0
"""The base of plugins whose data lies in their bank section, all of it."""

from collections.abc import Mapping
from typing import Any

from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.plugins import bank_copy
from karbor_copy.plugins import base
from karbor_copy.plugins import records


def no_parameters(title: str) -> dict[str, Any]:
    """Return the JSON schema of an operation that takes no parameters."""
    return {"title": title, "type": "object", "properties": {}}


class BankDataPlugin(base.ProtectionPlugin):
    """A plugin that gets copy, verify and delete for nothing.

    By subclassing it a plugin declares that its section alone is enough to
    restore from. One that keeps a mere pointer there, such as the id of a
    backup elsewhere, must not: its copies would be lost with the original.
    """

    KEEPS_STATUS = True

    def get_copy_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that copies the section."""
        return bank_copy.BankCopyOperation()

    def get_verify_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that reads the section against its manifest."""
        return BankVerifyOperation()

    def get_delete_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that empties the section."""
        return BankDeleteOperation()

    @classmethod
    def get_copy_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return that a copy takes no parameters."""
        return no_parameters("Copy Options")

    @classmethod
    def get_verify_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return that a verification takes no parameters."""
        return no_parameters("Verify Options")


class BankVerifyOperation(base.Operation):
    """Checks that the section is finished, whole and unaltered."""

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        verify: base.ResourceRecord,
        transfer: bank_transfer.Transfer,
        **kwargs: Any,
    ) -> None:
        """Read all that the section holds and report what is found."""
        section = checkpoint.get_resource_bank_section(resource.id)
        with records.reported(
            verify,
            resource.type,
            resource.id,
            status.ResourceStatus.VERIFYING,
        ):
            bank_copy.check_available(section)
            transfer.verify_section(section, resource.key)
            self.check_content(section, transfer)

    def check_content(
        self,
        section: bank_section.BankSection,
        transfer: bank_transfer.Transfer,
    ) -> None:
        """Check what only the plugin knows of its objects.

        :raises KarborCopyError: the resource can't be restored from them.
        """


class BankDeleteOperation(base.Operation):
    """Deletes all of the section but its status, as Karbor's plugins do."""

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        transfer: bank_transfer.Transfer,
        **kwargs: Any,
    ) -> None:
        """Delete the objects and leave the status ``deleted``."""
        section = checkpoint.get_resource_bank_section(resource.id)
        section.update_object(
            bank_copy.STATUS_NAME, status.ResourceStatus.DELETING
        )
        for key in [info.key for info in section.list()]:
            if key != bank_copy.STATUS_NAME:
                transfer.check()
                section.delete(key)
        section.update_object(
            bank_copy.STATUS_NAME, status.ResourceStatus.DELETED
        )
