# SPDX-License-Identifier: Apache-2.0
"""Verifications."""

import uuid
from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from karbor_copy_tempest_plugin.tests import base


class VerificationsTest(base.ProtectedTest):
    verification: dict[str, Any]

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        made = cls.member.create_verification(**cls.body())["verification"]
        cls.verification = cls.succeeded(
            "success",
            lambda: cls.member.show_verification(made["id"])["verification"],
        )

    @classmethod
    def body(cls, **changes: Any) -> dict[str, Any]:
        return {
            "provider_id": cls.provider["id"],
            "checkpoint_id": cls.checkpoint["id"],
            "parameters": {},
            **changes,
        }

    def ids(self, client: Any, **query: Any) -> list[str]:
        found = client.list_verifications(**query)["verifications"]
        return [verification["id"] for verification in found]

    @decorators.idempotent_id("b266a95c-dee9-4bb5-b520-f57d4ee897ee")
    def test_a_verification_tells_of_each_resource(self) -> None:
        self.assertEqual(
            self.checkpoint["id"], self.verification["checkpoint_id"]
        )
        statuses = list(self.verification["resources_status"].values())
        self.assertEqual(["available"], statuses)

    @decorators.idempotent_id("0e348eba-6f3e-4640-a6e5-6d9e303388fb")
    def test_verifications_are_found_by_checkpoint(self) -> None:
        found = self.ids(self.member, checkpoint_id=self.checkpoint["id"])
        self.assertEqual([self.verification["id"]], found)
        others = self.ids(self.member, status="fail")
        self.assertNotIn(self.verification["id"], others)

    @decorators.idempotent_id("25b6d0a8-b448-4a2c-b676-94480349ab7b")
    def test_a_reader_sees_verifications(self) -> None:
        self.assertIn(self.verification["id"], self.ids(self.reader))
        shown = self.reader.show_verification(self.verification["id"])
        self.assertEqual(self.verification, shown["verification"])

    @decorators.idempotent_id("c7a25514-930b-4a02-82c9-36cf9db5b468")
    def test_an_administrator_lists_everybodys(self) -> None:
        wanted = self.verification["id"]
        self.assertIn(wanted, self.ids(self.admin, all_tenants=True))
        others = self.ids(self.stranger, all_tenants=True)
        self.assertNotIn(wanted, others)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("52aeb714-001b-42ee-a140-74f1ecb82f1a")
    def test_a_reader_makes_none(self) -> None:
        self.assertRaises(
            exceptions.Forbidden,
            self.reader.create_verification,
            **self.body(),
        )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("48ed856e-9ee1-44ba-877a-67451dbf6351")
    def test_a_stranger_finds_none(self) -> None:
        self.assertRaises(
            exceptions.NotFound,
            self.stranger.show_verification,
            self.verification["id"],
        )
        self.assertRaises(
            exceptions.NotFound,
            self.stranger.create_verification,
            **self.body(),
        )
        self.assertNotIn(self.verification["id"], self.ids(self.stranger))

    @decorators.attr(type="negative")
    @decorators.idempotent_id("b610e154-9230-4def-96eb-8e9f5af4fba3")
    def test_a_bad_request_is_refused(self) -> None:
        bad: tuple[dict[str, Any], ...] = (
            {"provider_id": "no-uuid"},
            {"checkpoint_id": 7},
            {"parameters": []},
        )
        for changes in bad:
            self.assertRaises(
                exceptions.BadRequest,
                self.member.create_verification,
                **self.body(**changes),
            )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("3a4cead9-7a46-404d-a909-c9bc725da410")
    def test_what_is_unknown_is_not_found(self) -> None:
        unknown = str(uuid.uuid4())
        self.assertRaises(
            exceptions.NotFound, self.member.show_verification, unknown
        )
        self.assertRaises(
            exceptions.NotFound,
            self.member.create_verification,
            **self.body(checkpoint_id=unknown),
        )
