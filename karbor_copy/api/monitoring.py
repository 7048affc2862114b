# SPDX-License-Identifier: Apache-2.0
"""What monitoring asks, without a token: health and metrics."""

import functools
from typing import Any
from typing import Final

import pecan
from oslo_log import log as logging

from karbor_copy import metrics
from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api.schemas import common
from karbor_copy.api.schemas import monitoring as schema
from karbor_copy.data_models import service
from karbor_copy.data_models import status
from karbor_copy.db import bounded
from karbor_copy.db import services

LOG = logging.getLogger(__name__)

#: Seconds that the database gets to answer.
_PATIENCE = 3.0

_OK: Final = "ok"


class MonitoringController:
    """/healthcheck and /metrics."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._down_time = collaborators.service_down_time
        self._services = bounded.Bounded(
            functools.partial(
                services.list_all,
                binary=service.PROTECTION,
                service_down_time=self._down_time,
            ),
            _PATIENCE,
        )
        self._exposition = metrics.Exposition(collaborators.registry.routes())

    @expose.expose(answer=schema.LIVE)
    def live(self, this: call.Call) -> dict[str, Any]:
        """Tell that this process answers; nothing else is asked."""
        return {"healthy": True}

    @expose.expose(answer=schema.READY, others={503: schema.READY})
    def ready(self, this: call.Call) -> Any:
        """Tell whether what is asked for now would be done: 200 or 503."""
        checks = self._checks()
        ready = all(found == _OK for found in checks.values())
        return expose.respond(
            200 if ready else 503, {"ready": ready, "checks": checks}
        )

    def _checks(self) -> dict[str, str]:
        try:
            found = self._services()
        except Exception as error:  # noqa: BLE001  the database's, any
            LOG.warning("Not ready: %s", type(error).__name__)
            return {
                "database": "does not answer",
                "protection": "not known",
            }
        up = any(
            item.state is status.ServiceState.UP
            and item.status is status.ServiceStatus.ENABLED
            for item in found
        )
        silent = f"no enabled service has reported for {self._down_time:g} s"
        return {"database": _OK, "protection": _OK if up else silent}

    @expose.expose(answer=common.TEXT, content_type=metrics.CONTENT_TYPE)
    def count(self, this: call.Call) -> Any:
        """Show the metrics of this process and of the service."""
        return pecan.Response(
            body=self._exposition.text(),
            headerlist=[("Content-Type", metrics.CONTENT_TYPE)],
        )
