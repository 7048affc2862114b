# SPDX-License-Identifier: Apache-2.0
"""The service processes of the deployment."""

from typing import Any

from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api.v1 import views
from karbor_copy.db import services as db
from karbor_copy.policies import services as policies

QUERY = ("host", "binary")


class ServiceController:
    """/os-services."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET_ALL, query=QUERY)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List services."""
        asked = dict(this.query)
        found = db.list_all(
            host=asked.get("host"),
            binary=asked.get("binary"),
            service_down_time=self._collaborators.service_down_time,
        )
        return {"services": [views.service(item) for item in found]}
