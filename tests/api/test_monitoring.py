# SPDX-License-Identifier: Apache-2.0
"""Health and metrics, also while the database is away or stands still."""

import threading
from collections.abc import Iterator
from typing import Any

import prometheus_client
import pytest
from prometheus_client import parser

from karbor_copy.api import monitoring
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import services
from tests.fakes import api_site

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
REQUESTS = "karbor_copy_api_requests_total"
LATENCY = "karbor_copy_api_request_duration_seconds_count"
PLAN_PATH = "/v1/{project_id}/plans/{plan_id}"


def scrape(site: api_site.Site) -> Samples:
    text = site.user().get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def names(samples: Samples) -> set[str]:
    return {name for name, _ in samples}


def counted(name: str, **labels: str) -> float:
    return prometheus_client.REGISTRY.get_sample_value(name, labels) or 0.0


def lose_tables() -> None:
    models.Base.metadata.drop_all(engine.get_engine())


@pytest.fixture
def frozen(
    site: api_site.Site, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Let the database stand still."""
    back = threading.Event()
    real = engine.get_engine

    def get_engine() -> Any:
        back.wait(60)
        return real()

    monkeypatch.setattr(engine, "get_engine", get_engine)
    monkeypatch.setattr(monitoring, "_PATIENCE", 0.05)
    monkeypatch.setattr("karbor_copy.metrics._PATIENCE", 0.05)
    site.start()
    yield
    back.set()


def ready(site: api_site.Site, code: int) -> Any:
    return site.user().get("/healthcheck/ready", status=code).json


def test_ready_with_a_worker_that_reports(site: api_site.Site) -> None:
    services.report("h", "karbor-operationengine", "t")
    assert ready(site, 503)["checks"]["database"] == "ok"
    services.report("h", "karbor-protection", "t")
    assert ready(site, 200)["ready"]


def test_not_ready_while_every_host_is_disabled(site: api_site.Site) -> None:
    services.report("h", "karbor-protection", "t")
    (found,) = services.list_all(service_down_time=60.0)
    disabled = status.ServiceStatus.DISABLED
    services.set_status(found.id, disabled, None, service_down_time=60.0)
    told = ready(site, 503)["checks"]["protection"]
    assert told == "no enabled service has reported for 60 s"


def test_not_ready_without_a_database(site: api_site.Site) -> None:
    services.report("h", "karbor-protection", "t")
    lose_tables()
    found = ready(site, 503)
    assert found == {
        "ready": False,
        "checks": {
            "database": "does not answer",
            "protection": "not known",
        },
    }


def test_a_frozen_database_does_not_hang_the_probes(
    site: api_site.Site, frozen: None
) -> None:
    assert site.user().get("/healthcheck").json == {"healthy": True}
    for _ in range(3):
        found = ready(site, 503)
        assert found["checks"]["database"] == "does not answer"


def test_a_frozen_database_does_not_hang_the_metrics(
    site: api_site.Site, frozen: None
) -> None:
    assert scrape(site)["karbor_copy_database_up", ()] == 0.0


def test_life_is_a_matter_of_this_process_alone(
    site: api_site.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get_engine() -> Any:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(engine, "get_engine", get_engine)
    assert site.user().get("/healthcheck").json == {"healthy": True}


def test_requests_are_counted_by_the_template_of_their_path(
    site: api_site.Site,
) -> None:
    def read() -> list[float]:
        return [
            counted(REQUESTS, method="GET", route=PLAN_PATH, status="2xx"),
            counted(REQUESTS, method="GET", route=PLAN_PATH, status="4xx"),
            counted(REQUESTS, method="GET", route="none", status="4xx"),
            counted(REQUESTS, method="other", route="none", status="4xx"),
            counted(LATENCY, method="GET", route=PLAN_PATH),
        ]

    before = read()
    user = site.user()
    path = f"/v1/{api_site.PROJECT}/plans"
    user.get(f"{path}/{api_site.PLAN}")
    user.get(f"{path}/{api_site.GONE}", status=404)
    user.get(f"{path}/no-uuid", status=404)
    user.request("/nope", method="OPTIONS", status=404)
    after = read()
    assert [b - a for a, b in zip(before, after, strict=True)] == [
        *(1, 1, 1, 1, 2)
    ]


def test_no_label_is_a_path_a_project_or_an_id_of_a_user(
    site: api_site.Site,
) -> None:
    user = site.user()
    base = f"/v1/{api_site.PROJECT}"
    user.get(f"{base}/plans/{api_site.PLAN}")
    user.get(f"{base}/protectables/OS::My::Secret", status=400)
    text = user.get("/metrics").text
    assert api_site.PLAN not in text
    assert api_site.PROJECT not in text
    assert "Secret" not in text


def test_the_queue_is_shown_by_every_process(site: api_site.Site) -> None:
    checkpoints = f"providers/{api_site.ONE}/checkpoints"
    site.user().post_json(
        f"/v1/{api_site.PROJECT}/{checkpoints}/action",
        {"copy": {"plan_id": api_site.PLAN}},
    )
    found = scrape(site)
    assert found["karbor_copy_database_up", ()] == 1.0
    queue = {
        dict(labels)["state"]: value
        for (name, labels), value in found.items()
        if name == "karbor_copy_queue_operations"
        and ("operation_type", "copy") in labels
    }
    assert queue == {"queued": 1.0, "running": 0.0, "committing": 0.0}
    assert found["karbor_copy_queue_oldest_waiting_seconds", ()] >= 0.0
    name = "karbor_copy_last_finished_copy_timestamp_seconds"
    routes = [
        dict(labels) for found_name, labels in found if found_name == name
    ]
    assert routes == [
        {"provider_id": api_site.ONE, "target_provider_id": target}
        for target in (api_site.TWO, api_site.OTHER, api_site.GONE)
    ]


def test_without_a_database_the_rest_is_shown(site: api_site.Site) -> None:
    site.user().get("/")
    lose_tables()
    found = scrape(site)
    assert found["karbor_copy_database_up", ()] == 0.0
    assert not [name for name in names(found) if "_queue_" in name]
    assert REQUESTS in names(found)
    assert "process_cpu_seconds_total" in names(found)


def test_names_are_of_the_platform(site: api_site.Site) -> None:
    site.user().get("/")
    foreign = ("process_", "python_")
    for name in names(scrape(site)):
        assert name.startswith(("karbor_copy_", *foreign)), name
        assert not name.endswith("_created"), name
