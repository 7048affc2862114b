# SPDX-License-Identifier: Apache-2.0
"""Who reports that it lives, and who has ceased to."""

import sqlalchemy as sa
from oslo_db import exception as db_exception
from sqlalchemy import orm

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
    since = functions.now_ms() - int(service_down_time * 1000)
    wanted = sa.select(_Service, _Service.reported_at >= since).order_by(
        _Service.id
    )
    if host is not None:
        wanted = wanted.where(_Service.host == host)
    if binary is not None:
        wanted = wanted.where(_Service.binary == binary)
    return [
        service.Service(
            id=row.id,
            binary=row.binary,
            host=row.host,
            status=(
                status.ServiceStatus.DISABLED
                if row.disabled
                else status.ServiceStatus.ENABLED
            ),
            state=(status.ServiceState.UP if up else status.ServiceState.DOWN),
            updated_at=row.updated_at,
            disabled_reason=row.disabled_reason,
        )
        for row, up in session.execute(wanted)
    ]
