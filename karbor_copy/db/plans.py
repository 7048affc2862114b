# SPDX-License-Identifier: Apache-2.0
"""Plans and their resources; a deleted plan's row stays."""

import contextlib
import functools
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Final

import sqlalchemy as sa
from oslo_db import exception as db_exception
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import page as page_model
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import quota
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import paging
from karbor_copy.db import quotas

_Plan = models.Plan
_Resource = models.PlanResource


_SORTABLE: Final = {
    "id": _Plan.id,
    "name": _Plan.name,
    "status": _Plan.status,
    "created_at": _Plan.created_at,
}
_FILTERABLE: Final = {
    "name": _Plan.name,
    "description": _Plan.description,
    "status": _Plan.status,
    "provider_id": _Plan.provider_id,
}


def lock(
    session: orm.Session, plan_id: str, *counted: quota.Resource
) -> sa.Row[Any] | None:
    """Lock a plan's row, deleted or not, until the transaction ends.

    What decides which checkpoints are copied takes this lock, and takes it
    before anything else. Return ``project_id``, ``provider_id``, ``deleted``
    and the project's limits of what is counted (:func:`quotas.columns`).
    """
    found = session.connection().execute(
        _locking(*counted), {"plan_id": plan_id}
    )
    return found.one_or_none()


@functools.cache
def _locking(*counted: quota.Resource) -> sa.Select[Any]:
    """Build the statement once: that takes longer than to run it."""
    return (
        sa.select(
            *(_Plan.project_id, _Plan.provider_id, _Plan.deleted),
            *quotas.columns(_Plan.project_id, counted),
        )
        .where(_Plan.id == sa.bindparam("plan_id"))
        .with_for_update()
    )


def lock_living(
    session: orm.Session,
    project_id: str,
    plan_id: str,
    *counted: quota.Resource,
) -> sa.Row[Any]:
    """Lock the plan of a project; return what :func:`lock` does.

    :raises PlanNotFound: there is none, or it was deleted.
    """
    found = lock(session, plan_id, *counted)
    if found is None or found.deleted or found.project_id != project_id:
        raise exceptions.PlanNotFound(plan_id=plan_id)
    return found


@engine.writer
def create(
    session: orm.Session,
    plan: plan_model.Plan,
    defaults: quota.Limits = quota.NO_LIMITS,
) -> plan_model.Plan:
    """Store a new plan.

    ``defaults`` limit the project where it has no quota of its own.

    :raises QuotaExceeded: the project would have too many.
    """
    counted = (quota.Resource.PLANS,)
    limits = quotas.hold(session, plan.project_id, counted, defaults)
    _insert(session, plan)
    session.flush()
    quotas.check(session, plan.project_id, limits)
    return plan


def insert_missing(session: orm.Session, plan: plan_model.Plan) -> None:
    """Store a plan unless there is a row of its id, deleted or not."""
    if session.get(_Plan, plan.id) is not None:
        return
    # Another process may be importing the same plan.
    with (
        contextlib.suppress(db_exception.DBDuplicateEntry),
        session.begin_nested(),
    ):
        _insert(session, plan)


@engine.reader
def get(
    session: orm.Session, project_id: str, plan_id: str
) -> plan_model.Plan:
    """Return a plan.

    :raises PlanNotFound: there is none in this project, or it was deleted.
    """
    row = session.scalars(
        _living(project_id).where(_Plan.id == plan_id)
    ).one_or_none()
    if row is None:
        raise exceptions.PlanNotFound(plan_id=plan_id)
    return _to_models(session, [row])[0]


@engine.writer
def update(
    session: orm.Session,
    project_id: str,
    plan_id: str,
    changes: Mapping[str, Any],
) -> plan_model.Plan:
    """Change name, description, status or resources of a suspended plan.

    :raises PlanNotFound: there is none in this project, or it was deleted.
    :raises InvalidPlan: the plan was started.
    """
    lock_living(session, project_id, plan_id)
    row = session.get_one(_Plan, plan_id)
    if row.status != status.PlanStatus.SUSPENDED:
        raise exceptions.InvalidPlan(
            reason=f"a plan that is {row.status} can't be changed."
        )
    for name in ("name", "description", "status"):
        if name in changes:
            setattr(row, name, changes[name])
    if "resources" in changes:
        session.execute(
            sa.delete(_Resource).where(_Resource.plan_id == plan_id)
        )
        _insert_resources(session, plan_id, changes["resources"])
    row.updated_at = functions.utcnow()
    session.flush()
    return _to_models(session, [row])[0]


@engine.writer
def delete(session: orm.Session, project_id: str, plan_id: str) -> None:
    """Mark a plan as deleted; its checkpoints stay.

    :raises PlanNotFound: there is none in this project, or it was deleted.
    """
    lock_living(session, project_id, plan_id)
    row = session.get_one(_Plan, plan_id)
    row.deleted = True
    row.deleted_at = functions.utcnow()


@engine.reader
def list_page(
    session: orm.Session, page: page_model.Page, project_id: str | None
) -> list[plan_model.Plan]:
    """Return a page of a project's plans, of all projects' for None.

    :raises Invalid: an unknown marker, sort key or filter.
    """
    rows = paging.fetch(
        session,
        _living(project_id),
        page,
        sortable=_SORTABLE,
        filterable=_FILTERABLE,
    )
    return _to_models(session, rows)


def _living(project_id: str | None) -> sa.Select[models.Plan]:
    living = sa.select(_Plan).where(_Plan.deleted.is_(sa.false()))
    if project_id is None:
        return living
    return living.where(_Plan.project_id == project_id)


def _insert(session: orm.Session, plan: plan_model.Plan) -> None:
    session.add(
        _Plan(
            id=plan.id,
            project_id=plan.project_id,
            provider_id=plan.provider_id,
            name=plan.name,
            description=plan.description,
            status=plan.status,
            parameters={
                key: dict(value) for key, value in plan.parameters.items()
            },
            created_at=functions.utcnow(),
        )
    )
    session.flush()
    _insert_resources(session, plan.id, plan.resources)


def _insert_resources(
    session: orm.Session,
    plan_id: str,
    resources: Iterable[resource.Resource],
) -> None:
    session.add_all(
        _Resource(
            plan_id=plan_id,
            resource_id=item.id,
            resource_type=item.type,
            resource_name=item.name,
            resource_extra_info=(
                None if item.extra_info is None else dict(item.extra_info)
            ),
        )
        for item in resources
    )
    session.flush()


def _to_models(
    session: orm.Session, rows: list[models.Plan]
) -> list[plan_model.Plan]:
    """Return the values of the rows, with all their resources read at once."""
    resources: dict[str, list[resource.Resource]] = {
        row.id: [] for row in rows
    }
    found = session.scalars(
        sa.select(_Resource)
        .where(_Resource.plan_id.in_(resources))
        .order_by(_Resource.id)
    )
    for item in found:
        resources[item.plan_id].append(
            resource.Resource(
                item.resource_type,
                item.resource_id,
                item.resource_name,
                item.resource_extra_info,
            )
        )
    return [_to_model(row, resources[row.id]) for row in rows]


def _to_model(
    row: models.Plan, resources: list[resource.Resource]
) -> plan_model.Plan:
    return plan_model.Plan(
        id=row.id,
        project_id=row.project_id,
        provider_id=row.provider_id,
        name=row.name,
        description=row.description,
        status=status.PlanStatus(row.status),
        resources=tuple(resources),
        parameters=row.parameters,
    )
