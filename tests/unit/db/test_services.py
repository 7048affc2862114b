# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
from typing import Any

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
