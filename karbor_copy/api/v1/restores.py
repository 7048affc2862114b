# SPDX-License-Identifier: Apache-2.0
"""Restores of checkpoints."""

import dataclasses
from typing import Any

from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api.schemas import restores as schema
from karbor_copy.api.v1 import checkpoint_use
from karbor_copy.api.v1 import views
from karbor_copy.data_models import restore as restore_model
from karbor_copy.data_models import status
from karbor_copy.db import restores as db
from karbor_copy.policies import restores as policies


class RestoreController:
    """/restores and /restores/{restore_id}."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(
        policies.GET_ALL,
        listing=checkpoint_use.LISTING,
        answer=schema.MANY,
    )
    def index(self, this: call.Call) -> dict[str, Any]:
        """List restores."""
        asked = query.read(
            this, checkpoint_use.LISTING, self._collaborators.max_limit
        )
        found = db.list_page(asked.page, asked.project_id)
        return links.collection(
            this, "restores", found, asked.limit, views.restore
        )

    @expose.expose(policies.GET, answer=schema.ONE)
    def show(self, this: call.Call, restore_id: str) -> dict[str, Any]:
        """Show a restore."""
        return {"restore": views.restore(db.get(this.project_id, restore_id))}

    @expose.expose(
        policies.CREATE,
        schema=schema.CREATE,
        answer=schema.ONE,
        errors=(404,),
    )
    def create(self, this: call.Call) -> dict[str, Any]:
        """Restore the resources of a checkpoint as new ones."""
        body = this.body["restore"]
        asked = checkpoint_use.read(
            this, self._collaborators.registry, body, "restore"
        )
        restore = db.create(
            restore_model.Restore(
                **dataclasses.asdict(asked), restore_target=None
            ),
            this.context.request_id,
        )
        self._collaborators.client.wake(
            this.context, status.OperationType.RESTORE, restore.id
        )
        return {"restore": views.restore(restore)}
