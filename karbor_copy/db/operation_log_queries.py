# SPDX-License-Identifier: Apache-2.0
"""Operation logs as users see them."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import page as page_model
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import paging

_Log = models.OperationLog

_SORTABLE: Final = {
    "id": _Log.id,
    "status": _Log.status,
    "operation_type": _Log.operation_type,
    "created_at": _Log.created_at,
    "started_at": _Log.started_at,
    "ended_at": _Log.ended_at,
}
_FILTERABLE: Final = {
    "checkpoint_id": _Log.checkpoint_id,
    "plan_id": _Log.plan_id,
    "provider_id": _Log.provider_id,
    "restore_id": _Log.restore_id,
    "verification_id": _Log.verification_id,
    "scheduled_operation_id": _Log.scheduled_operation_id,
    "operation_type": _Log.operation_type,
    "status": _Log.status,
}


@engine.reader
def get(
    session: orm.Session,
    project_id: str,
    operation_log_id: str,
    *,
    internal: bool = False,
) -> operation_log.OperationLog:
    """Return an operation log; of resets and clean-ups only if internal.

    :raises OperationLogNotFound: there is none in this project.
    """
    row = session.scalars(
        _visible(project_id, internal=internal).where(
            _Log.id == operation_log_id
        )
    ).one_or_none()
    if row is None:
        raise exceptions.OperationLogNotFound(
            operation_log_id=operation_log_id
        )
    return operation_logs.to_model(row)


@engine.reader
def list_page(
    session: orm.Session,
    page: page_model.Page,
    project_id: str | None,
    *,
    internal: bool = False,
) -> list[operation_log.OperationLog]:
    """Return a page of a project's logs, of all projects' for None.

    :raises Invalid: an unknown marker, sort key or filter.
    """
    rows = paging.fetch(
        session,
        _visible(project_id, internal=internal),
        page,
        sortable=_SORTABLE,
        filterable=_FILTERABLE,
    )
    return [operation_logs.to_model(row) for row in rows]


def _visible(
    project_id: str | None, *, internal: bool
) -> sa.Select[models.OperationLog]:
    visible = sa.select(_Log).where(operation_logs.KNOWN)
    if project_id is not None:
        visible = visible.where(_Log.project_id == project_id)
    if not internal:
        visible = visible.where(
            _Log.operation_type.not_in(status.INTERNAL_OPERATION_TYPES)
        )
    return visible
