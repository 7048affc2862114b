# SPDX-License-Identifier: Apache-2.0
"""Copies: requests to copy a plan's checkpoints to another provider."""

from collections.abc import Callable
from collections.abc import Collection
from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import links
from karbor_copy.api import query
from karbor_copy.api.schemas import copies as schema
from karbor_copy.api.v1 import parameters
from karbor_copy.api.v1 import views
from karbor_copy.data_models import copy_request
from karbor_copy.data_models import ids
from karbor_copy.data_models import page as page_model
from karbor_copy.data_models import status
from karbor_copy.db import copies as db
from karbor_copy.policies import copies as policies
from karbor_copy.providers import provider as provider_model
from karbor_copy.rpc import notifications

LISTING = query.Listing(
    filters=("plan_id", "provider_id", "target_provider_id", "status")
)
MEMBER_LISTING = query.Listing(
    filters=("checkpoint_id", "status"), scoped=False
)


class CopyController:
    """/copies and what is below; POST .../checkpoints/action."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(
        policies.CREATE,
        schema=schema.CREATE,
        answer=schema.CREATED,
        status=202,
    )
    def create(self, this: call.Call, provider_id: str) -> dict[str, Any]:
        """Copy all the uncopied checkpoints of a plan."""
        body = this.body["copy"]
        if isinstance(body, list):
            (body,) = body
        source = self._collaborators.registry.get(provider_id)
        given = body.get("provider_id")
        if given is not None and ids.canonical(given) != source.id:
            raise exceptions.ProviderMismatch(place="URL")
        target = self._target(source, body.get("target_provider_id"))
        copy = db.create(
            copy_request.CopyRequest(
                project_id=this.project_id,
                provider_id=source.id,
                target_provider_id=target.id,
                plan_id=ids.canonical(body["plan_id"]),
                parameters=parameters.read(body, source, "copy"),
                request_id=this.context.request_id,
            ),
            type_checker(source, target),
            self._collaborators.quotas,
        )
        return {"copy": views.new_copy(self._begun(this, copy))}

    @expose.expose(policies.GET_ALL, listing=LISTING, answer=schema.MANY)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List copies."""
        asked = query.read(this, LISTING, self._collaborators.max_limit)
        found = db.list_page(asked.page, asked.project_id)
        return links.collection(this, "copies", found, asked.limit, views.copy)

    @expose.expose(policies.GET, answer=schema.ONE)
    def show(self, this: call.Call, copy_id: str) -> dict[str, Any]:
        """Show a copy with the first page of its checkpoint copies."""
        copy = db.get(this.project_id, copy_id)
        limit = self._collaborators.max_limit
        members = db.list_members(
            this.project_id, copy_id, page_model.Page(limit=limit + 1)
        )
        page = links.collection(
            this,
            "checkpoint_copies",
            members,
            limit,
            views.checkpoint_copy,
            url=f"{this.url}/checkpoint_copies",
        )
        return {"copy": {**views.copy(copy), **page}}

    @expose.expose(policies.GET, listing=MEMBER_LISTING, answer=schema.MEMBERS)
    def index_members(self, this: call.Call, copy_id: str) -> dict[str, Any]:
        """List the checkpoint copies that a copy waits for."""
        asked = query.read(this, MEMBER_LISTING, self._collaborators.max_limit)
        found = db.list_members(this.project_id, copy_id, asked.page)
        return links.collection(
            this,
            "checkpoint_copies",
            found,
            asked.limit,
            views.checkpoint_copy,
        )

    @expose.expose(
        policies.GET,
        schema=schema.ACTION,
        answer=schema.CHANGED,
        status=202,
        errors=(409,),
    )
    def action(self, this: call.Call, copy_id: str) -> dict[str, Any]:
        """Cancel or retry a copy; the body tells which rule is asked."""
        if "cancel" in this.body:
            this.context.can(policies.CANCEL)
            copy = db.cancel(this.project_id, copy_id)
            _notify_end(this, copy)
        else:
            this.context.can(policies.RETRY)
            copy = self._begun(this, self._retry(this, copy_id))
        return {"copy": views.copy(copy)}

    def _retry(self, this: call.Call, copy_id: str) -> copy_request.Copy:
        known = db.get(this.project_id, copy_id)
        source = self._collaborators.registry.get(known.provider_id)
        target = self._target(source, known.target_provider_id)
        return db.retry(
            this.project_id,
            copy_id,
            type_checker(source, target),
            this.context.request_id,
            self._collaborators.quotas,
        )

    def _target(
        self, source: provider_model.Provider, wanted: str | None
    ) -> provider_model.Provider:
        """Return the provider to copy to, which the operator must allow."""
        if not source.targets:
            raise exceptions.Invalid(
                f"Provider {source.id} has no provider to copy to."
            )
        target_id = source.targets[0] if wanted is None else wanted
        target_id = ids.canonical(target_id)
        if target_id not in source.targets:
            raise exceptions.Invalid(
                f"target_provider_id {target_id} is not among the targets of"
                f" provider {source.id}."
            )
        try:
            return self._collaborators.registry.get(target_id)
        except exceptions.ProviderNotFound as error:
            raise exceptions.Invalid(
                f"target_provider_id {target_id} is not available."
            ) from error

    def _begun(
        self, this: call.Call, copy: copy_request.Copy
    ) -> copy_request.Copy:
        """Notify; wake the workers where the copy has work for them."""
        notifications.copy_started(copy, this.context.request_id)
        _notify_end(this, copy)
        if copy.status in status.OPEN_COPY_STATUSES:
            self._collaborators.client.wake(
                this.context, status.OperationType.COPY, copy.id
            )
        return copy


def _notify_end(this: call.Call, copy: copy_request.Copy) -> None:
    """Notify of a copy for which nothing is left to do."""
    if copy.status not in status.OPEN_COPY_STATUSES:
        notifications.copy_ended(copy.id, copy.status, this.context.request_id)


def type_checker(
    source: provider_model.Provider, target: provider_model.Provider
) -> Callable[[Collection[str]], None]:
    """Return the check of the types that are to be copied.

    The source's plugin copies; the target must have the same one, or the
    copy could not be restored from there.
    """

    def check(resource_types: Collection[str]) -> None:
        parameters.check_supported(source, "copy", resource_types)
        lacking = sorted(
            resource_type
            for resource_type in resource_types
            if target.plugin_names.get(resource_type)
            != source.plugin_names.get(resource_type)
        )
        if lacking:
            raise exceptions.Invalid(
                f"Provider {target.id} does not have the same protection"
                f" plugins as provider {source.id} for the types"
                f" {', '.join(lacking)}."
            )

    return check
