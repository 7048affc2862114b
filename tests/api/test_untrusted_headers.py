# SPDX-License-Identifier: Apache-2.0
"""What a proxy might say of an address is not believed from anybody."""

import pytest

from tests.fakes import api_site

HEADERS = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-For": "203.0.113.66",
    "X-Script-Name": "/evil",
    "Forwarded": "for=203.0.113.66;host=evil.example;proto=gopher",
}
#: With noauth these tell of a proxy, and there must be none.
REFUSED = ("X-Forwarded-For", "Forwarded")
PLANS = f"/v1/{api_site.PROJECT}/plans"
PATHS = ("/", "/v1/", f"{PLANS}?limit=1")
ENDPOINT = "https://backup.example.com/data%20protect"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", HEADERS)
def test_no_link_leads_where_a_header_says(
    site: api_site.Site, path: str, name: str
) -> None:
    api_site.add_plan("7d1c2b3a-4f5e-4a6b-8c9d-0e1f2a3b4c5d")
    user = site.user()
    plain = user.get(path, status="*")
    assert "http://localhost" in plain.text
    told = user.get(path, headers={name: HEADERS[name]}, status="*")
    if name in REFUSED:
        assert told.status_int == 403
        assert "evil" not in told.text
    else:
        assert told.status_int == plain.status_int
        assert told.json == plain.json


def test_an_endpoint_that_is_known_is_in_every_link(
    site: api_site.Site,
) -> None:
    api_site.add_plan("7d1c2b3a-4f5e-4a6b-8c9d-0e1f2a3b4c5d")
    site.start(public_endpoint=f"{ENDPOINT}/")
    user = site.user()
    hosts = ("localhost", "localhost:666", "127.0.0.1", "[::1]:8799")
    forged = [
        {"Host": host, name: HEADERS[name]}
        for host in hosts
        for name in HEADERS
        if name not in REFUSED
    ]
    for headers in ({}, *forged):
        (version,) = user.get("/", headers=headers, status=300).json[
            "versions"
        ]
        (link,) = version["links"]
        assert link["href"] == f"{ENDPOINT}/v1/"
        answer = user.get(f"{PLANS}?limit=1&sort=name", headers=headers)
        (link,) = answer.json["plans_links"]
        assert link["href"].startswith(
            f"{ENDPOINT}{PLANS}?limit=1&sort=name&marker="
        )


def test_pages_lead_through_a_whole_list(site: api_site.Site) -> None:
    site.start(public_endpoint=ENDPOINT)
    user = site.user()
    href, seen = f"{ENDPOINT}{PLANS}?limit=1", []
    while href:
        answer = user.get(href.removeprefix(ENDPOINT)).json
        seen += [plan["id"] for plan in answer["plans"]]
        (link,) = answer.get("plans_links", [{"href": ""}])
        href = link["href"]
        assert href.startswith(ENDPOINT) or not href
    assert sorted(seen) == sorted(
        plan["id"] for plan in user.get(PLANS).json["plans"]
    )
    assert len(seen) > 1


def test_below_a_prefix_of_the_server(site: api_site.Site) -> None:
    answer = site.user().get("/v1/", extra_environ={"SCRIPT_NAME": "/backup"})
    (link,) = answer.json["version"]["links"]
    assert link["href"].endswith("/backup/v1/")


@pytest.mark.parametrize(
    "url",
    [
        "https://backup.example.com/?a=b",
        "https://backup.example.com/#part",
        "https://user@backup.example.com/",
    ],
)
def test_an_endpoint_is_no_more_than_an_address(
    site: api_site.Site, url: str
) -> None:
    with pytest.raises(ValueError, match="public_endpoint"):
        site.start(public_endpoint=url)
