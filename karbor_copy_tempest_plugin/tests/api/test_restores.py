# SPDX-License-Identifier: Apache-2.0
"""Restores."""

import uuid
from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from karbor_copy_tempest_plugin.tests import base


class RestoresTest(base.ProtectedTest):
    restore: dict[str, Any]

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        cls.restore = cls.restored(cls.provider["id"], cls.checkpoint["id"])

    @classmethod
    def body(cls, **changes: Any) -> dict[str, Any]:
        return {
            "provider_id": cls.provider["id"],
            "checkpoint_id": cls.checkpoint["id"],
            "parameters": {},
            **changes,
        }

    def ids(self, client: Any, **query: Any) -> list[str]:
        found = client.list_restores(**query)["restores"]
        return [restore["id"] for restore in found]

    @decorators.idempotent_id("190bbb3b-1fa9-47c9-9c90-0e09259376ef")
    def test_a_restore_makes_the_volume_anew(self) -> None:
        self.assertEqual([self.data, self.data], self.volumes.contents())
        self.assertEqual(self.checkpoint["id"], self.restore["checkpoint_id"])
        statuses = list(self.restore["resources_status"].values())
        self.assertEqual(["available"], statuses)

    @decorators.idempotent_id("16b75b7a-972d-44ed-95eb-c5952a5eb0a6")
    def test_restores_are_found_by_checkpoint(self) -> None:
        found = self.ids(self.member, checkpoint_id=self.checkpoint["id"])
        self.assertEqual([self.restore["id"]], found)
        others = self.ids(self.member, status="fail")
        self.assertNotIn(self.restore["id"], others)

    @decorators.idempotent_id("29f166ce-397d-4537-9d86-9bb1afc3365e")
    def test_a_reader_sees_restores(self) -> None:
        self.assertIn(self.restore["id"], self.ids(self.reader))
        shown = self.reader.show_restore(self.restore["id"])
        self.assertEqual(self.restore, shown["restore"])

    @decorators.idempotent_id("107b8e55-702b-413b-b3e9-16fc817635ed")
    def test_an_administrator_lists_everybodys(self) -> None:
        wanted = self.restore["id"]
        self.assertIn(wanted, self.ids(self.admin, all_tenants=True))
        others = self.ids(self.stranger, all_tenants=True)
        self.assertNotIn(wanted, others)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("e6f6b1d6-6dea-439a-a88f-eadd408a3280")
    def test_a_reader_makes_none(self) -> None:
        self.assertRaises(
            exceptions.Forbidden,
            self.reader.create_restore,
            **self.body(),
        )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("4090d9f0-9d41-4872-b5b4-fc5ad205a4a6")
    def test_a_stranger_finds_none(self) -> None:
        self.assertRaises(
            exceptions.NotFound,
            self.stranger.show_restore,
            self.restore["id"],
        )
        self.assertRaises(
            exceptions.NotFound,
            self.stranger.create_restore,
            **self.body(),
        )
        self.assertNotIn(self.restore["id"], self.ids(self.stranger))

    @decorators.attr(type="negative")
    @decorators.idempotent_id("f49c158d-db1a-4066-bde6-56cfa3628c4f")
    def test_a_bad_request_is_refused(self) -> None:
        bad: tuple[dict[str, Any], ...] = (
            {"provider_id": "no-uuid"},
            {"checkpoint_id": 7},
            {"parameters": []},
        )
        for changes in bad:
            self.assertRaises(
                exceptions.BadRequest,
                self.member.create_restore,
                **self.body(**changes),
            )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("9e75e82c-f9d7-4ef4-a963-030f28746ef7")
    def test_what_is_unknown_is_not_found(self) -> None:
        unknown = str(uuid.uuid4())
        self.assertRaises(
            exceptions.NotFound, self.member.show_restore, unknown
        )
        self.assertRaises(
            exceptions.NotFound,
            self.member.create_restore,
            **self.body(checkpoint_id=unknown),
        )
