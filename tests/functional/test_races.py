# SPDX-License-Identifier: Apache-2.0
"""Many identical requests at once copy each checkpoint once."""

import threading
from concurrent import futures

from karbor_copy.db import models
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO

_REQUESTS = 64


def test_64_identical_requests_copy_once(
    site: deployment.Deployment,
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    checkpoints = {site.protect(plan_id) for _ in range(4)}
    together = threading.Barrier(_REQUESTS)
    url = site.url(f"providers/{ONE}/checkpoints/action")

    def request(_: int) -> str:
        browser = site.user()
        together.wait()
        body = {"copy": {"plan_id": plan_id}}
        answer = browser.post_json(url, body, status=202)
        return str(answer.json["copy"]["id"])

    with futures.ThreadPoolExecutor(_REQUESTS) as pool:
        copy_ids = list(pool.map(request, range(_REQUESTS)))
    assert len(set(copy_ids)) == _REQUESTS
    ended = [site.wait_copy(copy_id) for copy_id in copy_ids]
    assert {copy["status"] for copy in ended} == {"finished"}
    made = deployment.rows(models.CheckpointCopy)
    assert {row.checkpoint_id for row in made} == checkpoints
    assert len(made) == len(checkpoints)
    targets = {row.checkpoint_copy_id for row in made}
    held = {item.name for item in (site.bank(TWO) / "checkpoints").iterdir()}
    assert held == targets
