# SPDX-License-Identifier: Apache-2.0
"""Providers: the back-ends that checkpoints are kept in."""

from typing import Any

from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api.schemas import providers as schema
from karbor_copy.api.v1 import views
from karbor_copy.policies import providers as policies

LISTING = query.Listing(
    filters=("id", "name", "description", "region"),
    scoped=False,
    sort_keys=("id", "name", "region"),
    default_sort=(("id", "asc"),),
)


class ProviderController:
    """/providers and /providers/{provider_id}."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET_ALL, listing=LISTING, answer=schema.MANY)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List providers."""
        asked = query.read(this, LISTING, self._collaborators.max_limit)
        found = query.select(self._collaborators.registry.list(), asked.page)
        return links.collection(
            this, "providers", found, asked.limit, views.provider
        )

    @expose.expose(policies.GET, answer=schema.ONE)
    def show(self, this: call.Call, provider_id: str) -> dict[str, Any]:
        """Show a provider."""
        provider = self._collaborators.registry.get(provider_id)
        return {"provider": views.provider(provider)}
