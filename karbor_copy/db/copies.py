# SPDX-License-Identifier: Apache-2.0
"""Copy requests: made, shown, cancelled and tried again.

What changes one locks the plan before anything else, so that of requests
which race each sees all that the one before it has done. A request waits
for its members: the checkpoint copies it made, and those under way that it
found and adopted.
"""

import collections
import dataclasses
from collections.abc import Callable
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import copy_request
from karbor_copy.data_models import page as page_model
from karbor_copy.data_models import quota
from karbor_copy.data_models import status
from karbor_copy.db import cancelling
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import copy_members
from karbor_copy.db import copy_rows
from karbor_copy.db import copy_work
from karbor_copy.db import engine
from karbor_copy.db import insertions
from karbor_copy.db import models
from karbor_copy.db import paging
from karbor_copy.db import parents
from karbor_copy.db import plans
from karbor_copy.db import quotas
from karbor_copy.db import transitions

_Copy = models.Copy
_Child = models.CheckpointCopy
_Member = models.CopyMember

#: Raises Invalid where a plugin of one of the resource types can't copy.
CheckTypes = Callable[[Collection[str]], None]

_COUNTED: Final = (quota.Resource.COPIES, quota.Resource.COPY_GIGABYTES)
_SORTABLE: Final = {
    "id": _Copy.id,
    "status": _Copy.status,
    "created_at": _Copy.created_at,
}
_FILTERABLE: Final = {
    "plan_id": _Copy.plan_id,
    "provider_id": _Copy.provider_id,
    "target_provider_id": _Copy.target_provider_id,
    "status": _Copy.status,
}
_SORTABLE_MEMBERS: Final = {
    # The index of the members by request has it; another order sorts them.
    "id": _Member.checkpoint_copy_id,
    "status": _Child.status,
    "created_at": _Child.created_at,
}
_FILTERABLE_MEMBERS: Final = {
    "status": _Child.status,
    "checkpoint_id": _Child.checkpoint_id,
}


@engine.writer
def create(
    session: orm.Session,
    request: copy_request.CopyRequest,
    check_types: CheckTypes,
    defaults: quota.Limits = quota.NO_LIMITS,
) -> copy_request.Copy:
    """Queue a copy of every uncopied checkpoint of the plan.

    ``check_types`` gets the resource types in these before anything is
    written, and may raise. ``defaults`` limit the project where it has no
    quota of its own.

    :raises PlanNotFound: there is none in this project, or it was deleted.
    :raises ProviderMismatch: the plan is another provider's.
    :raises InvalidPlan: no checkpoint of the plan is available.
    :raises QuotaExceeded: the project would have too much.
    """
    project_id = request.project_id
    plan = plans.lock_living(session, project_id, request.plan_id, *_COUNTED)
    limits = quotas.hold(session, project_id, _COUNTED, defaults, plan)
    if plan.provider_id != request.provider_id:
        raise exceptions.ProviderMismatch(place="plan")
    copy = copy_rows.new(request)
    types, adopted = checkpoint_copies.survey(session, copy)
    if not types and not checkpoint_copies.has_sources(session, copy):
        raise exceptions.InvalidPlan("The plan has not been protected.")
    check_types(types)
    uncopied = checkpoint_copies.UNCOPIED
    made = checkpoint_copies.insert(session, uncopied, copy)
    if made:
        quotas.check(session, project_id, limits)
    counts = adopted + collections.Counter(
        {status.CopyStatus.WAIT_COPYING: made}
    )
    copy = dataclasses.replace(
        copy, status=status.settle_copy(counts), counts=counts
    )
    insertions.insert_all(
        session,
        copy_work.of_new(copy, request.request_id),
        copy_rows.insertion(copy),
        copy_members.under_way(copy),
    )
    return copy


@engine.reader
def get(
    session: orm.Session, project_id: str, copy_id: str
) -> copy_request.Copy:
    """Return a copy request.

    :raises CopyNotFound: there is none in this project.
    """
    return copy_rows.to_models(session, [_find(session, project_id, copy_id)])[
        0
    ]


@engine.reader
def list_page(
    session: orm.Session, page: page_model.Page, project_id: str | None
) -> list[copy_request.Copy]:
    """Return a page of a project's requests, of all projects' for None.

    :raises Invalid: an unknown marker, sort key or filter.
    """
    wanted = sa.select(_Copy)
    if project_id is not None:
        wanted = wanted.where(_Copy.project_id == project_id)
    rows = paging.fetch(
        session, wanted, page, sortable=_SORTABLE, filterable=_FILTERABLE
    )
    return copy_rows.to_models(session, rows)


@engine.reader
def list_members(
    session: orm.Session,
    project_id: str,
    copy_id: str,
    page: page_model.Page,
) -> list[copy_request.CheckpointCopy]:
    """Return a page of the checkpoint copies that a request waits for.

    :raises CopyNotFound: there is none in this project.
    :raises Invalid: an unknown marker, sort key or filter.
    """
    _find(session, project_id, copy_id)
    rows = paging.fetch(
        session,
        sa.select(_Child)
        .join(_Member, _Member.checkpoint_copy_id == _Child.id)
        .where(_Member.copy_id == copy_id),
        page,
        sortable=_SORTABLE_MEMBERS,
        filterable=_FILTERABLE_MEMBERS,
    )
    return [checkpoint_copies.to_model(row) for row in rows]


def cancel(project_id: str, copy_id: str) -> copy_request.Copy:
    """Stop what a request waits for, but for what others wait for too.

    What no worker has begun is cancelled at once.

    :raises CopyNotFound: there is none in this project.
    :raises Conflict: the request has ended, or all is being committed.
    """
    return _cancel(get(project_id, copy_id))


@engine.writer
def _cancel(
    session: orm.Session, found: copy_request.Copy
) -> copy_request.Copy:
    row = _lock(session, found, wanted=status.CopyStatus.CANCELLED)
    cancelling.cancel_members(session, row)
    row.cancel_requested = True
    return _settled(session, row)


def retry(
    project_id: str,
    copy_id: str,
    check_types: CheckTypes,
    request_id: str | None,
    defaults: quota.Limits = quota.NO_LIMITS,
) -> copy_request.Copy:
    """Open a failed or cancelled request again.

    Each member that is not finished is replaced by what holds the place of
    its copy by now, or else by a new checkpoint copy.

    :raises CopyNotFound: there is none in this project.
    :raises Conflict: it has not failed, or no source is available.
    :raises QuotaExceeded: see :func:`create`.
    """
    found = get(project_id, copy_id)
    return _retry(found, check_types, request_id, defaults)


@engine.writer
def _retry(
    session: orm.Session,
    found: copy_request.Copy,
    check_types: CheckTypes,
    request_id: str | None,
    defaults: quota.Limits,
) -> copy_request.Copy:
    row = _lock(session, found, wanted=status.CopyStatus.WAIT_COPYING)
    limits = quotas.hold(session, found.project_id, _COUNTED, defaults)
    transitions.move(
        session,
        _Copy,
        status.CopyStatus.WAIT_COPYING,
        _Copy.id == row.id,
        cancel_requested=False,
    )
    checkpoint_copies.lock_under_way(session, found)
    missing = copy_members.MISSING
    check_types(checkpoint_copies.resource_types(session, missing, found))
    if checkpoint_copies.insert(session, missing, found):
        quotas.check(session, found.project_id, limits)
        insertions.insert_all(session, copy_work.of_retried(found, request_id))
    copy_members.replace_unfinished(session, found)
    made = _settled(session, row)
    if made.status in checkpoint_copies.UNFINISHED:
        raise exceptions.Conflict(
            reason=f"None of what copy {row.id} lacks is available to copy."
        )
    return made


def _find(session: orm.Session, project_id: str, copy_id: str) -> models.Copy:
    row = session.scalars(
        sa.select(_Copy).where(
            _Copy.id == copy_id, _Copy.project_id == project_id
        )
    ).one_or_none()
    if row is None:
        raise exceptions.CopyNotFound(copy_id=copy_id)
    return row


def _lock(
    session: orm.Session,
    found: copy_request.Copy,
    *,
    wanted: status.CopyStatus,
) -> models.Copy:
    """Lock plan and request.

    :raises CopyNotFound: a purge has come between.
    :raises InvalidTransition: the request can't become what is wanted.
    """
    plans.lock(session, found.plan_id)
    row = session.scalars(
        sa.select(_Copy).where(_Copy.id == found.id).with_for_update()
    ).one_or_none()
    if row is None:
        raise exceptions.CopyNotFound(copy_id=found.id)
    if row.status not in status.COPY_TRANSITIONS[wanted]:
        raise exceptions.InvalidTransition(
            noun="Copy", id=row.id, current=row.status, wanted=wanted
        )
    return row


def _settled(session: orm.Session, row: models.Copy) -> copy_request.Copy:
    parents.settle(session, [row.id])
    session.refresh(row)
    return copy_rows.to_models(session, [row])[0]
