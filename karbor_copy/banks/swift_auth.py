# SPDX-License-Identifier: Apache-2.0
"""Where tokens for Swift come from, as plugins of keystoneauth."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from keystoneauth1 import plugin
from keystoneauth1 import session as ks_session
from keystoneauth1.identity import v3

#: Seconds that a token must still have when it is used.
_MARGIN = 120.0
#: Of a token whose server does not say.
_LIFE = 3600.0


class TempAuth(plugin.BaseAuthPlugin):
    """Version 1: a GET with name and key, answered by headers."""

    def __init__(self, url: str, user: str, key: str) -> None:
        super().__init__()
        self._url = url
        self._headers = {"X-Auth-User": user, "X-Auth-Key": key}
        self._lock = threading.Lock()
        self._token: str | None = None
        self._storage_url: str | None = None
        self._expires = 0.0

    def get_token(self, session: ks_session.Session) -> str | None:
        """Return a token that lasts for a while."""
        return self._get(session)[0]

    def get_endpoint(
        self, session: ks_session.Session, **_: Any
    ) -> str | None:
        """Return the URL of the account."""
        return self._get(session)[1]

    def invalidate(self) -> bool:
        """Forget the token."""
        with self._lock:
            known, self._token = self._token, None
        return known is not None

    def _get(
        self, session: ks_session.Session
    ) -> tuple[str | None, str | None]:
        with self._lock:
            if self._token is None or time.monotonic() > self._expires:
                self._fetch(session)
            return self._token, self._storage_url

    def _fetch(self, session: ks_session.Session) -> None:
        answer = session.get(
            self._url, authenticated=False, headers=self._headers, log=False
        )
        life = answer.headers.get("X-Auth-Token-Expires", "")
        seconds = float(life) if life.isdigit() else _LIFE
        # A token of a short life serves for half of it.
        self._expires = time.monotonic() + max(seconds - _MARGIN, seconds / 2)
        self._storage_url = answer.headers.get("X-Storage-Url")
        self._token = answer.headers.get("X-Auth-Token")


def plugin_for(values: Mapping[str, Any]) -> plugin.BaseAuthPlugin:
    """Return the plugin for a bank's options, which were checked."""
    url = values["swift_auth_url"].rstrip("/")
    if values["swift_auth_version"] == "1":
        return TempAuth(url, values["swift_user"], values["swift_key"])
    if not url.endswith("/v3"):
        url += "/v3"
    credential_id = values.get("swift_application_credential_id")
    if credential_id:
        return v3.ApplicationCredential(
            auth_url=url,
            application_credential_id=credential_id,
            application_credential_secret=values[
                "swift_application_credential_secret"
            ],
        )
    return v3.Password(
        auth_url=url,
        username=values["swift_user"],
        password=values["swift_key"],
        user_domain_name=values["swift_user_domain_name"],
        project_name=values["swift_tenant_name"],
        project_domain_name=values["swift_project_domain_name"],
    )
