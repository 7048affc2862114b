# SPDX-License-Identifier: Apache-2.0
"""Plans."""

import uuid
from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from karbor_copy_tempest_plugin import volumes
from karbor_copy_tempest_plugin.tests import base


def resource() -> dict[str, str]:
    return {"type": volumes.VOLUME, "id": str(uuid.uuid4()), "name": "disk"}


class PlansTest(base.DataProtectionTest):
    plan: dict[str, Any]

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        cls.plan = cls.make_plan(resource())

    def ids(self, client: Any, **query: Any) -> list[str]:
        return [plan["id"] for plan in client.list_plans(**query)["plans"]]

    @decorators.idempotent_id("26c2fd4a-7260-40e3-9195-656a55dab243")
    def test_a_plan_is_made_changed_and_deleted(self) -> None:
        wanted = resource()
        made = self.make_plan(wanted)
        self.assertEqual("suspended", made["status"])
        self.assertEqual(self.provider["id"], made["provider_id"])
        self.assertEqual([wanted], made["resources"])
        changed = self.member.update_plan(
            made["id"], name="weekly", resources=[resource(), resource()]
        )["plan"]
        shown = self.member.show_plan(made["id"])["plan"]
        self.assertEqual(changed, shown)
        self.assertEqual("weekly", shown["name"])
        self.assertEqual(2, len(shown["resources"]))
        self.member.delete_plan(made["id"])
        self.assertRaises(
            exceptions.NotFound, self.member.show_plan, made["id"]
        )
        self.assertNotIn(made["id"], self.ids(self.member))

    @decorators.idempotent_id("f0e89608-79ef-4070-a1db-2edc2e834222")
    def test_plans_are_listed_page_by_page(self) -> None:
        self.make_plan(resource())
        everything = self.ids(self.member, sort_key="id", sort_dir="asc")
        self.assertEqual(sorted(everything), everything)
        self.assertIn(self.plan["id"], everything)
        first = self.ids(self.member, sort_key="id", sort_dir="asc", limit=1)
        self.assertEqual(everything[:1], first)
        rest = self.ids(
            self.member, sort_key="id", sort_dir="asc", marker=first[0]
        )
        self.assertEqual(everything[1:], rest)

    @decorators.idempotent_id("6fd16914-0270-4a00-af3a-6a0c278d2663")
    def test_plans_are_found_by_name(self) -> None:
        name = f"plan {uuid.uuid4()}"
        made = self.make_plan(resource())
        self.member.update_plan(made["id"], name=name)
        self.assertEqual([made["id"]], self.ids(self.member, name=name))

    @decorators.idempotent_id("55b8bbd4-2546-491f-8760-a01c28e118df")
    def test_a_reader_sees_plans(self) -> None:
        self.assertIn(self.plan["id"], self.ids(self.reader))
        shown = self.reader.show_plan(self.plan["id"])["plan"]
        self.assertEqual(self.plan, shown)

    @decorators.idempotent_id("a89be2f4-4d83-4bc7-ae10-33b8786be4cf")
    def test_an_administrator_lists_everybodys(self) -> None:
        wanted = self.plan["id"]
        self.assertIn(wanted, self.ids(self.admin, all_tenants=True))
        self.assertNotIn(wanted, self.ids(self.stranger, all_tenants=True))


class PlansNegativeTest(base.DataProtectionTest):
    plan: dict[str, Any]

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        cls.plan = cls.make_plan(resource())

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "name": "tempest",
            "provider_id": self.provider["id"],
            "resources": [resource()],
            "parameters": {},
            **changes,
        }

    @decorators.attr(type="negative")
    @decorators.idempotent_id("bc2af5ee-4a10-45d6-90fd-97bf21941fbf")
    def test_a_reader_changes_nothing(self) -> None:
        for request in (
            lambda: self.reader.create_plan(**self.body()),
            lambda: self.reader.update_plan(self.plan["id"], name="x"),
            lambda: self.reader.delete_plan(self.plan["id"]),
        ):
            self.assertRaises(exceptions.Forbidden, request)
        shown = self.member.show_plan(self.plan["id"])["plan"]
        self.assertEqual(self.plan, shown)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("5b748f15-9145-406e-9239-f942c1942a4a")
    def test_a_stranger_finds_none(self) -> None:
        plan_id = self.plan["id"]
        for request in (
            lambda: self.stranger.show_plan(plan_id),
            lambda: self.stranger.update_plan(plan_id, name="x"),
            lambda: self.stranger.delete_plan(plan_id),
        ):
            self.assertRaises(exceptions.NotFound, request)
        others = self.stranger.list_plans()["plans"]
        self.assertNotIn(self.plan, others)
        self.assertEqual(self.plan, self.member.show_plan(plan_id)["plan"])

    @decorators.attr(type="negative")
    @decorators.idempotent_id("28c527e3-baf1-4274-b8d6-06ac191a0e6b")
    def test_an_unknown_plan_is_not_found(self) -> None:
        for unknown in (str(uuid.uuid4()), "no-uuid"):
            for request in (self.member.show_plan, self.member.delete_plan):
                self.assertRaises(exceptions.NotFound, request, unknown)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("e67ed224-65c7-4241-b0de-4b70c6625a11")
    def test_a_bad_plan_is_refused(self) -> None:
        twice = resource()
        bad: tuple[dict[str, Any], ...] = (
            {"name": 7},
            {"resources": []},
            {"resources": [{"type": volumes.VOLUME}]},
            {"resources": [{**resource(), "type": "OS::No::Such"}]},
            {"resources": [twice, twice]},
            {"provider_id": str(uuid.uuid4())},
            {"parameters": {volumes.VOLUME: {"no_such": 1}}},
        )
        for changes in bad:
            self.assertRaises(
                exceptions.BadRequest,
                self.member.create_plan,
                **self.body(**changes),
            )
        without = self.body()
        del without["resources"]
        self.assertRaises(
            exceptions.BadRequest, self.member.create_plan, **without
        )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("2e9f724a-a22f-43e7-885d-08fb219086e3")
    def test_a_bad_change_is_refused(self) -> None:
        bad: tuple[dict[str, Any], ...] = (
            {},
            {"status": "ended"},
            {"resources": []},
        )
        for changes in bad:
            self.assertRaises(
                exceptions.BadRequest,
                self.member.update_plan,
                self.plan["id"],
                **changes,
            )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("423567ee-fb8e-4fdf-8ddd-8f4657892c57")
    def test_a_bad_query_is_refused(self) -> None:
        for query in (
            {"limit": -1},
            {"sort_key": "no_such"},
            {"marker": str(uuid.uuid4())},
            {"no_such": 1},
        ):
            self.assertRaises(
                exceptions.BadRequest, self.member.list_plans, **query
            )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("2498f043-d2b1-4d2f-af9d-90e739d9b52d")
    def test_without_a_token_there_is_nothing(self) -> None:
        response, _ = self.member.raw_request(
            f"{self.member.base_url}/plans", "GET"
        )
        self.assertEqual(401, response.status)
