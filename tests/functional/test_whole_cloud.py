# SPDX-License-Identifier: Apache-2.0
"""The main job in a whole cloud, by ``openstack`` and for two projects."""

import hashlib
import json
import os
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from keystoneauth1 import session

from tests.fakes import api_calls
from tests.fakes import api_site
from tests.fixtures import cloud as clouds
from tests.fixtures import database
from tests.fixtures import keystone
from tests.fixtures import standalone

pytestmark = pytest.mark.usefixtures("left_sockets")

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO
ALICE = ("member-alpha", keystone.ALPHA)
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
#: What Alice names, and what nobody else may read.
NAME = "accounts-of-alpha"


@dataclass(frozen=True)
class Story:
    """What is Alice's when all is told."""

    cloud: clouds.Cloud
    volume: str
    plan: str
    ids: dict[str, str]


@pytest.fixture
def cloud(tmp_path: pathlib.Path) -> Iterator[clouds.Cloud]:
    with database.own_database("postgresql") as url:
        made = clouds.Cloud(tmp_path, url)
        try:
            yield made
        finally:
            made.close()


def tell(cloud: clouds.Cloud) -> Story:
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
    digests = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (cloud.path / "volumes").glob("volume-*")
        if path.suffix != ".json"
    }
    assert digests == {hashlib.sha256(data).hexdigest()}
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
        "resource_id": volume,
        "target_project_id": keystone.project_id(keystone.ALPHA),
        "class_name": "default",
        "service_id": "1",
    }
    return Story(cloud, volume, plan, ids)


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
    for query in QUERIES:
        no_query_shows_what_is_anothers(story, query)
    a_plan_of_anothers_volume_protects_nothing(story)


def refuses_a_stranger(story: Story) -> None:
    words = ("checkpoint", "show", "region-two", story.ids["checkpoint_id"])
    done = story.cloud.openstack(*BOB, *words)
    assert done.returncode != 0
    assert "could not be found" in done.stderr
    assert story.cloud.shown(*BOB, "plan", "list") == []
    assert story.cloud.shown(*BOB, "checkpoint", "list", "region-two") == []


def ask(
    story: Story,
    login: session.Session,
    project_id: str,
    route: str,
    query: str = "",
) -> Any:
    """Send a request for what is Alice's below another project's path."""
    method, _, pattern = route.partition(" ")
    # The copy is in region two, the plan is region one's.
    provider_id = TWO if "{checkpoint_id}" in pattern else ONE
    ids = story.ids | {"provider_id": provider_id}
    path = f"/v1/{project_id}/{pattern.format(**ids)}{query}"
    body = json.dumps(api_calls.BODIES.get(route))
    for known, own in (
        (api_site.PLAN, story.plan),
        (api_site.CHECKPOINT, story.ids["checkpoint_id"]),
        (api_site.ONE, ONE),
    ):
        body = body.replace(known, own)
    return login.request(
        f"{story.cloud.url}{path}",
        method,
        json=json.loads(body),
        raise_exc=False,
    )


def routes(story: Story) -> list[str]:
    """Return every route that the API says it has, below a project."""
    document = session.Session().get(f"{story.cloud.url}/v1/openapi.json")
    return [
        f"{method.upper()} {path.removeprefix(api_calls.PREFIX)}"
        for path, methods in document.json()["paths"].items()
        if path.startswith(api_calls.PREFIX)
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    ]


def things(story: Story) -> dict[str, Any]:
    """Return all that Alice has."""
    login = keystone.login(*ALICE)
    project_id = keystone.project_id(keystone.ALPHA)
    lists = (
        *("plans", "copies", "restores", "verifications", "operation_logs"),
        f"providers/{ONE}/checkpoints",
        f"providers/{TWO}/checkpoints",
    )
    found = {
        name: login.get(f"{story.cloud.url}/v1/{project_id}/{name}").json()
        for name in lists
    }
    bank = story.cloud.banks["region-two"]
    return {**found, "bank": {info.key: info.digests for info in bank.list()}}


def no_route_shows_or_changes_what_is_anothers(story: Story) -> None:
    before = things(story)
    login = keystone.login(*BOB)
    alpha = keystone.project_id(keystone.ALPHA)
    beta = keystone.project_id(keystone.BETA)
    every = routes(story)
    assert set(every) >= {*api_calls.BODIES, *api_calls.COMMON}
    for route in every:
        answer = ask(story, login, alpha, route)
        assert answer.status_code == 400, (route, answer.text)
        answer = ask(story, login, beta, route)
        for secret in (NAME, alpha, story.volume):
            asked = secret in answer.request.url
            assert asked or secret not in answer.text, (route, answer.text)
        if route in api_calls.COMMON:
            assert answer.status_code < 500, (route, answer.text)
        elif answer.status_code == 200:
            (items,) = answer.json().values()
            assert items == [], route
        else:
            assert answer.status_code == 404, (route, answer.text)
    assert things(story) == before


def no_query_shows_what_is_anothers(story: Story, query: str) -> None:
    login = keystone.login(*BOB)
    beta = keystone.project_id(keystone.BETA)
    for name in (
        *("plans", "copies", "restores", "verifications", "operation_logs"),
        f"providers/{TWO}/checkpoints",
    ):
        answer = ask(
            story, login, beta, f"GET {name}", f"?{query.format(**story.ids)}"
        )
        # An error may repeat what was asked for.
        if answer.status_code == 200:
            for secret in (NAME, *story.ids.values()):
                assert secret in OPEN or secret not in answer.text
        else:
            assert answer.status_code in (400, 403), (name, answer.text)


def a_plan_of_anothers_volume_protects_nothing(story: Story) -> None:
    cloud = story.cloud
    data = b"of alpha alone" * 1000
    volume = cloud.make_volume(data, keystone.ALPHA)
    resource = f"{standalone.VOLUME}={volume}=mine"
    made = cloud.openstack(
        *BOB, "plan", "create", "theft", "region-two", resource
    )
    if made.returncode == 0:
        words = ("checkpoint", "create", "region-two", "theft", "--wait")
        assert cloud.openstack(*BOB, *words).returncode != 0
    (path,) = (cloud.path / "volumes").glob(f"volume-{volume}")
    assert path.read_bytes() == data
    for found in cloud.shown(*BOB, "checkpoint", "list", "region-two"):
        assert found["status"] == "error"
