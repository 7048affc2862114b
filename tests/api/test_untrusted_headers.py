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
PATHS = ("/", "/v1/", f"/v1/{api_site.PROJECT}/plans?limit=1")


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
