# SPDX-License-Identifier: Apache-2.0
"""Bad input gets a fault that names what is wrong, and writes no row."""

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes import plugins
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import STRANGER
from tests.fixtures.deployment import TWO

GONE = "11111111-2222-4333-8444-555555555555"
IMAGE = {"id": GONE, "type": plugins.IMAGE, "name": "image"}


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[deployment.Deployment]:
    """Serve one deployment to all tests here: none of them changes it."""
    path: pathlib.Path = tmp_path_factory.mktemp("site")
    with deployment.deployed(
        path, (plugins.STACK, plugins.POINTER)
    ) as running:
        yield running


@pytest.fixture(scope="module")
def plan_id(site: deployment.Deployment) -> str:
    server = {"id": TWO, "type": plugins.SERVER, "name": "web"}
    made = site.plan([server])
    site.protect(made)
    return made


@pytest.fixture(scope="module")
def image_plan_id(site: deployment.Deployment) -> str:
    made = site.plan([IMAGE])
    site.protect(made)
    return made


def _refused(
    site: deployment.Deployment,
    body: Any,
    *,
    status: int = 400,
    names: str,
    provider_id: str = ONE,
) -> None:
    """Ask for a copy, which must be refused, naming this."""
    before = deployment.counted()
    answer = site.api.post_json(
        site.url(f"providers/{provider_id}/checkpoints/action"),
        body,
        status=status,
    )
    (fault,) = answer.json.values()
    assert fault["code"] == status
    assert names in fault["message"], fault
    assert deployment.counted() == before


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b'{"copy": ', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"copy": {}}', "text/plain", 415),
        (b"<copy/>", "application/xml", 415),
        (b'{"copy": {"x": "' + b"y" * 70000 + b'"}}', "application/json", 413),
        (
            b'{"copy": ' + b"[" * 5000 + b"]" * 5000 + b"}",
            "application/json",
            400,
        ),
    ],
)
def test_what_is_no_request(
    site: deployment.Deployment, data: bytes, content_type: str, status: int
) -> None:
    before = deployment.counted()
    answer = site.api.post(
        site.url(f"providers/{ONE}/checkpoints/action"),
        data,
        {"Content-Type": content_type},
        status=status,
    )
    (fault,) = answer.json.values()
    assert fault["code"] == status
    assert fault["message"]
    assert deployment.counted() == before


@pytest.mark.parametrize(
    ("copy", "names"),
    [
        ({}, "plan_id"),
        ([], "copy"),
        ("x", "copy"),
        (None, "copy"),
        ({"plan_id": "no uuid"}, "plan_id"),
        ({"plan_id": 7}, "plan_id"),
        ({"plan_id": None}, "plan_id"),
        ({"plan_id": GONE, "colour": "red"}, "colour"),
        ({"plan_id": GONE, "provider_id": "no uuid"}, "provider_id"),
        ({"plan_id": GONE, "provider_id": TWO}, "provider id"),
        ({"plan_id": GONE, "target_provider_id": "x"}, "target_provider_id"),
        ({"plan_id": GONE, "parameters": None}, "parameters"),
        ({"plan_id": GONE, "parameters": []}, "parameters"),
        ({"plan_id": GONE, "parameters": {"a": 1}}, "a"),
    ],
)
def test_a_malformed_copy(
    site: deployment.Deployment, copy: Any, names: str
) -> None:
    _refused(site, {"copy": copy}, names=names)


def test_a_list_of_two(site: deployment.Deployment, plan_id: str) -> None:
    _refused(site, {"copy": [{"plan_id": plan_id}] * 2}, names="copy")


def test_an_unknown_field_beside_the_copy(
    site: deployment.Deployment, plan_id: str
) -> None:
    body = {"copy": {"plan_id": plan_id}, "type": "x"}
    _refused(site, body, names="type")


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"OS::Nova::Nothing": {}}, "OS::Nova::Nothing"),
        ({f"{plugins.SERVER}#7": {}}, f"{plugins.SERVER}#7"),
        ({plugins.SERVER: {"colour": "red"}}, "colour"),
        ({plugins.SERVER: {"priority": "high"}}, "priority"),
        ({"OS::Manila::Share": {"size": 1}}, "OS::Manila::Share"),
    ],
)
def test_a_wrong_parameter(
    site: deployment.Deployment,
    plan_id: str,
    parameters: deployment.Json,
    names: str,
) -> None:
    body = {"copy": {"plan_id": plan_id, "parameters": parameters}}
    _refused(site, body, names=names)


def test_what_is_not_there(site: deployment.Deployment, plan_id: str) -> None:
    body = {"copy": {"plan_id": GONE}}
    _refused(site, body, status=404, names=GONE)
    body = {"copy": {"plan_id": plan_id}}
    _refused(site, body, status=404, names=GONE, provider_id=GONE)


@pytest.mark.parametrize("target", [GONE, ONE])
def test_a_target_that_is_not_allowed(
    site: deployment.Deployment, plan_id: str, target: str
) -> None:
    body = {"copy": {"plan_id": plan_id, "target_provider_id": target}}
    _refused(site, body, names=target)


def test_a_plan_of_another_provider(site: deployment.Deployment) -> None:
    server = {"id": TWO, "type": plugins.SERVER, "name": "web"}
    body = {"copy": {"plan_id": site.plan([server], provider_id=TWO)}}
    _refused(site, body, names="provider id")


def test_a_provider_without_targets(
    site: deployment.Deployment, plan_id: str
) -> None:
    body = {"copy": {"plan_id": plan_id}}
    _refused(site, body, names=TWO, provider_id=TWO)


def test_a_plan_of_another_project(
    site: deployment.Deployment, plan_id: str
) -> None:
    before = deployment.counted()
    url = f"/v1/{STRANGER}/providers/{ONE}/checkpoints/action"
    body = {"copy": {"plan_id": plan_id}}
    for name in ("mallory", "admin"):
        stranger = site.user(name, STRANGER)
        answer = stranger.post_json(url, body, status=404)
        assert plan_id in answer.json["itemNotFound"]["message"]
        site.user(name, STRANGER).post_json(
            url.replace(STRANGER, deployment.PROJECT), body, status=400
        )
    assert deployment.counted() == before


def test_a_plan_without_checkpoints(site: deployment.Deployment) -> None:
    plan_id = site.plan([{"id": TWO, "type": plugins.SERVER, "name": "x"}])
    body = {"copy": {"plan_id": plan_id}}
    _refused(site, body, names="The plan has not been protected.")


def test_a_plugin_without_a_copy(
    site: deployment.Deployment, image_plan_id: str
) -> None:
    body = {"copy": {"plan_id": image_plan_id}}
    _refused(site, body, names=plugins.IMAGE)
