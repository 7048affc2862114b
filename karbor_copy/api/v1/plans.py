# SPDX-License-Identifier: Apache-2.0
"""Plans: what to protect, where and how."""

import uuid
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api.schemas import plans as schema
from karbor_copy.api.v1 import parameters
from karbor_copy.api.v1 import views
from karbor_copy.data_models import ids
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.db import plans as db
from karbor_copy.policies import plans as policies

LISTING = query.Listing(
    filters=("name", "description", "status", "provider_id"),
    sort_keys=("id", "name", "status", "created_at"),
)


class PlanController:
    """/plans and /plans/{plan_id}."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET_ALL, listing=LISTING, answer=schema.MANY)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List plans."""
        asked = query.read(this, LISTING, self._collaborators.max_limit)
        found = db.list_page(asked.page, asked.project_id)
        return links.collection(this, "plans", found, asked.limit, views.plan)

    @expose.expose(policies.GET, answer=schema.ONE)
    def show(self, this: call.Call, plan_id: str) -> dict[str, Any]:
        """Show a plan."""
        return {"plan": views.plan(db.get(this.project_id, plan_id))}

    @expose.expose(policies.CREATE, schema=schema.CREATE, answer=schema.ONE)
    def create(self, this: call.Call) -> dict[str, Any]:
        """Create a plan."""
        body = this.body["plan"]
        try:
            provider = self._collaborators.registry.get(
                ids.canonical(body["provider_id"])
            )
        except exceptions.ProviderNotFound as error:
            raise exceptions.Invalid(
                "The provider could not be found."
            ) from error
        given = parameters.read(body, provider, "options")
        plan = plan_model.Plan(
            id=str(uuid.uuid4()),
            project_id=this.project_id,
            provider_id=provider.id,
            name=body["name"],
            description=body.get("description"),
            status=status.PlanStatus.SUSPENDED,
            resources=self._resources(body["resources"]),
            parameters=given,
        )
        made = db.create(plan, self._collaborators.quotas)
        return {"plan": views.plan(made)}

    @expose.expose(policies.UPDATE, schema=schema.UPDATE, answer=schema.ONE)
    def update(self, this: call.Call, plan_id: str) -> dict[str, Any]:
        """Change a plan that is suspended."""
        changes = dict(this.body["plan"])
        if "resources" in changes:
            changes["resources"] = self._resources(changes["resources"])
        if "status" in changes:
            changes["status"] = status.PlanStatus(changes["status"])
        return {
            "plan": views.plan(db.update(this.project_id, plan_id, changes))
        }

    @expose.expose(policies.DELETE)
    def delete(self, this: call.Call, plan_id: str) -> None:
        """Delete a plan; its checkpoints stay."""
        db.delete(this.project_id, plan_id)

    def _resources(
        self, items: Sequence[Mapping[str, Any]]
    ) -> tuple[resource_model.Resource, ...]:
        """Return the resources, each of a known type and named once."""
        known = {
            *resource_model.RESOURCE_TYPES,
            *self._collaborators.registry.resource_types(),
        }
        found: dict[str, resource_model.Resource] = {}
        for item in items:
            resource = resource_model.Resource(
                item["type"], item["id"], item["name"], item.get("extra_info")
            )
            if resource.type not in known:
                raise exceptions.Invalid(
                    f"Unknown resource type {resource.type!r}."
                )
            if resource.key in found:
                raise exceptions.Invalid(
                    f"Resource {resource.key} is listed twice."
                )
            found[resource.key] = resource
        return tuple(found.values())
