# SPDX-License-Identifier: Apache-2.0
"""After the commit the workers are woken, once, for what was asked."""

from tests.fakes import api_site

BASE = f"/v1/{api_site.PROJECT}"
CHECKPOINTS = f"{BASE}/providers/{api_site.ONE}/checkpoints"


def test_protect_delete_reset(site: api_site.Site) -> None:
    user = site.user()
    made = user.post_json(
        CHECKPOINTS, {"checkpoint": {"plan_id": api_site.PLAN}}
    ).json["checkpoint"]["id"]
    user.delete(f"{CHECKPOINTS}/{api_site.CHECKPOINT}")
    user.put_json(
        f"{CHECKPOINTS}/{api_site.IMAGE_CHECKPOINT}",
        {"os-resetState": {"state": "error"}},
    )
    assert site.client.wakes == [
        ("protect", made),
        ("delete", api_site.CHECKPOINT),
        ("reset", api_site.IMAGE_CHECKPOINT),
    ]


def test_copy_cancel_retry(site: api_site.Site) -> None:
    user = site.user()
    copy = user.post_json(
        f"{CHECKPOINTS}/action", {"copy": {"plan_id": api_site.PLAN}}
    ).json["copy"]
    action = f"{BASE}/copies/{copy['id']}/action"
    user.post_json(action, {"cancel": None}, status=202)
    user.post_json(action, {"retry": None}, status=202)
    assert site.client.wakes == [("copy", copy["id"])] * 2


def test_nobody_is_woken_for_what_is_finished(site: api_site.Site) -> None:
    user = site.user()
    body = {"copy": {"plan_id": api_site.PLAN}}
    user.post_json(f"{CHECKPOINTS}/action", body, status=202)
    api_site.finish_copies()
    site.client.wakes.clear()
    copy = user.post_json(f"{CHECKPOINTS}/action", body, status=202).json
    assert copy["copy"]["status"] == "finished"
    shown = user.get(f"{BASE}/copies/{copy['copy']['id']}").json["copy"]
    assert shown["checkpoint_copies"] == []
    assert shown["counts"] == {}
    assert site.client.wakes == []


def test_restore_verify(site: api_site.Site) -> None:
    user = site.user()
    body = {
        "provider_id": api_site.ONE,
        "checkpoint_id": api_site.CHECKPOINT,
        "parameters": {},
    }
    restore = user.post_json(f"{BASE}/restores", {"restore": body})
    verification = user.post_json(
        f"{BASE}/verifications", {"verification": body}
    )
    assert site.client.wakes == [
        ("restore", restore.json["restore"]["id"]),
        ("verify", verification.json["verification"]["id"]),
    ]
