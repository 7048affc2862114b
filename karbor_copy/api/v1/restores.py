# SPDX-License-Identifier: Apache-2.0
"""Restores of checkpoints."""

import uuid
from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api import services as api_services
from karbor_copy.api.schemas import restores as schema
from karbor_copy.api.v1 import checkpoint_use
from karbor_copy.api.v1 import views
from karbor_copy.data_models import restore as restore_model
from karbor_copy.data_models import status
from karbor_copy.db import restores as db
from karbor_copy.policies import restores as policies

FILTERS = ("status", "provider_id", "checkpoint_id")
#: Karbor's fields for restoring to another cloud.
UNSERVED = ("restore_target", "restore_auth")


class RestoreController:
    """/restores and /restores/{restore_id}."""

    def __init__(self, services: api_services.Services) -> None:
        self._services = services

    @expose.expose(policies.GET_ALL)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List restores."""
        asked = query.read(this, FILTERS, self._services.max_limit)
        found = db.list_page(asked.page(FILTERS), asked.project_id)
        return links.collection(
            this, "restores", found, asked.limit, views.restore
        )

    @expose.expose(policies.GET)
    def show(self, this: call.Call, restore_id: str) -> dict[str, Any]:
        """Show a restore."""
        return {"restore": views.restore(db.get(this.project_id, restore_id))}

    @expose.expose(policies.CREATE, schema=schema.CREATE)
    def create(self, this: call.Call) -> dict[str, Any]:
        """Restore the resources of a checkpoint as new ones."""
        body = this.body["restore"]
        for name in UNSERVED:
            if body.get(name) is not None:
                raise exceptions.Invalid(
                    f"Invalid input for field/attribute {name}. Restoring to"
                    " another cloud is not served; leave it out."
                )
        use = checkpoint_use.read(
            this, self._services.registry, body, "restore"
        )
        restore = db.create(
            restore_model.Restore(
                id=str(uuid.uuid4()),
                project_id=this.project_id,
                provider_id=use.provider_id,
                checkpoint_id=use.checkpoint_id,
                restore_target=None,
                parameters=use.parameters,
                status=status.RestoreStatus.IN_PROGRESS,
                resources_status={},
                resources_reason={},
            ),
            this.context.request_id,
        )
        self._services.client.wake(
            this.context, status.OperationType.RESTORE, restore.id
        )
        return {"restore": views.restore(restore)}
