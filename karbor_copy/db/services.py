# SPDX-License-Identifier: Apache-2.0
"""Who reports that it lives, who has ceased to, and who may take work."""

import sqlalchemy as sa
from oslo_db import exception as db_exception
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import service
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models

_Service = models.Service


@engine.writer
def report(session: orm.Session, host: str, binary: str, topic: str) -> None:
    """Note that a service lives; its first report makes its row."""
    if _touch(session, host, binary):
        return
    try:
        with session.begin_nested():
            session.add(
                _Service(
                    host=host,
                    binary=binary,
                    topic=topic,
                    report_count=0,
                    created_at=functions.utcnow(),
                )
            )
    except db_exception.DBDuplicateEntry:
        # Another thread of the same name was first; its row serves.
        session.expire_all()
    _touch(session, host, binary)


def _touch(session: orm.Session, host: str, binary: str) -> bool:
    touched = session.execute(
        sa.update(_Service)
        .where(_Service.host == host, _Service.binary == binary)
        .values(
            report_count=_Service.report_count + 1,
            reported_at=functions.now_ms(),
            updated_at=functions.utcnow(),
        )
        .execution_options(synchronize_session=False)
    )
    return bool(touched.rowcount)  # type: ignore[attr-defined]


@engine.reader
def list_all(
    session: orm.Session,
    host: str | None = None,
    binary: str | None = None,
    *,
    service_down_time: float,
) -> list[service.Service]:
    """Return the services by id; up if heard of within so many seconds."""
    wanted = _select(service_down_time).order_by(_Service.id)
    if host is not None:
        wanted = wanted.where(_Service.host == host)
    if binary is not None:
        wanted = wanted.where(_Service.binary == binary)
    return [_to_model(found) for found in session.execute(wanted)]


@engine.writer
def set_status(
    session: orm.Session,
    service_id: int,
    wanted: status.ServiceStatus,
    reason: str | None,
    *,
    service_down_time: float,
) -> service.Service:
    """Let a protection service take work, or no more of it, and say why.

    :raises ServiceNotFound: there is none.
    :raises Invalid: it is a service of another kind.
    """
    row = session.get(_Service, service_id, with_for_update=True)
    if row is None:
        raise exceptions.ServiceNotFound(service_id=service_id)
    if row.binary != service.PROTECTION:
        raise exceptions.Invalid(
            f"Only a {service.PROTECTION} service can be enabled or disabled."
        )
    row.disabled = wanted is status.ServiceStatus.DISABLED
    row.disabled_reason = reason
    session.flush()
    changed = _select(service_down_time).where(_Service.id == service_id)
    return _to_model(session.execute(changed).one())


def _select(service_down_time: float) -> sa.Select[models.Service, bool]:
    """Return the query of services, and whether they are up."""
    since = functions.now_ms() - int(service_down_time * 1000)
    return sa.select(_Service, _Service.reported_at >= since)


def _to_model(found: sa.Row[models.Service, bool]) -> service.Service:
    row, up = found
    return service.Service(
        id=row.id,
        binary=row.binary,
        host=row.host,
        status=(
            status.ServiceStatus.DISABLED
            if row.disabled
            else status.ServiceStatus.ENABLED
        ),
        state=status.ServiceState.UP if up else status.ServiceState.DOWN,
        updated_at=row.updated_at,
        disabled_reason=row.disabled_reason,
    )
