# SPDX-License-Identifier: Apache-2.0
"""Requests to one container of Swift, through a session of keystoneauth."""

import urllib.parse
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import TypeVar

import requests
from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import session as ks_session

from karbor_copy import exceptions
from karbor_copy.banks import answers
from karbor_copy.banks import outgoing
from karbor_copy.banks import swift_auth

#: Seconds without a byte, for connecting and then for each read.
TIMEOUT = (10.0, 60.0)
#: More than the threads of all operations have in use at a time.
POOL_SIZE = 64

_NOWHERE = "the catalogue has no Swift in this region"

_T = TypeVar("_T")
Body = bytes | outgoing.Outgoing | outgoing.Piece


class SwiftClient:
    """One container's; safe for threads, which share its connections."""

    def __init__(self, container: str, values: Mapping[str, Any]) -> None:
        """Take a bank's options, which were checked."""
        self._auth = swift_auth.plugin_for(values)
        self._session = _session(values)
        self._endpoint: str | None = values.get("swift_endpoint")
        self._filter = {
            "service_type": "object-store",
            "interface": values.get("swift_interface", "public"),
            "region_name": values.get("swift_region_name") or None,
        }
        self.container = container
        self._container = urllib.parse.quote(container, safe="")

    def request(
        self,
        method: str,
        name: str | None = None,
        *,
        query: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """Return the answer to a request for an object or the container.

        A token that is refused is replaced once.

        :raises BankUnavailable: there is none.
        :raises BankRejected: the credentials are refused.
        """
        for _ in range(2):
            answer = self._send(
                method,
                self._url(name),
                params=query,
                headers={"Accept-Encoding": "identity", **(headers or {})},
                data=body,
                stream=stream,
            )
            if answer.status_code != requests.codes.unauthorized:
                return answer
            answer.close()
            self._auth.invalidate()
            if not isinstance(body, bytes | None) and not body.repeatable:
                raise exceptions.BankUnavailable(
                    reason="Swift refused the token in the middle of a PUT"
                )
        raise exceptions.BankRejected(reason="Swift refuses every token")

    def reaches(self, other: "SwiftClient") -> bool:
        """Tell whether the other's container is in the same account.

        :raises BankUnavailable: nobody tells where it is.
        """
        return self is other or self._account() == other._account()

    def path_of(self, name: str) -> str:
        """Return an object's path in the account, quoted."""
        return f"/{self._container}/{urllib.parse.quote(name)}"

    def _url(self, name: str | None) -> str:
        account = self._account()
        if name is None:
            return f"{account}/{self._container}"
        return account + self.path_of(name)

    def _account(self) -> str:
        """Return the URL of the account, without a slash at its end."""
        endpoint = self._endpoint or self._call(
            lambda: self._session.get_endpoint(self._auth, **self._filter)
        )
        if not endpoint:
            raise exceptions.BankRejected(reason=_NOWHERE)
        return endpoint.rstrip("/")

    def _send(
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        return self._call(
            lambda: self._session.request(
                url,
                method,
                auth=self._auth,
                raise_exc=False,
                allow_reauth=False,
                # Headers and bodies are nobody's business.
                log=False,
                timeout=TIMEOUT,
                **options,
            )
        )

    def _call(self, function: Callable[[], _T]) -> _T:
        try:
            return function()
        except ks_exceptions.ClientException as error:
            raise _translated(error) from error
        except OSError as error:
            # A file of certificates that is gone, for one.
            raise exceptions.BankUnavailable(
                reason=f"Swift can't be asked ({type(error).__name__})"
            ) from error


def _session(values: Mapping[str, Any]) -> ks_session.Session:
    http = requests.Session()
    adapter = ks_session.TCPKeepAliveAdapter(pool_maxsize=POOL_SIZE)
    for scheme in ("http://", "https://"):
        http.mount(scheme, adapter)
    verify = not values.get("swift_auth_insecure")
    return ks_session.Session(
        session=http,
        verify=(values.get("swift_ca_cert_file") or True) if verify else False,
        redirect=False,
        timeout=TIMEOUT[1],
        app_name="karbor-copy",
    )


def _translated(error: ks_exceptions.ClientException) -> exceptions.BankError:
    """Return our error; it tells no URL, name or answer."""
    if isinstance(error, ks_exceptions.HttpError):
        # Only of getting a token: other answers are looked at.
        headers = getattr(error.response, "headers", {})
        return answers.error_of(
            error.http_status,
            "the request for a token",
            headers.get("Retry-After"),
        )
    if isinstance(error, ks_exceptions.CatalogException):
        return exceptions.BankRejected(reason=_NOWHERE)
    kind = type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return exceptions.BankRejected(
            reason="the certificate of the server is not trusted"
        )
    return exceptions.BankUnavailable(reason=f"no answer ({kind})")
