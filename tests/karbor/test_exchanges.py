# SPDX-License-Identifier: Apache-2.0
"""Every request that Karbor was asked, asked here."""

import pathlib
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import pytest
import webtest

from tests.fixtures import deployment
from tests.karbor import differences
from tests.karbor import exchanges
from tests.karbor import world

_PAGE = (
    pathlib.Path(__file__).parents[2]
    / "doc/source/reference/karbor-compatibility.rst"
)


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    with deployment.deployed(tmp_path, working=False) as made:
        yield made


def send(
    site: deployment.Deployment,
    exchange: exchanges.Exchange,
    roles: Mapping[str, str],
) -> webtest.TestResponse:
    headers = {
        name: exchanges.fill(value, roles)
        for name, value in exchange.headers.items()
    }
    if exchange.user is None:
        browser = webtest.TestApp(site.api.app)
    else:
        browser = site.user(*world.TOKENS[exchange.user])
    request = webtest.TestRequest.blank(
        exchanges.fill(exchange.path, roles),
        environ=browser.extra_environ,
        method=exchange.method,
        headers=headers,
    )
    if exchange.body is not None:
        text = exchanges.fill(exchange.body, roles)
        request.body = text.encode("utf-8", "surrogateescape")
        if "Content-Type" not in headers:
            request.environ.pop("CONTENT_TYPE", None)
    return browser.do_request(request, expect_errors=True)


def wrong(
    exchange: exchanges.Exchange, answer: webtest.TestResponse
) -> list[str]:
    """Tell in what an answer is not Karbor's."""
    if answer.status_int // 100 != exchange.status // 100:
        return [f"{answer.status_int} instead of {exchange.status}"]
    if exchange.shape is None:
        return []
    if answer.content_type != "application/json":
        return ["no JSON"]
    return list(exchanges.missing(exchange.shape, answer.json))


def table() -> str:
    """Write the differences as the documentation has them."""
    codes = {item.name: item.status for item in exchanges.load()}
    lines = []
    for reason, group in differences.DIFFERENCES.items():
        for name, code in group.items():
            lines += [
                f"   * - ``{name}``",
                f"     - {codes[name]}",
                f"     - {code}",
                f"     - {reason}",
            ]
    return "\n".join(lines) + "\n"


def test_documentation() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    _, _, rest = text.partition("\n   * - Exchange\n")
    _, _, rows = rest.partition("     - Why\n")
    assert rows.partition("\n\n")[0] + "\n" == table()


@pytest.mark.parametrize(
    ("shape", "value", "expected"),
    [
        ({"a": "string"}, {"a": "x", "b": 1}, []),
        ({"a": "string"}, {"a": None}, []),
        ({"a": "null"}, {"a": 1}, []),
        ({"a": "string"}, {"b": "x"}, ["/a is missing"]),
        ({"a": "number"}, {"a": True}, ["/a is no number"]),
        ({"a": {}}, {"a": []}, ["/a is no object"]),
        ([], {}, [" is no array"]),
        (["string"], [], [" is empty"]),
        (["string"], ["x", 1], ["[] is no string"]),
        ("object", {"a": 1}, []),
    ],
)
def test_missing(shape: Any, value: Any, expected: list[str]) -> None:
    assert list(exchanges.missing(shape, value)) == expected


def test_every_exchange(site: deployment.Deployment) -> None:
    roles = world.build(site)
    expected = differences.by_name()
    unexpected = []
    for exchange in exchanges.load():
        answer = send(site, exchange, roles)
        found = wrong(exchange, answer)
        known = expected.pop(exchange.name, None)
        if known is None and found:
            unexpected.append((exchange.name, answer.status_int, found))
        elif known is not None and not found:
            unexpected.append((exchange.name, answer.status_int, "the same"))
        elif known is not None and known != answer.status_int:
            unexpected.append((exchange.name, answer.status_int, known))
    assert not unexpected
    assert not expected
