# SPDX-License-Identifier: Apache-2.0
"""What projects may have of each thing that is counted."""

from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api.schemas import quotas as schema
from karbor_copy.api.v1 import views
from karbor_copy.data_models import quota
from karbor_copy.db import quotas as db
from karbor_copy.policies import quotas as policies


class QuotaController:
    """/quotas/{target_project_id} and what is below."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET, answer=schema.ONE)
    def show(self, this: call.Call, project_id: str) -> dict[str, Any]:
        """Show a project's quotas."""
        _check_own(this, policies.GET, project_id)
        found = db.get(project_id, self._collaborators.quotas)
        return {"quota": views.quota(found, project_id)}

    @expose.expose(policies.GET, answer=schema.DETAIL)
    def show_usage(self, this: call.Call, project_id: str) -> dict[str, Any]:
        """Show a project's quotas and what it uses of them."""
        _check_own(this, policies.GET, project_id)
        found = db.usage(project_id, self._collaborators.quotas)
        return {"quota": views.quota_usage(found, project_id)}

    @expose.expose(policies.GET_DEFAULT, answer=schema.ONE)
    def show_defaults(
        self, this: call.Call, project_id: str
    ) -> dict[str, Any]:
        """Show the quotas of a project that has none of its own."""
        _check_own(this, policies.GET_DEFAULT, project_id)
        found = db.get_defaults(self._collaborators.quotas)
        return {"quota": views.quota(found, project_id)}

    @expose.expose(policies.UPDATE, schema=schema.UPDATE, answer=schema.SET)
    def update(self, this: call.Call, project_id: str) -> dict[str, Any]:
        """Set a project's quotas; those that are left out stay."""
        _check_name(project_id)
        db.set_project(project_id, limits_of(this.body["quota"]))
        found = db.get(project_id, self._collaborators.quotas)
        return {"quota": views.quota(found)}

    @expose.expose(policies.DELETE)
    def delete(self, this: call.Call, project_id: str) -> None:  # noqa: ARG002
        """Let the defaults hold for a project again."""
        _check_name(project_id)
        db.delete_project(project_id)


def _check_own(this: call.Call, rule: str, project_id: str) -> None:
    """Let only administrators see another project's quotas.

    :raises Forbidden: the caller is none.
    """
    _check_name(project_id)
    if project_id != this.project_id and not this.context.is_admin:
        raise exceptions.Forbidden(action=rule)


def _check_name(project_id: str) -> None:
    """:raises Invalid: no project can have such an id."""
    if len(project_id) > 255 or not project_id.isprintable():
        raise exceptions.Invalid("Invalid project id provided.")


def limits_of(body: Mapping[str, int]) -> quota.Limits:
    """Return the limits that a body names."""
    return {quota.Resource(name): limit for name, limit in body.items()}
