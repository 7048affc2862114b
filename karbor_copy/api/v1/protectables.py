# SPDX-License-Identifier: Apache-2.0
"""Protectables: the types and the live resources one could protect."""

import ast
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api.schemas import protectables as schema
from karbor_copy.api.v1 import views
from karbor_copy.data_models import resource as resource_model
from karbor_copy.policies import protectables as policies

LISTING = query.Listing(
    filters=("id", "name"),
    others=("parameters",),
    # Clients send a status, of which resources know nothing.
    ignored=("status",),
    # A resource's id may be of any form.
    free=("id", "marker"),
    scoped=False,
    sort_keys=("id", "name"),
    default_sort=(("id", "asc"),),
)
MAX_PARAMETERS = 4096


class ProtectableController:
    """/protectables and what is below.

    What there is, is the union over the enabled providers.
    """

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET_ALL, answer=schema.TYPES)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List the types; Karbor's key of this list is singular."""
        return {"protectable_type": sorted(self._types())}

    @expose.expose(policies.GET, answer=schema.TYPE)
    def show(self, this: call.Call, resource_type: str) -> dict[str, Any]:
        """Show a type with those that may depend on it."""
        self._check_type(resource_type)
        return {
            "protectable_type": {
                "name": resource_type,
                "dependent_types": sorted(self._children(resource_type)),
            }
        }

    @expose.expose(
        policies.INSTANCE_GET_ALL,
        listing=LISTING,
        answer=schema.INSTANCES,
    )
    def index_instances(
        self, this: call.Call, resource_type: str
    ) -> dict[str, Any]:
        """List the resources of a type."""
        self._check_type(resource_type)
        asked = query.read(this, LISTING, self._collaborators.max_limit)
        wanted = _parameters(asked.others.get("parameters"))
        found: dict[str, resource_model.Resource] = {}
        for plugin in self._collaborators.registry.protectable(resource_type):
            for item in plugin.list_resources(
                this.context, resource_type, wanted
            ):
                found.setdefault(item.id, item)
        return links.collection(
            this,
            "instances",
            query.select(found.values(), asked.page),
            asked.limit,
            lambda item: self._view(this, item),
        )

    @expose.expose(
        policies.INSTANCE_GET,
        query=("parameters",),
        answer=schema.INSTANCE,
        errors=(404,),
    )
    def show_instance(
        self, this: call.Call, resource_type: str, resource_id: str
    ) -> dict[str, Any]:
        """Show one resource."""
        self._check_type(resource_type)
        wanted = _parameters(dict(this.query).get("parameters"))
        for plugin in self._collaborators.registry.protectable(resource_type):
            item = plugin.show_resource(
                this.context, resource_type, resource_id, wanted
            )
            if item is not None:
                return {"instance": self._view(this, item)}
        raise exceptions.ProtectableNotFound(
            resource_type=resource_type, resource_id=resource_id
        )

    def _types(self) -> set[str]:
        return set(self._collaborators.registry.resource_types())

    def _check_type(self, resource_type: str) -> None:
        if resource_type not in self._types():
            raise exceptions.Invalid("Invalid protectable type provided.")

    def _children(self, resource_type: str) -> Iterator[str]:
        """Yield the types whose resources may hang off this type's."""
        for other in self._types():
            if any(
                resource_type in plugin.get_parent_resource_types(other)
                for plugin in self._collaborators.registry.protectable(other)
            ):
                yield other

    def _view(
        self, this: call.Call, item: resource_model.Resource
    ) -> dict[str, Any]:
        dependents: dict[str, resource_model.Resource] = {}
        for child_type in sorted(self._children(item.type)):
            for plugin in self._collaborators.registry.protectable(child_type):
                for child in plugin.get_dependent_resources(
                    this.context, item
                ):
                    if child.type == child_type:
                        dependents.setdefault(child.key, child)
        return views.instance(item, list(dependents.values()))


def _parameters(text: str | None) -> Mapping[str, Any] | None:
    """Read the mapping, which Karbor's clients write as Python does.

    :raises Invalid: it is no mapping.
    """
    if text is None:
        return None
    try:
        if len(text) > MAX_PARAMETERS:
            raise ValueError("too long")
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise exceptions.Invalid(
            "The parameters must be a dict when listing instances."
        )
    return value
