# SPDX-License-Identifier: Apache-2.0
"""Protection plugins for the tests of the API: schemas, live resources."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from karbor_copy import context as request_context
from karbor_copy.data_models import resource as resource_model
from karbor_copy.plugins import bank_data
from karbor_copy.plugins import base

SERVER = "OS::Nova::Server"
VOLUME = "OS::Cinder::Volume"
IMAGE = "OS::Glance::Image"
SHARE = "OS::Manila::Share"

SERVERS = (
    resource_model.Resource(
        SERVER, "3f8af6c6-ecea-42bd-b44c-724785bbe5ea", "web", {"cpus": 2}
    ),
    resource_model.Resource(
        SERVER, "7d1c3b5e-0f8a-4a1e-9b53-8a5f0c6f4b21", "db"
    ),
)
VOLUMES = (
    resource_model.Resource(
        VOLUME, "8c4f1d2e-6a7b-4c3d-9e8f-0a1b2c3d4e5f", "disk"
    ),
)


class CloudPlugin(bank_data.BankDataPlugin):
    """Servers with volumes that hang off them; every operation."""

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        return (SERVER, VOLUME)

    @classmethod
    def get_options_schema(cls, resources_type: str) -> Mapping[str, Any]:
        return {
            "title": "Options",
            "type": "object",
            "properties": {"consistent": {"type": "boolean"}},
        }

    @classmethod
    def get_restore_schema(cls, resources_type: str) -> Mapping[str, Any]:
        return {
            "title": "Restore Options",
            "type": "object",
            "properties": {"restore_name": {"type": "string"}},
        }

    @classmethod
    def get_copy_schema(cls, resources_type: str) -> Mapping[str, Any]:
        return {
            "title": "Copy Options",
            "type": "object",
            "properties": {"priority": {"type": "integer"}},
        }

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        return base.Operation()

    def get_restore_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        return base.Operation()

    def get_parent_resource_types(self, resource_type: str) -> Sequence[str]:
        return (SERVER,) if resource_type == VOLUME else ()

    def list_resources(
        self,
        context: request_context.RequestContext,
        resource_type: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> Sequence[resource_model.Resource]:
        found = SERVERS if resource_type == SERVER else VOLUMES
        if parameters and "name" in parameters:
            return [item for item in found if item.name == parameters["name"]]
        return found

    def show_resource(
        self,
        context: request_context.RequestContext,
        resource_type: str,
        resource_id: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> resource_model.Resource | None:
        for item in self.list_resources(context, resource_type):
            if item.id == resource_id:
                return item
        return None

    def get_dependent_resources(
        self,
        context: request_context.RequestContext,
        parent: resource_model.Resource,
    ) -> Sequence[resource_model.Resource]:
        return VOLUMES if parent == SERVERS[0] else ()


class OtherCloudPlugin(CloudPlugin):
    """The same types, kept in another way."""


class PointerPlugin(base.ProtectionPlugin):
    """Images of which the bank holds a mere pointer: protected only."""

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        return (IMAGE,)

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        return base.Operation()
