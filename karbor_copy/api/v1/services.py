# SPDX-License-Identifier: Apache-2.0
"""The service processes of the deployment."""

from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api.schemas import services as schema
from karbor_copy.api.v1 import views
from karbor_copy.data_models import status
from karbor_copy.db import services as db
from karbor_copy.policies import services as policies

QUERY = ("host", "binary")
#: Of an id; beyond that not every database can compare it.
_MOST_DIGITS = 9


class ServiceController:
    """/os-services and /os-services/{service_id}."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET_ALL, query=QUERY, answer=schema.MANY)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List services."""
        asked = dict(this.query)
        found = db.list_all(
            host=asked.get("host"),
            binary=asked.get("binary"),
            service_down_time=self._collaborators.service_down_time,
        )
        return {"services": [views.service(item) for item in found]}

    @expose.expose(
        policies.UPDATE,
        schema=schema.UPDATE,
        answer=schema.ONE,
        errors=(404,),
    )
    def update(self, this: call.Call, service_id: str) -> dict[str, Any]:
        """Let a host take work, or no more of it."""
        changed = db.set_status(
            _number(service_id),
            status.ServiceStatus(this.body["status"]),
            this.body.get("disabled_reason"),
            service_down_time=self._collaborators.service_down_time,
        )
        if changed.status is status.ServiceStatus.ENABLED:
            self._collaborators.client.wake(
                this.context, "service", service_id
            )
        return {"service": views.service(changed)}


def _number(service_id: str) -> int:
    if (
        len(service_id) > _MOST_DIGITS
        or not service_id.isascii()
        or not service_id.isdigit()
    ):
        raise exceptions.ServiceNotFound(service_id=service_id)
    return int(service_id)
