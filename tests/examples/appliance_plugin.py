# SPDX-License-Identifier: Apache-2.0
"""Protects disks by a backup appliance; the bank holds only a pointer.

So the plugin brings a copy operation of its own, which lets the appliance
copy the backup to another of its sites.
"""

import hashlib
import pathlib
import shutil
import uuid
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.plugins import bank_data
from karbor_copy.plugins import base

DISK = "Example::Appliance::Disk"


class Appliance:
    """Stands for a vendor's client library: a directory for each site."""

    def __init__(self, root: pathlib.Path) -> None:
        self._root = root

    def back_up(self, disk: str, site: str, name: str) -> str:
        """Make the backup anew and return its digest."""
        shutil.copyfile(self._root / "disks" / disk, self._root / site / name)
        return self.digest(site, name)

    def replicate(self, site: str, name: str, to: str, new_name: str) -> str:
        """Make the replica anew and return its digest."""
        shutil.copyfile(self._root / site / name, self._root / to / new_name)
        return self.digest(to, new_name)

    def restore(self, site: str, name: str, disk: str) -> None:
        """Make a disk of a backup."""
        shutil.copyfile(self._root / site / name, self._root / "disks" / disk)

    def delete(self, site: str, name: str) -> None:
        """Delete a backup, if it is there."""
        (self._root / site / name).unlink(missing_ok=True)

    def digest(self, site: str, name: str) -> str:
        """Return the SHA-256 of a backup."""
        data = (self._root / site / name).read_bytes()
        return hashlib.sha256(data).hexdigest()


def put_pointer(
    section: bank_section.BankSection, site: str, name: str, digest: str
) -> None:
    """Write the pointer, and only then that it is available."""
    section.update_object(
        "metadata", {"site": site, "name": name, "sha256": digest}
    )
    section.update_object("status", status.ResourceStatus.AVAILABLE)


class _Operation(base.Operation):
    def __init__(
        self, appliance: Appliance, options: cfg.ConfigOpts.GroupAttr
    ) -> None:
        self.appliance = appliance
        self.options = options


class ProtectDisk(_Operation):
    """Lets the appliance make a backup."""

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        **kwargs: Any,
    ) -> None:
        """Make the backup under a name that another attempt makes too."""
        site, name = self.options.site, f"{checkpoint.id}.{resource.id}"
        digest = self.appliance.back_up(resource.id, site, name)
        section = checkpoint.get_resource_bank_section(resource.id)
        put_pointer(section, site, name, digest)


class CopyDisk(_Operation):
    """Lets the appliance copy the backup to the target provider's site."""

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        checkpoint_copy: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        transfer: bank_transfer.Transfer,
        **kwargs: Any,
    ) -> None:
        """Replicate, compare, and write the target's own pointer.

        :raises ResourceFailed: no site is known, or the replica is wrong.
        """
        source = checkpoint.get_resource_bank_section(resource.id)
        transfer.verify_section(source, resource.key)
        pointer = source.get_object("metadata")
        site = self.options.replica_sites.get(checkpoint_copy.provider_id)
        if site is None:
            raise exceptions.ResourceFailed(
                reason="the target provider has no site of the appliance"
            )
        name = f"{checkpoint_copy.id}.{resource.id}"
        transfer.check()
        digest = self.appliance.replicate(
            pointer["site"], pointer["name"], site, name
        )
        if digest != pointer["sha256"]:
            raise exceptions.ResourceFailed(
                reason="the replica differs from the backup"
            )
        target = checkpoint_copy.get_resource_bank_section(resource.id)
        put_pointer(target, site, name, digest)


class RestoreDisk(_Operation):
    """Makes a new disk of a backup, wherever the backup is."""

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        restore: base.ResourceRecord,
        new_resources: dict[str, str],
        **kwargs: Any,
    ) -> None:
        """Restore into a disk whose id another attempt derives too."""
        section = checkpoint.get_resource_bank_section(resource.id)
        pointer = section.get_object("metadata")
        new_id = str(uuid.uuid5(uuid.UUID(restore.id), resource.key))
        self.appliance.restore(pointer["site"], pointer["name"], new_id)
        new_resources[resource.id] = new_id


class VerifyDisk(_Operation):
    """Asks the appliance whether the backup is what it was."""

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        **kwargs: Any,
    ) -> None:
        """Compare the backup's digest with the pointer's.

        :raises ResourceFailed: they differ.
        """
        section = checkpoint.get_resource_bank_section(resource.id)
        pointer = section.get_object("metadata")
        found = self.appliance.digest(pointer["site"], pointer["name"])
        if found != pointer["sha256"]:
            raise exceptions.ResourceFailed(reason="the backup was altered")


class DeleteDisk(bank_data.BankDeleteOperation):
    """Deletes the backup, then the pointer as the base class does."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance

    def on_prepare_begin(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        **kwargs: Any,
    ) -> None:
        """Delete the backup, if the pointer is still there."""
        section = checkpoint.get_resource_bank_section(resource.id)
        try:
            pointer = section.get_object("metadata")
        except exceptions.ObjectNotFound:
            return
        self._appliance.delete(pointer["site"], pointer["name"])


class AppliancePlugin(base.ProtectionPlugin):
    """No BankDataPlugin: the section alone is not enough to restore from."""

    OPTS = (
        cfg.StrOpt("root", required=True, help="Where the appliance is."),
        cfg.StrOpt("site", required=True, help="Site of this provider."),
        cfg.DictOpt(
            "replica_sites",
            default={},
            help="Provider id to site, for each provider to copy to.",
        ),
    )
    GROUP = "appliance_plugin"

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        """Return the type of the appliance's disks."""
        return (DISK,)

    def _make(self, operation: type[_Operation]) -> base.Operation:
        options = self.config[self.GROUP]
        return operation(Appliance(pathlib.Path(options.root)), options)

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that makes a backup."""
        return self._make(ProtectDisk)

    def get_copy_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that replicates a backup."""
        return self._make(CopyDisk)

    def get_restore_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that makes a disk of a backup."""
        return self._make(RestoreDisk)

    def get_verify_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that compares digests."""
        return self._make(VerifyDisk)

    def get_delete_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that deletes a backup."""
        root = pathlib.Path(self.config[self.GROUP].root)
        return DeleteDisk(Appliance(root))

    @classmethod
    def get_copy_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return that a copy takes no parameters."""
        return bank_data.no_parameters("Appliance Copy Options")
