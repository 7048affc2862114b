# SPDX-License-Identifier: Apache-2.0
"""The service processes of the deployment."""

from typing import Any

from karbor_copy.api import call
from karbor_copy.api import expose
from karbor_copy.api import query
from karbor_copy.api import services as api_services
from karbor_copy.api.v1 import views
from karbor_copy.db import services as db
from karbor_copy.policies import services as policies

FILTERS = ("host", "binary")


class ServiceController:
    """/os-services."""

    def __init__(self, services: api_services.Services) -> None:
        self._services = services

    @expose.expose(policies.GET_ALL)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List services."""
        asked = query.read(this, FILTERS, self._services.max_limit)
        found = db.list_all(
            host=asked.values.get("host"),
            binary=asked.values.get("binary"),
            service_down_time=self._services.service_down_time,
        )
        return {"services": [views.service(item) for item in found]}
