# SPDX-License-Identifier: Apache-2.0
"""The main job in a whole cloud, by ``openstack`` and for two projects."""

import hashlib
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from keystoneauth1 import session

from tests.fakes import api_calls
from tests.fixtures import cloud as clouds
from tests.fixtures import database
from tests.fixtures import keystone
from tests.fixtures import owned
from tests.fixtures import standalone

pytestmark = pytest.mark.usefixtures("left_sockets")

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO
ALICE = owned.ALICE
BOB = ("member-beta", keystone.BETA)
#: What everybody may know of what Alice's things are called.
OPEN = (ONE, TWO, standalone.VOLUME, "default", "1")
QUERIES = (
    "all_tenants=1",
    "project_id={target_project_id}",
    "plan_id={plan_id}",
    "checkpoint_id={checkpoint_id}",
    "marker={plan_id}",
    "marker={checkpoint_id}",
    "marker={copy_id}",
)
#: What is no project's, and what makes something of the caller's own.
EVERYBODYS = (
    "GET providers",
    "GET providers/{provider_id}",
    "GET protectables",
    "GET protectables/{resource_type}",
    "GET quota_classes/{class_name}",
    "POST plans",
)
#: What else begins with these is for administrators, or for one's own project.
ADMINISTRATORS = ("os-services", "quotas/", "quota_classes/")
#: What Alice names, and what nobody else may read.
NAME = "accounts-of-alpha"


@pytest.fixture
def cloud(tmp_path: pathlib.Path) -> Iterator[clouds.Cloud]:
    with database.own_database("postgresql") as url:
        made = clouds.Cloud(tmp_path, url)
        try:
            yield made
        finally:
            made.close()


def tell(cloud: clouds.Cloud) -> owned.Story:
    """Protect, copy, lose region one, and restore from region two."""

    def alice(*words: str) -> Any:
        return cloud.shown(*ALICE, *words)

    data = os.urandom(5_000_000)
    volume = cloud.make_volume(data, keystone.ALPHA)
    names = {found["id"]: found["name"] for found in alice("provider", "list")}
    assert names == {ONE: "region-one", TWO: "region-two"}
    resource = f"{standalone.VOLUME}={volume}"
    plan = alice("plan", "create", NAME, "region-one", resource)["id"]
    made = alice("checkpoint", "create", "region-one", NAME, "--wait")
    assert made["status"] == "available"
    words = ("region-one", made["id"], "--wait")
    verification = alice("verification", "create", *words)
    assert verification["status"] == "success"
    copy = alice("copy", "create", "region-one", NAME, "--wait")
    assert copy["status"] == "finished"
    (member,) = alice("copy", "checkpoint", "list", copy["id"])
    again = alice("copy", "create", "region-one", NAME, "--wait")
    assert again["status"] == "finished"
    assert alice("copy", "checkpoint", "list", again["id"]) == []

    lose_region_one(cloud)
    (target,) = alice("checkpoint", "list", "region-two")
    restore = alice("restore", "create", "region-two", target["id"], "--wait")
    assert restore["status"] == "success"
    (restored,) = (
        path
        for path in (cloud.path / "volumes").glob("volume-*")
        if path.suffix != ".json"
    )
    assert (
        hashlib.sha256(restored.read_bytes()).digest()
        == hashlib.sha256(data).digest()
    )
    log = alice("operation", "log", "list")[0]
    assert member["status"] == "finished"
    ids = {
        "plan_id": plan,
        "checkpoint_id": target["id"],
        "copy_id": copy["id"],
        "restore_id": restore["id"],
        "verification_id": verification["id"],
        "operation_log_id": log["id"],
        "resource_type": standalone.VOLUME,
        "resource_id": restored.name.removeprefix("volume-"),
        "target_project_id": keystone.project_id(keystone.ALPHA),
        "class_name": "default",
        "service_id": "1",
    }
    return owned.Story(cloud, volume, plan, ids)


def lose_region_one(cloud: clouds.Cloud) -> None:
    """Delete its bank, container and all, and every volume."""
    bank = cloud.banks["region-one"]
    for info in bank.list():
        bank.delete(info.key)
    assert bank._client.request("DELETE").status_code == 204
    for path in (cloud.path / "volumes").iterdir():
        path.unlink()


def test_the_whole_way_and_who_may_not_see_it(cloud: clouds.Cloud) -> None:
    """One test: a cloud takes longer to make than to ask."""
    story = tell(cloud)
    refuses_a_stranger(story)
    no_route_shows_or_changes_what_is_anothers(story)
    the_owner_finds_all_that_was_asked_for(story)
    nothing_is_shown_without_a_token(story)
    for query in QUERIES:
        no_query_shows_what_is_anothers(story, query)
    a_plan_of_anothers_volume_protects_nothing(story)


def refuses_a_stranger(story: owned.Story) -> None:
    words = ("checkpoint", "show", "region-two", story.ids["checkpoint_id"])
    done = story.cloud.openstack(*BOB, *words)
    assert done.returncode != 0
    assert "could not be found" in done.stderr
    assert story.cloud.shown(*BOB, "plan", "list") == []
    assert story.cloud.shown(*BOB, "checkpoint", "list", "region-two") == []


def no_route_shows_or_changes_what_is_anothers(story: owned.Story) -> None:
    before = owned.things(story)
    login = keystone.login(*BOB)
    alpha = keystone.project_id(keystone.ALPHA)
    beta = keystone.project_id(keystone.BETA)
    every = owned.routes(story)
    assert set(every) >= {*api_calls.BODIES, *api_calls.COMMON}
    hidden = (NAME, alpha, story.volume, story.ids["resource_id"])
    for route in every:
        answer = owned.ask(story, login, alpha, route)
        assert answer.status_code == 400, (route, answer.text)
        answer = owned.ask(story, login, beta, route)
        for secret in hidden:
            asked = secret in answer.request.url
            assert asked or secret not in answer.text, (route, answer.text)
        if route in EVERYBODYS:
            assert answer.status_code == 200, (route, answer.text)
        elif route.partition(" ")[2].startswith(ADMINISTRATORS):
            assert answer.status_code == 403, (route, answer.text)
        elif answer.status_code == 200:
            (items,) = answer.json().values()
            assert items == [], route
        else:
            assert answer.status_code == 404, (route, answer.text)
    assert owned.things(story) == before


def the_owner_finds_all_that_was_asked_for(story: owned.Story) -> None:
    """What is not there for anybody, nobody could be kept from."""
    login = keystone.login(*ALICE)
    alpha = keystone.project_id(keystone.ALPHA)
    readable = [
        route
        for route in owned.routes(story)
        if route.startswith("GET ") and route != "GET os-services"
    ]
    for route in (*readable, "POST verifications", "POST restores"):
        answer = owned.ask(story, login, alpha, route)
        assert answer.status_code == 200, (route, answer.text)
        assert all(answer.json().values()), (route, answer.text)


def nothing_is_shown_without_a_token(story: owned.Story) -> None:
    for path in owned.OUTSIDE:
        answer = session.Session().get(
            f"{story.cloud.url}{path}", raise_exc=False
        )
        for secret in (NAME, *story.ids.values()):
            assert secret in OPEN or secret not in answer.text, path


def no_query_shows_what_is_anothers(story: owned.Story, query: str) -> None:
    login = keystone.login(*BOB)
    beta = keystone.project_id(keystone.BETA)
    for name in (
        *("plans", "copies", "restores", "verifications", "operation_logs"),
        f"providers/{TWO}/checkpoints",
    ):
        answer = owned.ask(
            story, login, beta, f"GET {name}", f"?{query.format(**story.ids)}"
        )
        # An error may repeat what was asked for.
        if answer.status_code == 200:
            for secret in (NAME, *story.ids.values()):
                assert secret in OPEN or secret not in answer.text
        else:
            assert answer.status_code in (400, 403), (name, answer.text)


def a_plan_of_anothers_volume_protects_nothing(story: owned.Story) -> None:
    cloud = story.cloud
    data = b"of alpha alone" * 1000
    volume = cloud.make_volume(data, keystone.ALPHA)
    resource = f"{standalone.VOLUME}={volume}=mine"
    made = cloud.openstack(
        *BOB, "plan", "create", "theft", "region-two", resource
    )
    assert made.returncode == 0, made.stderr
    words = ("checkpoint", "create", "region-two", "theft", "--wait")
    done = cloud.openstack(*BOB, *words)
    assert done.returncode != 0
    assert f"{volume} is not among the project's volumes" in done.stderr
    (path,) = (cloud.path / "volumes").glob(f"volume-{volume}")
    assert path.read_bytes() == data
    (found,) = cloud.shown(*BOB, "checkpoint", "list", "region-two")
    assert found["status"] == "error"
