# SPDX-License-Identifier: Apache-2.0
"""More open copies than ``max_open_copies`` are refused, and nothing done."""

import webtest

from tests.fakes import api_site

BASE = f"/v1/{api_site.PROJECT}"
ACTION = f"{BASE}/providers/{api_site.ONE}/checkpoints/action"
COPY = {"copy": {"plan_id": api_site.PLAN}}


def check_refused(site: api_site.Site, path: str, body: object) -> None:
    before, wakes = api_site.counted(), list(site.client.wakes)
    answer = site.user().post_json(path, body, status=413)
    fault = answer.json["overLimit"]
    assert fault["message"] == (
        "Maximum number of open checkpoint copies allowed (1) exceeded."
    )
    assert fault["retryAfter"] == answer.headers["Retry-After"] == "60"
    assert api_site.counted() == before
    assert site.client.wakes == wakes


def request_copy(site: api_site.Site) -> webtest.TestResponse:
    return site.user().post_json(ACTION, COPY, status=202)


def test_a_request_that_goes_beyond(site: api_site.Site) -> None:
    api_site.add_checkpoint()
    site.start(max_open_copies=1)
    check_refused(site, ACTION, COPY)
    site.start(max_open_copies=2)
    assert request_copy(site).json["copy"]["status"] == "wait_copying"


def test_a_retry_that_goes_beyond(site: api_site.Site) -> None:
    api_site.add_checkpoint()
    action = f"{BASE}/copies/{request_copy(site).json['copy']['id']}/action"
    site.user().post_json(action, {"cancel": None}, status=202)
    site.start(max_open_copies=1)
    check_refused(site, action, {"retry": None})
    site.start(max_open_copies=2)
    site.user().post_json(action, {"retry": None}, status=202)
