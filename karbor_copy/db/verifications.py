# SPDX-License-Identifier: Apache-2.0
"""Verifications of checkpoints."""

from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import page as page_model
from karbor_copy.data_models import restore as restore_model
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import resource_records


def to_model(row: models.Verification) -> restore_model.Verification:
    """Return the value of a row."""
    return resource_records.to_model(row, restore_model.Verification)


@engine.writer
def create(
    session: orm.Session,
    verification: restore_model.Verification,
    request_id: str | None,
) -> restore_model.Verification:
    """Store a verification and queue its work.

    :raises CheckpointNotFound: none such in this project and provider.
    :raises InvalidCheckpoint: the checkpoint is not available.
    """
    resource_records.insert(
        session,
        models.Verification,
        verification,
        status.OperationType.VERIFY,
        {"verification_id": verification.id, "request_id": request_id},
    )
    return verification


@engine.reader
def get(
    session: orm.Session, project_id: str, verification_id: str
) -> restore_model.Verification:
    """Return a verification.

    :raises VerificationNotFound: there is none in this project.
    """
    row = resource_records.find(
        session, models.Verification, project_id, verification_id
    )
    if row is None:
        raise exceptions.VerificationNotFound(verification_id=verification_id)
    return to_model(row)


@engine.reader
def list_page(
    session: orm.Session, page: page_model.Page, project_id: str | None
) -> list[restore_model.Verification]:
    """Return a page of a project's verifications, of all projects' for None.

    :raises Invalid: an unknown marker, sort key or filter.
    """
    rows = resource_records.fetch(
        session, models.Verification, page, project_id
    )
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
        models.Verification,
        log.verification_id,
        log,
        key,
        resource_status,
        reason,
    )
