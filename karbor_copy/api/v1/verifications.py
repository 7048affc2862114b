# SPDX-License-Identifier: Apache-2.0
"""Verifications: is what the bank holds of a checkpoint whole?"""

import uuid
from typing import Any

from karbor_copy.api import call
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api import services as api_services
from karbor_copy.api.schemas import verifications as schema
from karbor_copy.api.v1 import checkpoint_use
from karbor_copy.api.v1 import views
from karbor_copy.data_models import restore as restore_model
from karbor_copy.data_models import status
from karbor_copy.db import verifications as db
from karbor_copy.policies import verifications as policies

FILTERS = ("status", "provider_id", "checkpoint_id")


class VerificationController:
    """/verifications and /verifications/{verification_id}."""

    def __init__(self, services: api_services.Services) -> None:
        self._services = services

    @expose.expose(policies.GET_ALL)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List verifications."""
        asked = query.read(this, FILTERS, self._services.max_limit)
        found = db.list_page(asked.page(FILTERS), asked.project_id)
        return links.collection(
            this, "verifications", found, asked.limit, views.verification
        )

    @expose.expose(policies.GET)
    def show(self, this: call.Call, verification_id: str) -> dict[str, Any]:
        """Show a verification."""
        found = db.get(this.project_id, verification_id)
        return {"verification": views.verification(found)}

    @expose.expose(policies.CREATE, schema=schema.CREATE)
    def create(self, this: call.Call) -> dict[str, Any]:
        """Verify a checkpoint."""
        use = checkpoint_use.read(
            this,
            self._services.registry,
            this.body["verification"],
            "verify",
        )
        verification = db.create(
            restore_model.Verification(
                id=str(uuid.uuid4()),
                project_id=this.project_id,
                provider_id=use.provider_id,
                checkpoint_id=use.checkpoint_id,
                parameters=use.parameters,
                status=status.RestoreStatus.IN_PROGRESS,
                resources_status={},
                resources_reason={},
            ),
            this.context.request_id,
        )
        self._services.client.wake(
            this.context, status.OperationType.VERIFY, verification.id
        )
        return {"verification": views.verification(verification)}
