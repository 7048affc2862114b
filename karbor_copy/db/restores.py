# SPDX-License-Identifier: Apache-2.0
"""Restores of checkpoints."""

from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import page as page_model
from karbor_copy.data_models import restore as restore_model
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import resource_records


def to_model(row: models.Restore) -> restore_model.Restore:
    """Return the value of a row."""
    return resource_records.to_model(row, restore_model.Restore)


@engine.writer
def create(
    session: orm.Session,
    restore: restore_model.Restore,
    request_id: str | None,
) -> restore_model.Restore:
    """Store a restore and queue its work.

    :raises CheckpointNotFound: none such in this project and provider.
    :raises InvalidCheckpoint: the checkpoint is not available.
    """
    resource_records.insert(
        session,
        models.Restore,
        restore,
        status.OperationType.RESTORE,
        {"restore_id": restore.id, "request_id": request_id},
    )
    return restore


@engine.reader
def get(
    session: orm.Session, project_id: str, restore_id: str
) -> restore_model.Restore:
    """Return a restore.

    :raises RestoreNotFound: there is none in this project.
    """
    row = resource_records.find(
        session, models.Restore, project_id, restore_id
    )
    if row is None:
        raise exceptions.RestoreNotFound(restore_id=restore_id)
    return to_model(row)


@engine.reader
def list_page(
    session: orm.Session, page: page_model.Page, project_id: str | None
) -> list[restore_model.Restore]:
    """Return a page of a project's restores, of all projects' for None.

    :raises Invalid: an unknown marker, sort key or filter.
    """
    rows = resource_records.fetch(session, models.Restore, page, project_id)
    return [to_model(row) for row in rows]


@engine.writer
def set_resource_status(
    session: orm.Session,
    log: operation_log.OperationLog,
    key: str,
    resource_status: str,
    reason: str | None = None,
) -> None:
    """Note how the resource ``type#id`` fares in this run.

    :raises LeaseLost: it is another worker's by now, or has ended.
    """
    resource_records.store_resource_status(
        session,
        models.Restore,
        log.restore_id,
        log,
        key,
        resource_status,
        reason,
    )
