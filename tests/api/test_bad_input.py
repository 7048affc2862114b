# SPDX-License-Identifier: Apache-2.0
"""Bad input gets a 4xx that names what is wrong, and writes no row."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes import api_plugins
from tests.fakes import api_site

COPY = f"providers/{api_site.ONE}/checkpoints/action"
CHECKPOINTS = f"providers/{api_site.ONE}/checkpoints"
NOWHERE = api_site.GONE
SERVER_ID = api_plugins.SERVERS[0].id
RESOURCE = {"id": "r1", "type": api_plugins.SERVER, "name": "web"}
GOOD_PLAN = {
    "name": "n",
    "provider_id": api_site.ONE,
    "parameters": {},
    "resources": [RESOURCE],
}
GOOD_RESTORE = {
    "provider_id": api_site.ONE,
    "checkpoint_id": api_site.CHECKPOINT,
    "parameters": {},
}
GOOD_COPY = {"plan_id": api_site.PLAN}


def plan(**changes: Any) -> dict[str, Any]:
    return {"plan": {**GOOD_PLAN, **changes}}


def without(name: str) -> dict[str, Any]:
    return {"plan": {k: v for k, v in GOOD_PLAN.items() if k != name}}


def copy(**changes: Any) -> dict[str, Any]:
    return {"copy": {**GOOD_COPY, **changes}}


def restore(**changes: Any) -> dict[str, Any]:
    return {"restore": {**GOOD_RESTORE, **changes}}


# path, body, status, what the message names
BODIES: list[tuple[str, Any, int, str]] = [
    # plans
    ("plans", [], 400, "object"),
    ("plans", None, 400, "object"),
    ("plans", "plan", 400, "object"),
    ("plans", {}, 400, "'plan' is a required property"),
    ("plans", {"plan": None}, 400, "plan"),
    ("plans", {**plan(), "type": "object"}, 400, "'type' was unexpected"),
    *[
        ("plans", without(name), 400, f"'{name}' is a required property")
        for name in GOOD_PLAN
    ],
    ("plans", plan(zzz=1), 400, "'zzz' was unexpected"),
    ("plans", plan(name=None), 400, "plan.name"),
    ("plans", plan(name=" "), 400, "plan.name"),
    ("plans", plan(name="n" * 256), 400, "plan.name"),
    ("plans", plan(name="a\nb"), 400, "plan.name"),
    ("plans", plan(description=1), 400, "plan.description"),
    ("plans", plan(provider_id="nope"), 400, "'nope' is not a 'uuid'"),
    ("plans", plan(provider_id=NOWHERE), 400, "provider could not be found"),
    ("plans", plan(resources=[]), 400, "plan.resources"),
    ("plans", plan(resources=RESOURCE), 400, "plan.resources"),
    ("plans", plan(resources=[{**RESOURCE, "id": ".."}]), 400, "0.id"),
    ("plans", plan(resources=[{**RESOURCE, "id": "a/b"}]), 400, "0.id"),
    ("plans", plan(resources=[{**RESOURCE, "id": "a\n"}]), 400, "0.id"),
    ("plans", plan(resources=[{"id": "a", "name": "b"}]), 400, "'type'"),
    (
        "plans",
        plan(resources=[{**RESOURCE, "type": "OS::No::Such"}]),
        400,
        "OS::No::Such",
    ),
    ("plans", plan(resources=[RESOURCE, RESOURCE]), 400, "listed twice"),
    ("plans", plan(parameters=[]), 400, "plan.parameters"),
    ("plans", plan(parameters=None), 400, "plan.parameters"),
    ("plans", plan(parameters={api_plugins.SERVER: "x"}), 400, "parameters"),
    (
        "plans",
        plan(parameters={api_plugins.SERVER: {"zzz": 1}}),
        400,
        "zzz",
    ),
    (
        "plans",
        plan(parameters={api_plugins.SERVER: {"consistent": {"a": 1}}}),
        400,
        "consistent",
    ),
    (
        "plans",
        plan(parameters={api_plugins.SERVER: {"consistent": "yes"}}),
        400,
        "consistent",
    ),
    ("plans", plan(parameters={"OS::No::Such": {}}), 400, "OS::No::Such"),
    (
        "plans",
        plan(parameters={f"{api_plugins.SERVER}#nope": {}}),
        400,
        "nope",
    ),
    *[
        (
            "plans",
            plan(parameters={f"{api_plugins.SERVER}#{resource_id}": {}}),
            400,
            named,
        )
        for resource_id, named in (
            (f"urn:uuid:{SERVER_ID}", "no UUID"),
            (f"{{{SERVER_ID}}}", "parameters"),
            (SERVER_ID[:-1], "no UUID"),
        )
    ],
    (
        "plans",
        plan(
            parameters={
                f"{api_plugins.SERVER}#{SERVER_ID}": {},
                f"{api_plugins.SERVER}#{SERVER_ID.upper()}": {},
            }
        ),
        400,
        "given twice",
    ),
    # checkpoints
    (CHECKPOINTS, {"checkpoint": {}}, 400, "'plan_id'"),
    *[
        (
            CHECKPOINTS,
            {
                "checkpoint": {
                    "plan_id": api_site.PLAN,
                    "extra-info": {name: "me"},
                }
            },
            400,
            f"extra-info.{name}. The name is reserved",
        )
        for name in ("created_by", "copied_from")
    ],
    (CHECKPOINTS, {"checkpoint": {"plan_id": "nope"}}, 400, "plan_id"),
    (CHECKPOINTS, {"checkpoint": {"plan_id": NOWHERE}}, 404, NOWHERE),
    (
        CHECKPOINTS,
        {"checkpoint": {"plan_id": api_site.FOREIGN_PLAN}},
        404,
        api_site.FOREIGN_PLAN,
    ),
    (
        CHECKPOINTS,
        {"checkpoint": {"plan_id": api_site.PLAN, "extra-info": []}},
        400,
        "extra-info",
    ),
    (
        CHECKPOINTS,
        {
            "checkpoint": {
                "plan_id": api_site.PLAN,
                "extra-info": {"copy_status": "finished"},
            }
        },
        400,
        "copy_status",
    ),
    (
        CHECKPOINTS,
        {
            "checkpoint": {
                "plan_id": api_site.PLAN,
                "extra-info": {},
                "extra_info": {},
            }
        },
        400,
        "extra_info",
    ),
    (
        f"providers/{api_site.TWO}/checkpoints",
        {"checkpoint": {"plan_id": api_site.PLAN}},
        400,
        "not the same",
    ),
    (
        f"providers/{NOWHERE}/checkpoints",
        {"checkpoint": {"plan_id": api_site.PLAN}},
        404,
        NOWHERE,
    ),
    # copies
    (COPY, {}, 400, "'copy' is a required property"),
    (COPY, {"move": {}}, 400, "copy"),
    (COPY, {"copy": None}, 400, "copy"),
    (COPY, {"copy": []}, 400, "copy"),
    (COPY, {"copy": [GOOD_COPY, GOOD_COPY]}, 400, "copy"),
    (COPY, {"copy": ["x"]}, 400, "copy.0"),
    (COPY, {"copy": {}}, 400, "'plan_id' is a required property"),
    (COPY, {"copy": [{}]}, 400, "'plan_id' is a required property"),
    (COPY, copy(zzz=1), 400, "'zzz' was unexpected"),
    (COPY, copy(plan_id="nope"), 400, "copy.plan_id"),
    (COPY, copy(plan_id=None), 400, "copy.plan_id"),
    (COPY, copy(plan_id=NOWHERE), 404, NOWHERE),
    (COPY, copy(plan_id=api_site.FOREIGN_PLAN), 404, api_site.FOREIGN_PLAN),
    (COPY, copy(provider_id="nope"), 400, "copy.provider_id"),
    (COPY, copy(provider_id=api_site.TWO), 400, "in the URL"),
    (COPY, copy(parameters=None), 400, "copy.parameters"),
    (COPY, copy(parameters=[]), 400, "copy.parameters"),
    (COPY, copy(parameters={"OS::No::Such": {}}), 400, "OS::No::Such"),
    (COPY, copy(parameters={"OS::Manila::Share": {"a": 1}}), 400, "Manila"),
    (
        COPY,
        copy(parameters={api_plugins.VOLUME: {"zzz": 1}}),
        400,
        "zzz",
    ),
    (
        COPY,
        copy(parameters={api_plugins.VOLUME: {"priority": "high"}}),
        400,
        "priority",
    ),
    (COPY, copy(target_provider_id="nope"), 400, "target_provider_id"),
    (
        COPY,
        copy(target_provider_id=api_site.UNLISTED),
        400,
        "target_provider_id",
    ),
    (COPY, copy(target_provider_id=NOWHERE), 400, "not available"),
    (
        COPY,
        copy(target_provider_id=api_site.OTHER),
        400,
        api_plugins.SERVER,
    ),
    (COPY, copy(plan_id=api_site.EMPTY_PLAN), 400, "not been protected"),
    (COPY, copy(plan_id=api_site.IMAGE_PLAN), 400, api_plugins.IMAGE),
    (f"providers/{NOWHERE}/checkpoints/action", copy(), 404, NOWHERE),
    ("providers/nope/checkpoints/action", copy(), 404, "not be found"),
    # restores and verifications
    ("restores", restore(restore_target="http://x/"), 400, "restore_target"),
    ("restores", restore(restore_auth={"password": 1}), 400, "restore_auth"),
    ("restores", restore(checkpoint_id="nope"), 400, "checkpoint_id"),
    ("restores", restore(checkpoint_id=NOWHERE), 404, NOWHERE),
    ("restores", restore(provider_id=NOWHERE), 404, NOWHERE),
    ("restores", restore(provider_id=api_site.TWO), 404, "not be found"),
    ("restores", restore(zzz=1), 400, "zzz"),
    (
        "restores",
        restore(parameters={api_plugins.SERVER: {"zzz": 1}}),
        400,
        "zzz",
    ),
    (
        "restores",
        restore(checkpoint_id=api_site.FAILED_CHECKPOINT),
        400,
        api_site.FAILED_CHECKPOINT,
    ),
    (
        "restores",
        restore(checkpoint_id=api_site.FOREIGN_CHECKPOINT),
        404,
        api_site.FOREIGN_CHECKPOINT,
    ),
    ("verifications", {"verification": {}}, 400, "provider_id"),
    (
        "verifications",
        {
            "verification": {
                "provider_id": api_site.ONE,
                "checkpoint_id": api_site.IMAGE_CHECKPOINT,
            }
        },
        400,
        api_plugins.IMAGE,
    ),
    (
        "verifications",
        {
            "verification": {
                **GOOD_RESTORE,
                "parameters": {api_plugins.SERVER: {"zzz": 1}},
            }
        },
        400,
        "zzz",
    ),
]

RAW: list[tuple[str, bytes, str, int, str]] = [
    ("plans", b"", "application/json", 400, "no body"),
    ("plans", b"{nope", "application/json", 400, "Malformed"),
    ("plans", b'"\xff"', "application/json", 400, "Malformed"),
    ("plans", b'{"plan": NaN}', "application/json", 400, "NaN"),
    ("plans", b'{"a": 1, "a": 2}', "application/json", 400, "'a'"),
    ("plans", b"[" * 30000, "application/json", 400, "levels deep"),
    ("plans", b"[" * 21 + b"]" * 21, "application/json", 400, "levels"),
    ("plans", b'{"a": 1e999}', "application/json", 400, "too large"),
    ("plans", b"9" * 5000, "application/json", 400, "too large"),
    ("plans", b'{"\\u0000": 1}', "application/json", 400, "NUL"),
    ("plans", b'{"a": "\\ud800"}', "application/json", 400, "surrogate"),
    ("plans", b"x" * 65537, "application/json", 413, "65536"),
    ("plans", b"{}", "text/plain", 415, "Content-Type"),
    ("plans", b"{}", "", 415, "Content-Type"),
    ("plans", b"a=b", "application/x-www-form-urlencoded", 415, "Content"),
    ("plans", b"--", "multipart/form-data", 415, "Content-Type"),
    (COPY, b"{}", "application/xml", 415, "Content-Type"),
]


@pytest.fixture(scope="module")
def steady(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[api_site.Site]:
    """One site for all, as nothing may change it."""
    made = api_site.Site(tmp_path_factory.mktemp("steady"))
    api_site.seed()
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("path", "body", "status", "named"),
    BODIES,
    ids=[f"{index}-{row[3]}" for index, row in enumerate(BODIES)],
)
def test_body(
    steady: api_site.Site, path: str, body: Any, status: int, named: str
) -> None:
    post(steady, path, json.dumps(body).encode(), "application/json", status)(
        named
    )


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status", "named"),
    RAW,
    ids=[f"{index}-{row[4]}" for index, row in enumerate(RAW)],
)
def test_raw_body(
    steady: api_site.Site,
    path: str,
    body: bytes,
    content_type: str,
    status: int,
    named: str,
) -> None:
    post(steady, path, body, content_type, status)(named)


def post(
    site: api_site.Site,
    path: str,
    body: bytes,
    content_type: str,
    status: int,
) -> Any:
    before = api_site.counted()
    response = site.user().post(
        f"/v1/{api_site.PROJECT}/{path}",
        body,
        headers={"Content-Type": content_type},
        status=status,
    )
    assert api_site.counted() == before
    assert site.client.wakes == []
    ((_, fault),) = response.json.items()

    def check(named: str) -> None:
        assert named in fault["message"]
        assert len(fault["message"]) < 500

    return check
