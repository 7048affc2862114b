# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import page
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_log_queries
from karbor_copy.db import operation_logs
from tests.fixtures import rows


@engine.writer
def store(session: Any, operation_type: Any, **columns: Any) -> Any:
    values = {"project_id": rows.PROJECT} | columns
    log = operation_logs.new_log(operation_type, **values)
    operation_logs.enqueue(session, [log])
    return log["id"]


def ids(
    page_: Any = None, project_id: Any = rows.PROJECT, **fields: Any
) -> Any:
    found = operation_log_queries.list_page(
        page_ or page.Page(), project_id, **fields
    )
    return [log.id for log in found]


def test_internal_logs_are_for_administrators_only() -> None:
    protect = store("protect")
    reset = store("reset")
    cleanup = store("cleanup")
    assert ids() == [protect]
    assert ids(internal=True) == [cleanup, reset, protect]
    for hidden in (reset, cleanup):
        with pytest.raises(exceptions.OperationLogNotFound, match=hidden):
            operation_log_queries.get(rows.PROJECT, hidden)
        found = operation_log_queries.get(rows.PROJECT, hidden, internal=True)
        assert found.id == hidden


def test_logs_of_another_version_are_not_shown() -> None:
    protect = store("protect")
    newer = store("protect")
    rows.change(models.OperationLog, newer, operation_type="inventory")
    for internal in (False, True):
        assert ids(internal=internal) == [protect]
        with pytest.raises(exceptions.OperationLogNotFound):
            operation_log_queries.get(rows.PROJECT, newer, internal=internal)


def test_logs_are_scoped_to_the_project() -> None:
    mine = store("protect")
    other = store("protect", project_id="other")
    assert ids() == [mine]
    assert ids(project_id=None) == [other, mine]
    with pytest.raises(exceptions.OperationLogNotFound):
        operation_log_queries.get(rows.PROJECT, other)
    assert operation_log_queries.get("other", other).id == other


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint_id",
        "plan_id",
        "provider_id",
        "restore_id",
        "verification_id",
        "scheduled_operation_id",
    ],
)
def test_filters_by_id(name: Any) -> None:
    value = rows.new_id()
    wanted = store("verify", **{name: value})
    store("verify", **{name: rows.new_id()})
    store("verify")
    assert ids(page.Page(filters={name: value})) == [wanted]
    both = {"operation_type": "verify", "status": "in_progress"}
    assert len(ids(page.Page(filters=both))) == 3
