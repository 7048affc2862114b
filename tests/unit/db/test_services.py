# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import service
from karbor_copy.data_models import status
from karbor_copy.db import models
from karbor_copy.db import services
from tests.fixtures import rows


def list_all(*names: Any, service_down_time: Any = 60.0) -> Any:
    return services.list_all(*names, service_down_time=service_down_time)


def test_who_reports_is_up() -> None:
    services.report("h1", "karbor-protection", "t")
    services.report("h2", "karbor-protection", "t")
    first, second = list_all()
    assert (first.host, second.host) == ("h1", "h2")
    assert first.binary == "karbor-protection"
    assert first.state is status.ServiceState.UP
    assert first.status is status.ServiceStatus.ENABLED
    assert first.updated_at is not None
    assert first.disabled_reason is None
    assert list_all("h2") == [second]
    assert list_all(None, "karbor-api") == []


def test_who_is_silent_for_too_long_is_down() -> None:
    services.report("h", "b", "t")
    (row,) = rows.all_of(models.Service)
    rows.change(
        models.Service,
        row.id,
        reported_at=row.reported_at - 61_000,
        disabled=True,
        disabled_reason="broken",
    )
    (found,) = list_all()
    assert found.state is status.ServiceState.DOWN
    assert found.status is status.ServiceStatus.DISABLED
    assert found.disabled_reason == "broken"
    (found,) = list_all(service_down_time=120.0)
    assert found.state is status.ServiceState.UP
    rows.change(models.Service, row.id, reported_at=None)
    (found,) = list_all()
    assert found.state is status.ServiceState.DOWN


def test_many_first_reports_make_one_row() -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(services.report, "h", "b", "t") for _ in range(16)
        ]
    for future in futures:
        future.result()
    (row,) = rows.all_of(models.Service)
    assert row.report_count == 16


def set_status(service_id: int, wanted: Any, reason: Any = None) -> Any:
    return services.set_status(
        service_id, wanted, reason, service_down_time=60.0
    )


def test_a_service_is_disabled_and_enabled() -> None:
    services.report("h", service.PROTECTION, "t")
    (before,) = list_all()
    changed = set_status(before.id, status.ServiceStatus.DISABLED, "why")
    assert changed.status is status.ServiceStatus.DISABLED
    assert changed.state is status.ServiceState.UP
    assert changed.disabled_reason == "why"
    services.report("h", service.PROTECTION, "t")
    (listed,) = list_all()
    assert (listed.status, listed.disabled_reason) == (
        status.ServiceStatus.DISABLED,
        "why",
    )
    changed = set_status(before.id, status.ServiceStatus.ENABLED)
    assert changed.status is status.ServiceStatus.ENABLED
    assert changed.disabled_reason is None
    with pytest.raises(exceptions.ServiceNotFound):
        set_status(before.id + 1, status.ServiceStatus.ENABLED)


def test_only_protection_services_are_disabled() -> None:
    services.report("h", "karbor-operationengine", "t")
    (found,) = list_all()
    with pytest.raises(exceptions.Invalid, match="karbor-protection"):
        set_status(found.id, status.ServiceStatus.DISABLED)
    assert list_all() == [found]
