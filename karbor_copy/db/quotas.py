# SPDX-License-Identifier: Apache-2.0
"""What projects may have, and that they have no more.

Nothing is kept of what a project uses: it is counted in the transaction that
adds to it. Of those that add to something that is limited only one goes on at
a time in a project: who holds the project's row of ``quota_projects``, which
is locked after the plan and before anything else. Who sets limits holds it
too.
"""

import contextlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Final

import sqlalchemy as sa
from oslo_db import exception as db_exception
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import quota
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import quota_models

_Checkpoint = models.Checkpoint
_Child = models.CheckpointCopy
_Class = quota_models.QuotaClass
_Plan = models.Plan
_Project = quota_models.QuotaProject
_Quota = quota_models.Quota
_Resource = quota.Resource

_GIB: Final = 1 << 30
_DELETED: Final = status.CheckpointStatus.DELETED
#: Stands for what holds for all projects: no project's id is empty.
_ALL_PROJECTS: Final = ""

_PROJECT: Final = sa.bindparam("project_id", type_=_Plan.project_id.type)
_LOCK: Final = (
    sa.select(_Project.project_id)
    .where(_Project.project_id == _PROJECT)
    .with_for_update()
)


def _count(column: Any, *criteria: Any) -> sa.Select[int]:
    return sa.select(sa.func.count(column)).where(*criteria)


_Target = orm.aliased(_Checkpoint)
_IN_USE: Final[Mapping[quota.Resource, sa.Select[int]]] = {
    _Resource.PLANS: _count(
        _Plan.id, _Plan.project_id == _PROJECT, _Plan.deleted.is_(sa.false())
    ),
    _Resource.CHECKPOINTS: _count(
        _Checkpoint.id,
        _Checkpoint.project_id == _PROJECT,
        _Checkpoint.copied_from.is_(None),
        _Checkpoint.status != _DELETED,
    ),
    _Resource.COPIES: _count(
        _Child.id,
        _Child.project_id == _PROJECT,
        _Child.status.in_(status.OPEN_COPY_STATUSES),
    ),
    # Bytes. What a copy holds is the size of its source, which is known
    # before it begins.
    _Resource.COPY_GIGABYTES: sa.select(
        sa.func.coalesce(
            sa.func.sum(
                sa.case(
                    (
                        _Child.status == status.CopyStatus.FINISHED,
                        _Child.bytes_total,
                    ),
                    else_=sa.func.coalesce(_Checkpoint.size, 0),
                )
            ),
            0,
        )
    )
    .select_from(_Child)
    .outerjoin(_Checkpoint, _Checkpoint.id == _Child.checkpoint_id)
    .outerjoin(_Target, _Target.id == _Child.checkpoint_copy_id)
    .where(
        _Child.project_id == _PROJECT,
        sa.or_(
            _Child.status.in_(status.OPEN_COPY_STATUSES),
            sa.and_(
                _Child.status == status.CopyStatus.FINISHED,
                _Target.status != _DELETED,
            ),
        ),
    ),
}


def columns(project_id: Any, resources: Iterable[quota.Resource]) -> list[Any]:
    """Return what is stored of a project's limits, as columns of a SELECT.

    Each has the name of its resource, and is NULL where the default holds.
    """
    return [
        sa.func.coalesce(
            sa.select(_Quota.hard_limit)
            .where(
                _Quota.project_id == project_id,
                _Quota.resource == functions.constant(name.value),
            )
            .scalar_subquery(),
            sa.select(_Class.hard_limit)
            .where(
                _Class.class_name == functions.constant(quota.DEFAULT_CLASS),
                _Class.resource == functions.constant(name.value),
            )
            .scalar_subquery(),
        ).label(name.value)
        for name in resources
    ]


_STORED: Final = sa.select(*columns(_PROJECT, _Resource))


def hold(
    session: orm.Session,
    project_id: str,
    resources: Iterable[quota.Resource],
    defaults: quota.Limits,
    stored: sa.Row[Any] | None = None,
) -> quota.Limits:
    """Return what is limited, and hold the project if anything is.

    Until this transaction ends nobody else adds to these resources.
    ``stored`` is a row with the :func:`columns`, if there is one.
    """
    if stored is None:
        stored = _stored(session, project_id)
    limits = {
        name: limit
        for name, limit in _limits(stored, resources, defaults).items()
        if limit != quota.UNLIMITED
    }
    if limits:
        _lock(session, project_id)
    return limits


def check(session: orm.Session, project_id: str, limits: quota.Limits) -> None:
    """Let this transaction go on if the project has not too much now.

    :raises QuotaExceeded: naming the resource.
    """
    for name, limit in limits.items():
        if _in_use(session, project_id, name) > limit:
            raise exceptions.QuotaExceeded(resource=name, limit=limit)


@engine.reader
def get(
    session: orm.Session, project_id: str, defaults: quota.Limits
) -> quota.Limits:
    """Return a project's limits."""
    return _limits(_stored(session, project_id), _Resource, defaults)


@engine.reader
def get_defaults(session: orm.Session, defaults: quota.Limits) -> quota.Limits:
    """Return the limits of a project that has none of its own."""
    return _limits(_stored(session, _ALL_PROJECTS), _Resource, defaults)


@engine.reader
def usage(
    session: orm.Session, project_id: str, defaults: quota.Limits
) -> dict[quota.Resource, quota.Usage]:
    """Return a project's limits and what it uses of each."""
    limits = _limits(_stored(session, project_id), _Resource, defaults)
    return {
        name: quota.Usage(
            limit=limit, in_use=_in_use(session, project_id, name)
        )
        for name, limit in limits.items()
    }


@engine.writer
def set_project(
    session: orm.Session, project_id: str, limits: quota.Limits
) -> None:
    """Give a project limits of its own for these resources."""
    _lock(session, project_id)
    _set(
        session,
        limits,
        lambda name: (
            session.scalars(
                sa.select(_Quota).where(
                    _Quota.project_id == project_id, _Quota.resource == name
                )
            ).one_or_none()
            or _Quota(project_id=project_id, resource=name)
        ),
    )


@engine.writer
def delete_project(session: orm.Session, project_id: str) -> None:
    """Let the defaults hold for a project again."""
    _lock(session, project_id)
    session.execute(sa.delete(_Quota).where(_Quota.project_id == project_id))


@engine.writer
def set_class(
    session: orm.Session, class_name: str, limits: quota.Limits
) -> None:
    """Set the limits of a quota class for these resources."""
    _lock(session, _ALL_PROJECTS)
    _set(
        session,
        limits,
        lambda name: (
            session.scalars(
                sa.select(_Class).where(
                    _Class.class_name == class_name, _Class.resource == name
                )
            ).one_or_none()
            or _Class(class_name=class_name, resource=name)
        ),
    )


def _set(
    session: orm.Session,
    limits: quota.Limits,
    row_of: Callable[[str], quota_models.Quota | quota_models.QuotaClass],
) -> None:
    for name, limit in limits.items():
        row = row_of(name)
        row.hard_limit = limit
        session.add(row)


def _stored(session: orm.Session, project_id: str) -> sa.Row[Any]:
    values = {"project_id": project_id}
    return session.connection().execute(_STORED, values).one()


def _limits(
    stored: sa.Row[Any],
    resources: Iterable[quota.Resource],
    defaults: quota.Limits,
) -> dict[quota.Resource, int]:
    limits = {}
    for name in resources:
        limit = getattr(stored, name.value)
        if limit is None:
            limit = defaults.get(name, quota.UNLIMITED)
        limits[name] = limit
    return limits


def _in_use(
    session: orm.Session, project_id: str, name: quota.Resource
) -> int:
    """Return how many there are; of gigabytes those begun count whole."""
    found = session.connection().execute(
        _IN_USE[name], {"project_id": project_id}
    )
    number = int(found.scalar_one())
    return -(-number // _GIB) if name is _Resource.COPY_GIGABYTES else number


def _lock(session: orm.Session, project_id: str) -> None:
    values = {"project_id": project_id}
    connection = session.connection()
    if connection.execute(_LOCK, values).first() is not None:
        return
    # Another one may do the same; the row is never deleted.
    with (
        contextlib.suppress(db_exception.DBDuplicateEntry),
        connection.begin_nested(),
    ):
        connection.execute(sa.insert(models.table(_Project)), values)
        return
    connection.execute(_LOCK, values).one()
