# SPDX-License-Identifier: Apache-2.0
"""No secret is left anywhere, however much is logged, whatever goes wrong."""

import base64
import os
import pathlib
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import pytest

from karbor_copy.cmd import api as api_command
from tests.fixtures import canaries
from tests.fixtures import database
from tests.fixtures import keystone
from tests.fixtures import servers
from tests.fixtures import standalone
from tests.fixtures import traffic
from tools.servers import server

pytestmark = pytest.mark.usefixtures("left_sockets")

ONE, TWO = canaries.ONE, canaries.TWO
SECRETS = canaries.SECRETS
Remains = Mapping[str, Mapping[str, bytes]]
ENDS = {"available", "finished", "success", "fail", "error"}


def ended(api: traffic.Api, path: str) -> Any:
    """Wait until what is at the path has come to an end."""

    def found() -> Any:
        item = api.ask("GET", path)
        return item if item["status"] in ENDS else None

    return standalone.wait(found)


def use(site: canaries.Site, api: traffic.Api) -> None:
    """Do all that can be done, well and badly."""
    project_id = keystone.project_id(keystone.ALPHA)
    volume = standalone.make_volume(
        site.path, os.urandom(100_000), "disk", project_id
    )
    resource = {"type": standalone.VOLUME, "id": volume, "name": "disk"}
    plan = {
        "name": "plan-that-is-seen",
        "provider_id": ONE,
        "resources": [resource],
        "parameters": {},
    }
    plan_id = api.ask("POST", "plans", {"plan": plan})["id"]
    checkpoints = f"providers/{ONE}/checkpoints"
    made = api.ask("POST", checkpoints, {"checkpoint": {"plan_id": plan_id}})
    assert ended(api, f"{checkpoints}/{made['id']}")["status"] == "available"
    statuses = {}
    for target in (TWO, *canaries.BROKEN):
        body = {"copy": {"plan_id": plan_id, "target_provider_id": target}}
        copy = api.ask("POST", f"{checkpoints}/action", body)
        statuses[target] = ended(api, f"copies/{copy['id']}")
    assert statuses.pop(TWO)["status"] == "finished"
    assert {item["status"] for item in statuses.values()} == {"error"}
    (copied,) = api.ask("GET", f"providers/{TWO}/checkpoints")
    used = {
        "provider_id": TWO,
        "checkpoint_id": copied["id"],
        "parameters": {},
    }
    for noun in ("restore", "verification"):
        item = api.ask("POST", f"{noun}s", {noun: used})
        assert ended(api, f"{noun}s/{item['id']}")["status"] == "success"
    be_mistaken(api, plan, used)
    for path in ("providers", "copies", "operation_logs", f"providers/{ONE}"):
        api.ask("GET", path)


def be_mistaken(
    api: traffic.Api, plan: Mapping[str, Any], used: Mapping[str, Any]
) -> None:
    """Put secrets where there is no place for any."""
    secret = {"password": SECRETS["parameter"]}
    auth = {"type": "password", "username": "u"}
    for path, body in (
        (
            "plans",
            {"plan": {**plan, "parameters": {standalone.VOLUME: secret}}},
        ),
        ("plans", {"plan": {**plan, **secret}}),
        (
            "restores",
            {
                "restore": {
                    **used,
                    "restore_target": "http://elsewhere.example.com:5000/v3",
                    "restore_auth": {
                        **auth,
                        "password": SECRETS["restore-auth"],
                    },
                }
            },
        ),
    ):
        assert api.ask("POST", path, body)["code"] == 400
    assert api.ask("GET", f"plans?key={SECRETS['parameter']}")["code"] == 400
    right = api.headers.pop("X-Auth-Token")
    api.headers["X-Auth-Token"] = SECRETS["mistaken-token"]
    assert api.ask("GET", "plans")["code"] == 401
    api.headers["X-Auth-Token"] = right


@pytest.fixture
def remains(tmp_path: pathlib.Path) -> Iterator[Remains]:
    """Give all that is left, by where it is."""
    with (
        database.own_database("postgresql") as url,
        servers.own(canaries.Broker) as broker,
    ):
        site = canaries.Site(tmp_path, url, broker.url)
        try:
            yield collect(site, broker)
        finally:
            site.close()


def start_badly(site: canaries.Site) -> None:
    """Start with addresses that lead nowhere and hold a password."""
    closed = f"127.0.0.1:{server.free_port()}"
    away = canaries.with_password(f"postgresql+psycopg2://u@{closed}/none")
    for url in (
        away,
        canaries.with_password("pigeon://u@h/db"),
        canaries.with_password("postgresql://u@h/db").replace("@h", "@h:p"),
    ):
        config = site.with_option("database", "connection", url)
        assert site.command("db", "sync", config=config) != 0
    for url in (
        "pigeon://u:{}@h/",
        "rabbit://u:{}@h:port/",
        # A slash that is not quoted: the rest of it is no port.
        "rabbit://u:{}/more@h:5672/",
    ):
        config = site.with_option(
            "DEFAULT", "transport_url", url.format(SECRETS["broker"])
        )
        assert site.command(main=api_command.main, config=config) != 0


def collect(site: canaries.Site, broker: canaries.Broker) -> Remains:
    """Do what can be done, and return what it leaves."""
    running = [site.api(), site.protection()]
    standalone.wait(lambda: "started" in running[1].log)
    messages = traffic.Messages(broker.url)
    token = keystone.token("member-alpha", keystone.ALPHA)
    api = traffic.Api(running[0].url, token)
    use(site, api)
    for process in running:
        site.report(process)
    metrics = site.metrics(running[0])
    kept = messages.all()
    broker.kill()
    (plan,) = api.ask("GET", "plans")
    body = {"checkpoint": {"plan_id": plan["id"]}}
    made = api.ask("POST", f"providers/{ONE}/checkpoints", body)
    ended(api, f"providers/{ONE}/checkpoints/{made['id']}")
    standalone.wait(lambda: "services not woken" in running[0].log)
    start_badly(site)
    for process in running:
        assert process.stop() == 0
    return {
        "logs": site.logs(),
        "rows": site.rows(),
        "messages": kept,
        "answers": api.kept,
        "metrics": metrics,
        "objects": site.objects(),
        # Where they are, to be sure of the search.
        "outside": {
            "configuration": site.config.read_bytes()
            + b"".join(
                path.read_bytes() for path in site.path.glob("providers.d/*")
            ),
            "token": token.encode(),
        },
    }


def test_no_secret_is_anywhere(remains: Remains) -> None:
    """One test: what is looked through takes long to make."""
    for place in SEEN:
        the_search_finds_what_is_there(remains, place)
    all_were_in_use_and_much_was_said(remains)
    for name in (*SECRETS, *canaries.PATTERNS):
        a_secret_is_nowhere(remains, name)


def a_secret_is_nowhere(remains: Remains, name: str) -> None:
    needle = canaries.PATTERNS.get(name) or SECRETS[name]
    assert {
        place: canaries.holders(haystacks, needle)
        for place, haystacks in remains.items()
        if place != "outside"
    } == dict.fromkeys(set(remains) - {"outside"}, []), name


#: What must be seen, and where: what is looked through is no empty room.
SEEN = {
    "logs": ("process-", "Configuration"),
    "rows": ("table plans", "plan-that-is-seen"),
    "messages": ("of notifications.info", "karbor.copy.error"),
    "answers": ("to GET plans", "plan-that-is-seen"),
    "metrics": ("/metrics", "karbor_copy_operations_total"),
    "objects": ("S3Bank checkpoints/", "plan-that-is-seen"),
}


def the_search_finds_what_is_there(remains: Remains, place: str) -> None:
    name, needle = SEEN[place]
    holders = canaries.holders(remains[place], needle)
    assert any(name in holder for holder in holders), place


def all_were_in_use_and_much_was_said(remains: Remains) -> None:
    logs = b"".join(remains["logs"].values())
    for words in (
        # Each library, at DEBUG.
        b"DEBUG keystoneauth",
        b"DEBUG keystonemiddleware",
        b"DEBUG urllib3",
        b"DEBUG sqlalchemy",
        b"DEBUG amqp",
        b"DEBUG oslo_messaging",
        # Each failure.
        b"was answered with status 403",
        b"the request for a token was answered with status 401",
        b"had no answer",
        b"no such container",
        b"transport_url can't be used",
        # The log of messages' bodies and of the answers of Keystone.
        b"Woken for copy",
    ):
        assert words in logs, words
    assert b"wake" in b"".join(
        text
        for name, text in remains["messages"].items()
        if "canaries" in name
    )
    outside = remains["outside"]
    for name in ("database", "broker", "service", "swift", "wrong-s3", "s3"):
        assert canaries.holders(outside, SECRETS[name]) == ["configuration"]
    pattern = canaries.PATTERNS["a token of Keystone's"]
    assert canaries.holders(outside, pattern) == ["token"]


@pytest.mark.parametrize(
    "line", ["password={}", "Basic {}", "https://u:{}@h/", '{{"p": "{}"}}']
)
def test_the_search_finds_a_secret(line: str) -> None:
    secret = SECRETS["service"]
    written = {"log": line.format(secret).encode(), "other": b"nothing"}
    assert canaries.holders(written, secret) == ["log"]
    coded = {"log": base64.b64encode(f"{secret}:x".encode())}
    assert canaries.holders(coded, secret) == ["log"]
