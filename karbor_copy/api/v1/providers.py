# SPDX-License-Identifier: Apache-2.0
"""Providers: the back-ends that checkpoints are kept in."""

from typing import Any

from karbor_copy.api import call
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api import services as api_services
from karbor_copy.api.v1 import views
from karbor_copy.policies import providers as policies
from karbor_copy.providers import provider as provider_model

FILTERS = ("id", "name", "description", "region")


class ProviderController:
    """/providers and /providers/{provider_id}."""

    def __init__(self, services: api_services.Services) -> None:
        self._services = services

    @expose.expose(policies.GET_ALL)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List providers, ordered by id."""
        asked = query.read(this, FILTERS, self._services.max_limit)
        page = asked.page(FILTERS)
        known: tuple[provider_model.Provider, ...] = (
            self._services.registry.list()
        )
        found = query.slice_sequence(
            [item for item in known if query.matches(item, page)],
            page,
            lambda item: item.id,
        )
        return links.collection(
            this, "providers", found, asked.limit, views.provider
        )

    @expose.expose(policies.GET)
    def show(self, this: call.Call, provider_id: str) -> dict[str, Any]:
        """Show a provider."""
        provider = self._services.registry.get(provider_id)
        return {"provider": views.provider(provider)}
