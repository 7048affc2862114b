# SPDX-License-Identifier: Apache-2.0
"""What tests begin with: four people, two providers, a checkpoint."""

import os
from collections.abc import Callable
from typing import Any

from tempest import config
from tempest import test
from tempest.lib import exceptions
from tempest.lib.common.utils import test_utils

from karbor_copy_tempest_plugin import client
from karbor_copy_tempest_plugin import volumes

CONF = config.CONF

#: The statuses in which something is still to come.
OPEN = {"protecting", "wait_copying", "copying", "deleting", "in_progress"}
#: Bytes of a volume.
SIZE = 300_000


def chosen(option: str, providers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the provider that an option names, the first if it is empty.

    :raises InvalidConfiguration: there is none.
    """
    name = CONF.data_protection[option]
    for provider in providers:
        if name in ("", provider["name"]):
            return provider
    raise exceptions.InvalidConfiguration(
        f"[data_protection] {option}: no provider serves"
    )


class DataProtectionTest(test.BaseTestCase):
    """Has the clients of a member, a reader, an administrator, a stranger.

    All but the stranger, who is a member of another one, are in one project.
    """

    credentials = (
        "project_member",
        "project_alt_member",
        "project_reader",
        "project_admin",
    )
    member: client.DataProtectionClient
    stranger: client.DataProtectionClient
    reader: client.DataProtectionClient
    admin: client.DataProtectionClient
    provider: dict[str, Any]
    target: dict[str, Any]

    @classmethod
    def skip_checks(cls) -> None:
        """Skip the class where there is no karbor_copy."""
        super().skip_checks()
        if not CONF.service_available.karbor_copy:
            raise cls.skipException("karbor_copy is not available")

    @classmethod
    def setup_clients(cls) -> None:
        """Name the clients."""
        super().setup_clients()

        def made(manager: Any) -> Any:
            return manager.data_protection.DataProtectionClient()

        cls.member = made(cls.os_project_member)
        cls.stranger = made(cls.os_project_alt_member)
        cls.reader = made(cls.os_project_reader)
        cls.admin = made(cls.os_project_admin)

    @classmethod
    def resource_setup(cls) -> None:
        """Find the providers to protect with and to copy to."""
        super().resource_setup()
        found = cls.member.list_providers()["providers"]
        cls.provider = chosen(
            "provider", [one for one in found if one["targets"]]
        )
        known = {one["id"]: one for one in found}
        cls.target = chosen(
            "target_provider",
            [known[id_] for id_ in cls.provider["targets"] if id_ in known],
        )

    @classmethod
    def make_plan(cls, *resources: dict[str, str]) -> dict[str, Any]:
        """Make a plan, which the class removes."""
        plan = cls.member.create_plan(
            name="tempest",
            provider_id=cls.provider["id"],
            resources=list(resources),
            parameters={},
        )["plan"]
        cls.addClassResourceCleanup(
            test_utils.call_and_ignore_notfound_exc,
            cls.member.delete_plan,
            plan["id"],
        )
        return dict(plan)

    @staticmethod
    def ended(show: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return something as soon as its status is an end.

        :raises TimeoutException: it never was.
        """
        found: dict[str, Any] = {}

        def has_ended() -> bool:
            found.update(show())
            return found["status"] not in OPEN

        options = CONF.data_protection
        if not test_utils.call_until_true(
            has_ended, options.build_timeout, options.build_interval
        ):
            raise exceptions.TimeoutException(f"still under way: {found}")
        return found


class ProtectedTest(DataProtectionTest):
    """Also has a plan with one volume, and its first checkpoint."""

    volumes: volumes.Volumes
    data: bytes
    volume: dict[str, str]
    plan: dict[str, Any]
    checkpoint: dict[str, Any]

    @classmethod
    def skip_checks(cls) -> None:
        """Skip the class where it can't make volumes."""
        super().skip_checks()
        if not CONF.data_protection.volumes_path:
            raise cls.skipException("[data_protection] volumes_path is empty")

    @classmethod
    def resource_setup(cls) -> None:
        """Protect a volume."""
        super().resource_setup()
        cls.volumes = volumes.Volumes(
            CONF.data_protection.volumes_path, cls.member.project_id
        )
        cls.addClassResourceCleanup(cls.volumes.remove)
        cls.data = os.urandom(SIZE)
        cls.volume = cls.volumes.create(cls.data)
        cls.plan = cls.make_plan(cls.volume)
        cls.checkpoint = cls.protect()

    @classmethod
    def protect(cls) -> dict[str, Any]:
        """Make a checkpoint of the plan, which the class removes.

        :raises AssertionError: it did not succeed.
        """
        provider_id = cls.provider["id"]
        made = cls.member.create_checkpoint(
            provider_id, plan_id=cls.plan["id"]
        )["checkpoint"]
        cls.addClassResourceCleanup(cls.remove, provider_id, made["id"])
        return cls.succeeded(
            "available",
            lambda: cls.member.show_checkpoint(provider_id, made["id"])[
                "checkpoint"
            ],
        )

    @classmethod
    def copied(cls) -> dict[str, Any]:
        """Copy the plan's checkpoints; return the copy with its members.

        :raises AssertionError: it did not succeed.
        """
        made = cls.member.create_copy(
            cls.provider["id"],
            plan_id=cls.plan["id"],
            target_provider_id=cls.target["id"],
        )["copy"]
        copy = cls.succeeded(
            "finished", lambda: cls.member.show_copy(made["id"])["copy"]
        )
        for member in copy["checkpoint_copies"]:
            cls.addClassResourceCleanup(
                cls.remove, cls.target["id"], member["checkpoint_copy_id"]
            )
        return copy

    @classmethod
    def restored(cls, provider_id: str, checkpoint_id: str) -> dict[str, Any]:
        """Restore a checkpoint; return the restore.

        :raises AssertionError: it did not succeed.
        """
        made = cls.member.create_restore(
            provider_id=provider_id,
            checkpoint_id=checkpoint_id,
            parameters={},
        )["restore"]
        return cls.succeeded(
            "success", lambda: cls.member.show_restore(made["id"])["restore"]
        )

    @classmethod
    def succeeded(
        cls, wanted: str, show: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return something that has ended, as it should.

        :raises AssertionError: its end is another one.
        """
        found = cls.ended(show)
        if found["status"] != wanted:
            raise AssertionError(f"not {wanted}: {found}")
        return found

    @classmethod
    def remove(cls, provider_id: str, checkpoint_id: str) -> None:
        """Delete a checkpoint, unless it is deleted, and wait for that.

        :raises AssertionError: it can't be deleted.
        """

        def show() -> dict[str, Any]:
            return dict(
                cls.member.show_checkpoint(provider_id, checkpoint_id)[
                    "checkpoint"
                ]
            )

        if cls.ended(show)["status"] != "deleted":
            cls.member.delete_checkpoint(provider_id, checkpoint_id)
            cls.succeeded("deleted", show)
