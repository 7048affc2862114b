# SPDX-License-Identifier: Apache-2.0
"""Verifications: is what the bank holds of a checkpoint whole?"""

from typing import Any

from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api.schemas import verifications as schema
from karbor_copy.api.v1 import checkpoint_use
from karbor_copy.api.v1 import views
from karbor_copy.data_models import status
from karbor_copy.db import verifications as db
from karbor_copy.policies import verifications as policies


class VerificationController:
    """/verifications and /verifications/{verification_id}."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(
        policies.GET_ALL,
        listing=checkpoint_use.LISTING,
        answer=schema.MANY,
    )
    def index(self, this: call.Call) -> dict[str, Any]:
        """List verifications."""
        asked = query.read(
            this, checkpoint_use.LISTING, self._collaborators.max_limit
        )
        found = db.list_page(asked.page, asked.project_id)
        return links.collection(
            this, "verifications", found, asked.limit, views.verification
        )

    @expose.expose(policies.GET, answer=schema.ONE)
    def show(self, this: call.Call, verification_id: str) -> dict[str, Any]:
        """Show a verification."""
        found = db.get(this.project_id, verification_id)
        return {"verification": views.verification(found)}

    @expose.expose(
        policies.CREATE,
        schema=schema.CREATE,
        answer=schema.ONE,
        errors=(404,),
    )
    def create(self, this: call.Call) -> dict[str, Any]:
        """Verify a checkpoint."""
        asked = checkpoint_use.read(
            this,
            self._collaborators.registry,
            this.body["verification"],
            "verify",
        )
        verification = db.create(asked, this.context.request_id)
        self._collaborators.client.wake(
            this.context, status.OperationType.VERIFY, verification.id
        )
        return {"verification": views.verification(verification)}
