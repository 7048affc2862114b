# SPDX-License-Identifier: Apache-2.0
"""Copies."""

import json
import uuid
from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from karbor_copy_tempest_plugin.tests import base


class CopiesTest(base.ProtectedTest):
    copy: dict[str, Any]

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        cls.copy = cls.copied()

    def ids(self, client: Any, **query: Any) -> list[str]:
        return [copy["id"] for copy in client.list_copies(**query)["copies"]]

    def ask(self, client: Any, **changes: Any) -> Any:
        return client.create_copy(
            self.provider["id"], **{"plan_id": self.plan["id"], **changes}
        )["copy"]

    @decorators.idempotent_id("8f37cdd5-37a9-4fa8-965d-03d0fd44ee4c")
    def test_a_copy_is_a_checkpoint_of_the_target(self) -> None:
        (member,) = self.copy["checkpoint_copies"]
        self.assertEqual("finished", member["status"])
        self.assertEqual(self.checkpoint["id"], member["checkpoint_id"])
        self.assertLess(0, member["bytes_copied"])
        shown = self.member.show_checkpoint(
            self.target["id"], member["checkpoint_copy_id"]
        )["checkpoint"]
        self.assertEqual("available", shown["status"])
        self.assertEqual(
            self.checkpoint["protection_plan"], shown["protection_plan"]
        )
        self.assertIn(
            self.checkpoint["id"],
            json.dumps(json.loads(shown["extra_info"])["copied_from"]),
        )

    @decorators.idempotent_id("b9594cb8-fbbf-45c4-88b2-b631e5df3297")
    def test_a_copy_lists_what_it_waited_for(self) -> None:
        found = self.member.list_checkpoint_copies(
            self.copy["id"], checkpoint_id=self.checkpoint["id"]
        )["checkpoint_copies"]
        self.assertEqual(self.copy["checkpoint_copies"], found)
        self.assertEqual({"finished": 1}, self.copy["counts"])

    @decorators.idempotent_id("7f056f1e-dfcc-490e-bc0d-8c0f9276a01f")
    def test_what_is_copied_is_not_copied_again(self) -> None:
        again = self.ask(self.member, target_provider_id=self.target["id"])
        self.assertEqual("finished", again["status"])
        shown = self.member.show_copy(again["id"])["copy"]
        self.assertEqual([], shown["checkpoint_copies"])

    @decorators.idempotent_id("0bcad361-de92-4a4a-a308-eed6f6b930fd")
    def test_copies_are_found_by_plan_and_target(self) -> None:
        wanted = self.copy["id"]
        for query in (
            {"plan_id": self.plan["id"]},
            {"target_provider_id": self.target["id"]},
            {"status": "finished"},
        ):
            self.assertIn(wanted, self.ids(self.member, **query))
        others = self.ids(self.member, status="error")
        self.assertNotIn(self.copy["id"], others)

    @decorators.idempotent_id("5946923e-0590-4c0c-b043-99ffdb75c43b")
    def test_a_reader_sees_copies(self) -> None:
        self.assertIn(self.copy["id"], self.ids(self.reader))
        shown = self.reader.show_copy(self.copy["id"])["copy"]
        self.assertEqual(self.copy, shown)
        found = self.reader.list_checkpoint_copies(self.copy["id"])
        self.assertEqual(
            self.copy["checkpoint_copies"], found["checkpoint_copies"]
        )

    @decorators.idempotent_id("64fd03a3-3898-4282-a6be-66f407242e96")
    def test_an_administrator_lists_everybodys(self) -> None:
        wanted = self.copy["id"]
        self.assertIn(wanted, self.ids(self.admin, all_tenants=True))
        others = self.ids(self.stranger, all_tenants=True)
        self.assertNotIn(wanted, others)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("a24341e7-6db5-4485-aa4f-9c3bc5c99c22")
    def test_a_reader_makes_and_changes_none(self) -> None:
        for request in (
            lambda: self.ask(self.reader),
            lambda: self.reader.cancel_copy(self.copy["id"]),
            lambda: self.reader.retry_copy(self.copy["id"]),
        ):
            self.assertRaises(exceptions.Forbidden, request)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("2bbb7a03-1e37-4e97-9671-32e31d43efb0")
    def test_a_stranger_finds_none(self) -> None:
        for request in (
            self.stranger.show_copy,
            self.stranger.list_checkpoint_copies,
            self.stranger.cancel_copy,
            self.stranger.retry_copy,
        ):
            self.assertRaises(exceptions.NotFound, request, self.copy["id"])
        self.assertRaises(exceptions.NotFound, self.ask, self.stranger)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("161d3d3c-badf-415c-9a40-9ee291942484")
    def test_what_has_ended_is_not_cancelled_or_retried(self) -> None:
        for request in (self.member.cancel_copy, self.member.retry_copy):
            self.assertRaises(exceptions.Conflict, request, self.copy["id"])

    @decorators.attr(type="negative")
    @decorators.idempotent_id("af6c8cbc-5943-43c4-8ed9-dee60e440228")
    def test_a_bad_request_is_refused(self) -> None:
        for changes in (
            {"plan_id": "no-uuid"},
            {"provider_id": self.target["id"]},
            {"target_provider_id": str(uuid.uuid4())},
            {"parameters": 7},
        ):
            self.assertRaises(
                exceptions.BadRequest, self.ask, self.member, **changes
            )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("dc8836cf-c639-4ea1-9769-932f3cab7252")
    def test_a_plan_that_was_not_protected_is_refused(self) -> None:
        plan = self.make_plan(self.volume)
        self.assertRaises(
            exceptions.BadRequest, self.ask, self.member, plan_id=plan["id"]
        )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("47a9103b-5d28-49eb-bcbc-8d36ee1893ba")
    def test_what_is_unknown_is_not_found(self) -> None:
        unknown = str(uuid.uuid4())
        for request in (
            lambda: self.member.show_copy(unknown),
            lambda: self.member.cancel_copy(unknown),
            lambda: self.ask(self.member, plan_id=unknown),
            lambda: self.member.create_copy(unknown, plan_id=self.plan["id"]),
        ):
            self.assertRaises(exceptions.NotFound, request)
