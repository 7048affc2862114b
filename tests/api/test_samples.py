# SPDX-License-Identifier: Apache-2.0
"""The samples of the API reference are what the API takes and answers.

``KARBOR_COPY_WRITE_SAMPLES=1`` writes the answers anew.
"""

import json
import os
import pathlib
import re
from typing import Any

import pytest

from karbor_copy.db import services
from tests.fakes import api_plugins
from tests.fakes import api_site

SAMPLES = pathlib.Path(__file__).parents[2] / "api-ref" / "source" / "samples"
WRITE = bool(os.environ.get("KARBOR_COPY_WRITE_SAMPLES"))

P = f"/v1/{api_site.PROJECT}"
CHECKPOINTS = f"{P}/providers/{api_site.ONE}/checkpoints"
CHECKPOINT = f"{CHECKPOINTS}/{api_site.CHECKPOINT}"
SERVERS = f"{P}/protectables/{api_plugins.SERVER}"

#: Sample, method, path; <name> is the id in the answer of that sample.
SESSION = (
    ("versions-list", "GET", "/"),
    ("version-show", "GET", "/v1/"),
    ("healthcheck", "GET", "/healthcheck"),
    ("healthcheck-ready", "GET", "/healthcheck/ready"),
    ("plan-create", "POST", f"{P}/plans"),
    ("plan-update", "PUT", f"{P}/plans/<plan-create>"),
    ("plan-show", "GET", f"{P}/plans/<plan-create>"),
    ("plans-list", "GET", f"{P}/plans?name=Weekly&limit=1"),
    ("providers-list", "GET", f"{P}/providers?name=Region%20one"),
    ("provider-show", "GET", f"{P}/providers/{api_site.ONE}"),
    ("checkpoint-create", "POST", CHECKPOINTS),
    ("checkpoint-show", "GET", CHECKPOINT),
    ("checkpoints-list", "GET", f"{CHECKPOINTS}?status=error"),
    ("copy-create", "POST", f"{CHECKPOINTS}/action"),
    ("copy-show", "GET", f"{P}/copies/<copy-create>"),
    ("copies-list", "GET", f"{P}/copies"),
    (
        "checkpoint-copies-list",
        "GET",
        f"{P}/copies/<copy-create>/checkpoint_copies",
    ),
    ("copy-cancel", "POST", f"{P}/copies/<copy-create>/action"),
    ("copy-retry", "POST", f"{P}/copies/<copy-create>/action"),
    ("restore-create", "POST", f"{P}/restores"),
    ("restore-show", "GET", f"{P}/restores/<restore-create>"),
    ("restores-list", "GET", f"{P}/restores"),
    ("verification-create", "POST", f"{P}/verifications"),
    (
        "verification-show",
        "GET",
        f"{P}/verifications/<verification-create>",
    ),
    ("verifications-list", "GET", f"{P}/verifications"),
    ("protectable-types-list", "GET", f"{P}/protectables"),
    ("protectable-type-show", "GET", SERVERS),
    ("instances-list", "GET", f"{SERVERS}/instances"),
    (
        "instance-show",
        "GET",
        f"{SERVERS}/instances/{api_plugins.SERVERS[0].id}",
    ),
    (
        "operation-logs-list",
        "GET",
        f"{P}/operation_logs?operation_type=restore",
    ),
    ("operation-log-show", "GET", f"{P}/operation_logs/<operation-logs-list>"),
    ("services-list", "GET", f"{P}/os-services"),
    ("service-update", "PUT", f"{P}/os-services/<services-list>"),
    ("quota-update", "PUT", f"{P}/quotas/{api_site.PROJECT}"),
    ("quota-show", "GET", f"{P}/quotas/{api_site.PROJECT}"),
    ("quota-defaults", "GET", f"{P}/quotas/{api_site.PROJECT}/defaults"),
    ("quota-detail", "GET", f"{P}/quotas/{api_site.PROJECT}/detail"),
    ("quota-class-update", "PUT", f"{P}/quota_classes/default"),
    ("quota-class-show", "GET", f"{P}/quota_classes/default"),
    (
        "checkpoint-reset",
        "PUT",
        f"{CHECKPOINTS}/{api_site.IMAGE_CHECKPOINT}",
    ),
    (
        "checkpoint-delete",
        "DELETE",
        f"{CHECKPOINTS}/{api_site.FAILED_CHECKPOINT}",
    ),
    ("fault", "GET", f"{P}/plans/{api_site.GONE}"),
)
VOLATILE = (
    (
        re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        "<uuid>",
    ),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"), "<time>"),
    (re.compile(r'"\d{4}-\d\d-\d\d"'), '"<date>"'),
)


def stable(value: Any) -> Any:
    """Return the value without what differs from run to run."""
    text = json.dumps(value, sort_keys=True)
    for pattern, name in VOLATILE:
        text = pattern.sub(name, text)
    return json.loads(text)


def find_id(value: Any) -> str | None:
    """Return the first id in an answer."""
    if isinstance(value, list):
        return find_id(value[0]) if value else None
    if not isinstance(value, dict):
        return None
    if "id" in value:
        return str(value["id"])
    return next(filter(None, map(find_id, value.values())), None)


def read(name: str) -> Any:
    path = SAMPLES / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def test_session(site: api_site.Site) -> None:
    services.report("controller-1", "karbor-protection", "protection")
    admin = site.user("admin")
    ids: dict[str, str] = {}
    for name, method, template in SESSION:
        path = re.sub(r"<(.*?)>", lambda match: ids[match[1]], template)
        request = read(f"{name}-request")
        answer = admin.request(
            path,
            method=method,
            body=b"" if request is None else json.dumps(request).encode(),
            headers=(
                {} if request is None else {"Content-Type": "application/json"}
            ),
            expect_errors=True,
        ).json
        ids[name] = find_id(answer) or ""
        if WRITE:
            (SAMPLES / f"{name}-response.json").write_text(
                json.dumps(answer, indent=4) + "\n"
            )
        expected = read(f"{name}-response")
        assert stable(answer) == stable(expected), name


@pytest.mark.skipif(WRITE, reason="writes samples")
def test_no_sample_is_left_over() -> None:
    known = {
        f"{name}-{kind}"
        for name, _, _ in SESSION
        for kind in ("request", "response")
    }
    assert {path.stem for path in SAMPLES.iterdir()} <= known
