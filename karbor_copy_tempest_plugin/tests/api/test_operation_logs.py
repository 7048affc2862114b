# SPDX-License-Identifier: Apache-2.0
"""Operation logs."""

import uuid
from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from karbor_copy_tempest_plugin.tests import base


class OperationLogsTest(base.ProtectedTest):
    protected: dict[str, Any]

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        cls.copied()
        (cls.protected,) = cls.member.list_operation_logs(
            checkpoint_id=cls.checkpoint["id"], operation_type="protect"
        )["operation_logs"]

    def logs(self, client: Any, **query: Any) -> list[dict[str, Any]]:
        found = client.list_operation_logs(**query)["operation_logs"]
        return list(found)

    @decorators.idempotent_id("d9427a3c-e17a-492e-b4ae-3bc6dda6c60f")
    def test_a_log_tells_of_the_protection(self) -> None:
        self.assertEqual("available", self.protected["status"])
        self.assertEqual(self.plan["id"], self.protected["plan_id"])
        self.assertEqual(self.provider["id"], self.protected["provider_id"])
        self.assertIsNotNone(self.protected["started_at"])
        self.assertIsNotNone(self.protected["ended_at"])
        shown = self.member.show_operation_log(self.protected["id"])
        self.assertEqual(self.protected, shown["operation_log"])

    @decorators.idempotent_id("542de9c0-4cad-42b0-b978-34d07b106449")
    def test_a_log_tells_of_the_copy(self) -> None:
        (copied,) = self.logs(
            self.member, plan_id=self.plan["id"], operation_type="copy"
        )
        self.assertEqual("success", copied["status"])
        self.assertIsNone(copied["error_info"])

    @decorators.idempotent_id("73c8fdf8-548e-4a17-b1f3-b761d8b0f86d")
    def test_a_reader_sees_logs(self) -> None:
        self.assertIn(self.protected, self.logs(self.reader))
        shown = self.reader.show_operation_log(self.protected["id"])
        self.assertEqual(self.protected, shown["operation_log"])

    @decorators.idempotent_id("7c3b347d-c0d6-4955-8c11-6f902ec18e4d")
    def test_an_administrator_lists_everybodys(self) -> None:
        found = self.logs(
            self.admin, all_tenants=True, plan_id=self.plan["id"]
        )
        self.assertIn(self.protected, found)
        others = self.logs(self.stranger, all_tenants=True)
        self.assertNotIn(self.protected, others)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("dc7350ed-6cdf-411a-806d-d265279eda8e")
    def test_a_stranger_finds_none(self) -> None:
        self.assertRaises(
            exceptions.NotFound,
            self.stranger.show_operation_log,
            self.protected["id"],
        )
        self.assertNotIn(self.protected, self.logs(self.stranger))

    @decorators.attr(type="negative")
    @decorators.idempotent_id("665dc86a-2a9d-47f6-a8eb-9d3936b28179")
    def test_an_unknown_log_is_not_found(self) -> None:
        for unknown in (str(uuid.uuid4()), "no-uuid"):
            self.assertRaises(
                exceptions.NotFound, self.member.show_operation_log, unknown
            )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("3b29310d-6144-49ba-8a66-8fb8f69b135d")
    def test_a_bad_query_is_refused(self) -> None:
        for query in ({"sort_key": "no_such"}, {"no_such": 1}):
            self.assertRaises(
                exceptions.BadRequest,
                self.member.list_operation_logs,
                **query,
            )
