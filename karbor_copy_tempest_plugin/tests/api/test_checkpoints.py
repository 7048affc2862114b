# SPDX-License-Identifier: Apache-2.0
"""Checkpoints."""

import json
import uuid
from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from karbor_copy_tempest_plugin.tests import base


class CheckpointsTest(base.ProtectedTest):
    def ids(self, client: Any, **query: Any) -> list[str]:
        found = client.list_checkpoints(self.provider["id"], **query)
        return [checkpoint["id"] for checkpoint in found["checkpoints"]]

    def show(self, client: Any) -> Any:
        return client.show_checkpoint(
            self.provider["id"], self.checkpoint["id"]
        )["checkpoint"]

    @decorators.idempotent_id("29e767d9-9063-4ddf-bd70-1f5ffe22840e")
    def test_a_checkpoint_tells_what_it_protects(self) -> None:
        self.assertEqual("available", self.checkpoint["status"])
        self.assertEqual(self.member.project_id, self.checkpoint["project_id"])
        plan = self.checkpoint["protection_plan"]
        self.assertEqual(self.plan["id"], plan["id"])
        protected = [resource["id"] for resource in plan["resources"]]
        self.assertEqual([self.volume["id"]], protected)
        self.assertIn(self.volume["id"], self.checkpoint["resource_graph"])

    @decorators.idempotent_id("a9706534-2989-4e98-925a-14832334352a")
    def test_checkpoints_are_found_by_plan(self) -> None:
        wanted = [self.checkpoint["id"]]
        found = self.ids(self.member, plan_id=self.plan["id"])
        self.assertEqual(wanted, found)
        other = self.make_plan(self.volume)
        self.assertEqual([], self.ids(self.member, plan_id=other["id"]))

    @decorators.idempotent_id("e889a4c5-084f-4df4-a12a-18e3b5606d78")
    def test_a_checkpoint_is_made_and_deleted(self) -> None:
        provider_id = self.provider["id"]
        plan = self.make_plan(self.volume)
        made = self.member.create_checkpoint(
            provider_id,
            plan_id=plan["id"],
            **{"extra-info": {"ticket": "4711"}},
        )["checkpoint"]
        self.addCleanup(self.remove, provider_id, made["id"])
        self.assertEqual("protecting", made["status"])

        def show() -> Any:
            shown = self.member.show_checkpoint(provider_id, made["id"])
            return shown["checkpoint"]

        protected = self.succeeded("available", show)
        self.assertEqual("4711", json.loads(protected["extra_info"])["ticket"])
        self.member.delete_checkpoint(provider_id, made["id"])
        self.succeeded("deleted", show)
        found = self.ids(self.member, plan_id=plan["id"], status="available")
        self.assertEqual([], found)

    @decorators.idempotent_id("cd5b9830-a514-4863-ad91-7c4abd7d849d")
    def test_a_reader_sees_checkpoints(self) -> None:
        self.assertIn(self.checkpoint["id"], self.ids(self.reader))
        self.assertEqual(self.checkpoint, self.show(self.reader))

    @decorators.idempotent_id("d99d6d28-0590-4b5a-935a-4110f5841f57")
    def test_an_administrator_lists_everybodys(self) -> None:
        wanted = self.checkpoint["id"]
        self.assertIn(wanted, self.ids(self.admin, all_tenants=True))
        others = self.ids(self.stranger, all_tenants=True)
        self.assertNotIn(wanted, others)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("a46dd7c0-2cae-49c2-ae0d-1f2a3e0ad8e6")
    def test_a_reader_makes_and_deletes_none(self) -> None:
        self.assertRaises(
            exceptions.Forbidden,
            self.reader.create_checkpoint,
            self.provider["id"],
            plan_id=self.plan["id"],
        )
        self.assertRaises(
            exceptions.Forbidden,
            self.reader.delete_checkpoint,
            self.provider["id"],
            self.checkpoint["id"],
        )
        self.assertEqual(self.checkpoint, self.show(self.member))

    @decorators.attr(type="negative")
    @decorators.idempotent_id("d9307a89-4be2-4f4e-a317-a4826f252ec0")
    def test_a_stranger_finds_none(self) -> None:
        self.assertRaises(exceptions.NotFound, self.show, self.stranger)
        self.assertRaises(
            exceptions.NotFound,
            self.stranger.delete_checkpoint,
            self.provider["id"],
            self.checkpoint["id"],
        )
        self.assertEqual(self.checkpoint, self.show(self.member))

    @decorators.attr(type="negative")
    @decorators.idempotent_id("237f4050-3270-4bc5-87cc-3b8d105e510c")
    def test_a_stranger_protects_no_plan_of_others(self) -> None:
        self.assertRaises(
            exceptions.NotFound,
            self.stranger.create_checkpoint,
            self.provider["id"],
            plan_id=self.plan["id"],
        )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("0ccefb56-c51e-4387-b90c-ca87c8ff6072")
    def test_a_bad_request_is_refused(self) -> None:
        for provider_id, checkpoint in (
            (self.provider["id"], {}),
            (self.provider["id"], {"plan_id": "no-uuid"}),
            (self.target["id"], {"plan_id": self.plan["id"]}),
        ):
            self.assertRaises(
                exceptions.BadRequest,
                self.member.create_checkpoint,
                provider_id,
                **checkpoint,
            )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("c7e1f526-fd77-4f3e-8a5c-82bad0f75966")
    def test_what_is_unknown_is_not_found(self) -> None:
        unknown = str(uuid.uuid4())
        for request in (
            lambda: self.member.list_checkpoints(unknown),
            lambda: self.member.show_checkpoint(self.provider["id"], unknown),
            lambda: self.member.delete_checkpoint(
                self.provider["id"], unknown
            ),
            lambda: self.member.create_checkpoint(
                self.provider["id"], plan_id=unknown
            ),
        ):
            self.assertRaises(exceptions.NotFound, request)
