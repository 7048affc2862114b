# SPDX-License-Identifier: Apache-2.0
"""Whatever body comes, on whatever route: a 4xx at worst, never a 5xx."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from tests.fakes import api_calls
from tests.fakes import api_site

#: What stands in the place of each value of a good body in turn.
NASTY: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63 - 1,
    1.5e300,
    "",
    " ",
    "\x7f",
    "\u202e",
    "\U0001f4a5" * 100,
    "x" * 30_000,
    "../../etc/passwd",
    "%s%s%n{0}{}",
    "' OR 1=1 --",
    [],
    [[]],
    [None],
    {},
    {"": {}},
    {"#": {}},
    {"__class__": {}},
    {"OS::Nova::Server#": {"consistent": None}},
    {"type": "object", "$ref": "#"},
)
#: Bodies that are no JSON, or no good JSON.
RAW = (
    b"\x00",
    b"\xff\xfe{}",
    b"{" * 100,
    b'{"a":' * 1000,
    b"-",
    b"1e999",
    b"Infinity",
    b'"\\ud800"',
    b"null",
    b"true",
    b"0",
    b'""',
    b"[]",
    b"{}",
    b'{"": ""}',
    b" " * 1000,
)


@pytest.fixture(scope="module")
def steady(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[api_site.Site]:
    made = api_site.Site(tmp_path_factory.mktemp("nasty"))
    api_site.seed()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def ids(steady: api_site.Site) -> dict[str, str]:
    return api_calls.make_things(steady)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Yield the way to each value in a body, its own included."""
    yield path
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for key, item in children:
        yield from places(item, (*path, key))


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the body with another value at the end of the way."""
    if not path:
        return value
    changed = copy.deepcopy(body)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


def send(
    site: api_site.Site, ids: dict[str, str], route: str, body: bytes
) -> None:
    method, _, pattern = route.partition(" ")
    response = site.user().request(
        f"/v1/{api_site.PROJECT}/{pattern.format(**ids)}",
        method=method,
        body=body,
        headers={"Content-Type": "application/json"},
        expect_errors=True,
    )
    assert response.status_int < 500, (route, body)


@pytest.mark.parametrize("route", api_calls.BODIES)
def test_nasty_values(
    steady: api_site.Site, ids: dict[str, str], route: str
) -> None:
    good = api_calls.BODIES[route]
    for path in places(good):
        for value in NASTY:
            body = json.dumps(replaced(good, path, value)).encode()
            send(steady, ids, route, body)


@pytest.mark.parametrize("route", api_calls.BODIES)
def test_raw_bytes(
    steady: api_site.Site, ids: dict[str, str], route: str
) -> None:
    for body in RAW:
        send(steady, ids, route, body)


@hypothesis.settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(
    strategies.sampled_from(sorted(api_calls.BODIES)),
    strategies.data(),
    strategies.recursive(
        strategies.none()
        | strategies.booleans()
        | strategies.integers()
        | strategies.floats()
        | strategies.text(),
        lambda inner: (
            strategies.lists(inner, max_size=3)
            | strategies.dictionaries(strategies.text(), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)
def test_anything(
    steady: api_site.Site,
    ids: dict[str, str],
    route: str,
    data: strategies.DataObject,
    value: Any,
) -> None:
    good = api_calls.BODIES[route]
    path = data.draw(strategies.sampled_from(list(places(good))))
    body = json.dumps(replaced(good, path, value))
    send(steady, ids, route, body.encode("utf-8", "surrogatepass"))


def test_every_route_that_takes_a_body_is_here() -> None:
    taking = {
        route
        for route in api_calls.routes_below_project()
        if route.startswith(("POST ", "PUT "))
    }
    assert taking == set(api_calls.BODIES)
