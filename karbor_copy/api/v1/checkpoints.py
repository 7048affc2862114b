# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of a provider, copies among them."""

import datetime
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api.schemas import checkpoints as schema
from karbor_copy.api.v1 import parameters
from karbor_copy.api.v1 import views
from karbor_copy.data_models import ids
from karbor_copy.data_models import status
from karbor_copy.db import checkpoints as db
from karbor_copy.db import plans
from karbor_copy.policies import checkpoints as policies
from karbor_copy.rpc import notifications

LISTING = query.Listing(
    filters=("status",), others=("plan_id", "start_date", "end_date")
)


class CheckpointController:
    """/providers/{provider_id}/checkpoints and what is below."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET_ALL, listing=LISTING, answer=schema.MANY)
    def index(self, this: call.Call, provider_id: str) -> dict[str, Any]:
        """List a provider's checkpoints."""
        asked = query.read(this, LISTING, self._collaborators.max_limit)
        found = db.list_page(
            asked.page,
            provider_id=self._collaborators.registry.get(provider_id).id,
            project_id=asked.project_id,
            plan_id=asked.others.get("plan_id"),
            start=_date(asked.others, "start_date"),
            end=_date(asked.others, "end_date"),
        )
        return links.collection(
            this, "checkpoints", found, asked.limit, views.checkpoint
        )

    @expose.expose(policies.GET, answer=schema.ONE)
    def show(
        self, this: call.Call, provider_id: str, checkpoint_id: str
    ) -> dict[str, Any]:
        """Show a checkpoint."""
        provider = self._collaborators.registry.get(provider_id)
        found = db.get(this.project_id, provider.id, checkpoint_id)
        return {"checkpoint": views.checkpoint(found)}

    @expose.expose(policies.CREATE, schema=schema.CREATE, answer=schema.ONE)
    def create(self, this: call.Call, provider_id: str) -> dict[str, Any]:
        """Protect the resources of a plan."""
        body = this.body["checkpoint"]
        provider = self._collaborators.registry.get(provider_id)
        plan = plans.get(this.project_id, ids.canonical(body["plan_id"]))
        if plan.provider_id != provider.id:
            raise exceptions.ProviderMismatch(place="plan")
        parameters.check_supported(
            provider, "protect", [item.type for item in plan.resources]
        )
        checkpoint = db.create_protect(
            plan,
            extra_info=_extra_info(body),
            request_id=this.context.request_id,
            defaults=self._collaborators.quotas,
        )
        self._begun(
            this, status.OperationType.PROTECT, provider.id, checkpoint.id
        )
        return {"checkpoint": views.checkpoint(checkpoint)}

    @expose.expose(policies.DELETE, answer=schema.ACCEPTED, errors=(409,))
    def delete(
        self, this: call.Call, provider_id: str, checkpoint_id: str
    ) -> dict[str, Any]:
        """Delete a checkpoint with its data."""
        provider = self._collaborators.registry.get(provider_id)
        provider.check_changeable()
        db.request_delete(
            this.project_id,
            provider.id,
            checkpoint_id,
            this.context.request_id,
        )
        self._begun(
            this, status.OperationType.DELETE, provider.id, checkpoint_id
        )
        return {}

    @expose.expose(
        policies.UPDATE,
        schema=schema.RESET,
        answer=schema.ACCEPTED,
        errors=(409,),
    )
    def reset(
        self, this: call.Call, provider_id: str, checkpoint_id: str
    ) -> dict[str, Any]:
        """Set a checkpoint's status by hand."""
        provider = self._collaborators.registry.get(provider_id)
        provider.check_changeable()
        db.request_reset(
            this.project_id,
            provider.id,
            checkpoint_id,
            status.CheckpointStatus(this.body["os-resetState"]["state"]),
            this.context.request_id,
        )
        self._begun(
            this, status.OperationType.RESET, provider.id, checkpoint_id
        )
        return {}

    def _begun(
        self,
        this: call.Call,
        operation_type: status.OperationType,
        provider_id: str,
        checkpoint_id: str,
    ) -> None:
        """Notify, and wake the workers."""
        notifications.checkpoint_started(
            operation_type,
            project_id=this.project_id,
            provider_id=provider_id,
            checkpoint_id=checkpoint_id,
            request_id=this.context.request_id,
        )
        self._collaborators.client.wake(
            this.context, operation_type, checkpoint_id
        )


def _date(values: Mapping[str, str], name: str) -> datetime.date | None:
    if name not in values:
        return None
    try:
        return datetime.datetime.strptime(values[name], "%Y-%m-%d").date()
    except ValueError as error:
        raise exceptions.Invalid(
            f"{name} must be a date like 2026-01-31, not {values[name]!r}."
        ) from error


def _extra_info(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the checkpoint is to remember of its creation."""
    if "extra-info" in body and "extra_info" in body:
        raise exceptions.Invalid(
            "extra-info and extra_info are the same field; give one."
        )
    given = body.get("extra-info", body.get("extra_info")) or {}
    return {"created_by": "manual", **given}
