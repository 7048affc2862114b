# SPDX-License-Identifier: Apache-2.0
"""Providers, and the resources that they can protect."""

import uuid
from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from karbor_copy_tempest_plugin import volumes
from karbor_copy_tempest_plugin.tests import base


class ProvidersTest(base.DataProtectionTest):
    @decorators.idempotent_id("794be16a-c35d-47da-b0f8-7c66b192f2bc")
    def test_everybody_sees_the_same_providers(self) -> None:
        found = self.member.list_providers()["providers"]
        self.assertIn(self.provider, found)
        self.assertIn(self.target, found)
        for client in (self.reader, self.admin, self.stranger):
            self.assertEqual(found, client.list_providers()["providers"])

    @decorators.idempotent_id("9220b722-69df-4c7a-9916-05dcbd103f82")
    def test_a_provider_tells_its_targets_and_schemas(self) -> None:
        shown = self.reader.show_provider(self.provider["id"])["provider"]
        self.assertEqual(self.provider, shown)
        self.assertIn(self.target["id"], shown["targets"])
        schemas = shown["extended_info_schema"]
        for name in ("options", "restore", "verify", "copy", "saved_info"):
            self.assertIn(f"{name}_schema", schemas)

    @decorators.attr(type="negative")
    @decorators.idempotent_id("9f2e0968-9131-4e81-a69f-c84e6454138e")
    def test_an_unknown_provider_is_not_found(self) -> None:
        for unknown in (str(uuid.uuid4()), "no-uuid"):
            self.assertRaises(
                exceptions.NotFound, self.member.show_provider, unknown
            )


class ProtectablesTest(base.ProtectedTest):
    def ids(self, client: Any) -> list[str]:
        found = client.list_instances(volumes.VOLUME)["instances"]
        return [instance["id"] for instance in found]

    @decorators.idempotent_id("eb02e482-7ca8-4e7b-a907-992127d558f9")
    def test_types_are_listed_and_shown(self) -> None:
        for client in (self.member, self.reader):
            found = client.list_protectables()["protectable_type"]
            self.assertIn(volumes.VOLUME, found)
            shown = client.show_protectable(volumes.VOLUME)
            self.assertEqual(volumes.VOLUME, shown["protectable_type"]["name"])

    @decorators.idempotent_id("2030a580-92af-4d2c-a5e2-3a1afa12d792")
    def test_a_project_sees_its_own_volumes(self) -> None:
        for client in (self.member, self.reader):
            self.assertIn(self.volume["id"], self.ids(client))
            shown = client.show_instance(volumes.VOLUME, self.volume["id"])
            self.assertEqual(self.volume["name"], shown["instance"]["name"])

    @decorators.attr(type="negative")
    @decorators.idempotent_id("b2381191-3a01-41bb-94bf-57ef2b63c372")
    def test_a_stranger_sees_none(self) -> None:
        self.assertEqual([], self.ids(self.stranger))
        self.assertRaises(
            exceptions.NotFound,
            self.stranger.show_instance,
            volumes.VOLUME,
            self.volume["id"],
        )

    @decorators.attr(type="negative")
    @decorators.idempotent_id("61bb2735-156d-4fb7-8613-f4a467d743df")
    def test_an_unknown_type_is_refused(self) -> None:
        for request in (
            self.member.show_protectable,
            self.member.list_instances,
        ):
            self.assertRaises(exceptions.BadRequest, request, "OS::No::Such")


class ServicesTest(base.DataProtectionTest):
    @decorators.idempotent_id("32b20058-788f-42a3-8761-b2571597c9ce")
    def test_an_administrator_sees_a_service_that_is_up(self) -> None:
        found = self.admin.list_services()["services"]
        self.assertIn("up", [service["state"] for service in found])

    @decorators.attr(type="negative")
    @decorators.idempotent_id("6dbcc781-d1a6-46a6-a944-654b7878448d")
    def test_nobody_else_does(self) -> None:
        for client in (self.member, self.reader, self.stranger):
            self.assertRaises(exceptions.Forbidden, client.list_services)
