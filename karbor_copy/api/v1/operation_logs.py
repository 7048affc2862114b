# SPDX-License-Identifier: Apache-2.0
"""Operation logs: what was done, when, and how it ended."""

from typing import Any

from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api.schemas import operation_logs as schema
from karbor_copy.api.v1 import views
from karbor_copy.db import operation_log_queries as db
from karbor_copy.policies import operation_logs as policies

LISTING = query.Listing(
    filters=(
        "checkpoint_id",
        "operation_type",
        "plan_id",
        "provider_id",
        "restore_id",
        "status",
    ),
    sort_keys=(
        "id",
        "status",
        "operation_type",
        "created_at",
        "started_at",
        "ended_at",
    ),
)


class OperationLogController:
    """/operation_logs and /operation_logs/{operation_log_id}.

    The service's own work (reset, cleanup) is for administrators' eyes.
    """

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET_ALL, listing=LISTING, answer=schema.MANY)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List operation logs."""
        asked = query.read(this, LISTING, self._collaborators.max_limit)
        found = db.list_page(
            asked.page,
            asked.project_id,
            internal=bool(this.context.is_admin),
        )
        return links.collection(
            this, "operation_logs", found, asked.limit, views.operation_log
        )

    @expose.expose(policies.GET, answer=schema.ONE)
    def show(self, this: call.Call, operation_log_id: str) -> dict[str, Any]:
        """Show an operation log."""
        found = db.get(
            this.project_id,
            operation_log_id,
            internal=bool(this.context.is_admin),
        )
        return {"operation_log": views.operation_log(found)}
