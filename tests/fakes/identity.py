# SPDX-License-Identifier: Apache-2.0
"""A Keystone whose tokens a Swift with TempAuth takes.

It knows one password and one application credential, gets the token for
who shows either from TempAuth, and has a catalogue of regions.
"""

import contextlib
import datetime
import http.server
import json
import threading
import urllib.request
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from tools.servers import swift as swift_server

USER, PASSWORD, PROJECT = "karbor", "open sesame", "backups"
CREDENTIAL_ID, SECRET = "0123456789abcdef", "shut sesame"


@dataclass
class Identity:
    """What a test changes, and what it finds."""

    #: URL of the Swift server of each region.
    regions: Mapping[str, str]
    url: str = ""
    #: Seconds that a token says to last.
    life: float = 3600.0
    #: Answered in place of a token.
    status: int = 201
    #: The bodies of all requests.
    requests: list[dict[str, Any]] = field(default_factory=list)

    def token(self) -> tuple[str, str]:
        """Return a token of TempAuth, and the path of the account."""
        account, user, key = swift_server.USERS[0]
        url = next(iter(self.regions.values()))
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{url}/auth/v1.0",
            headers={"X-Auth-User": f"{account}:{user}", "X-Auth-Key": key},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            headers = answer.headers
        return headers["X-Auth-Token"], f"/v1/AUTH_{account}"

    def knows(self, identity: Mapping[str, Any]) -> bool:
        """Tell whether the credentials are right."""
        if "application_credential" in identity:
            given = identity["application_credential"]
            return given == {"id": CREDENTIAL_ID, "secret": SECRET}
        given = identity["password"]["user"]
        return (given["name"], given["password"]) == (USER, PASSWORD)

    def document(self, path: str) -> dict[str, Any]:
        """Return what Keystone says beside the token."""
        now = datetime.datetime.now(datetime.UTC)
        expires = now + datetime.timedelta(seconds=self.life)
        endpoints = [
            {
                "id": region,
                "interface": "public",
                "region": region,
                "region_id": region,
                "url": url + path,
            }
            for region, url in self.regions.items()
        ]
        service = {"id": "s", "type": "object-store", "name": "swift"}
        return {
            "token": {
                "methods": ["password"],
                "user": {"id": "u", "name": USER},
                "issued_at": now.isoformat(),
                "expires_at": expires.isoformat(),
                "catalog": [{**service, "endpoints": endpoints}],
            }
        }


class _Handler(http.server.BaseHTTPRequestHandler):
    identity: Identity

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(size))
        self.identity.requests.append(body)
        if not self.identity.knows(body["auth"]["identity"]):
            self._answer(401, {"error": "who are you?"})
        elif self.identity.status != 201:
            self._answer(self.identity.status, {"error": "not now"})
        else:
            token, path = self.identity.token()
            self._answer(201, self.identity.document(path), token)

    def _answer(self, status: int, body: object, token: str = "") -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Subject-Token", token)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextlib.contextmanager
def serving(regions: Mapping[str, str]) -> Iterator[Identity]:
    """Serve for the length of the block."""
    identity = Identity(regions)
    handler = type("Handler", (_Handler,), {"identity": identity})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    identity.url = f"http://127.0.0.1:{server.server_port}/identity"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield identity
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
