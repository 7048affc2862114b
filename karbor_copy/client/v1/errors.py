# SPDX-License-Identifier: Apache-2.0
"""What can go wrong for a client, each with what to do next."""

from typing import Final

#: HTTP status -> what the caller can do about it.
_NEXT_STEPS: Final = {
    401: "Check the user and the project that you gave.",
    403: "Ask an administrator, or use another user.",
    404: "Look for the right id or name with the noun's 'list'.",
    409: "Look at its state with 'show'.",
    503: "Try again in a while.",
}
_SERVER_FAULT: Final = "The log of the server says more."


class ClientError(Exception):
    """Base of all errors of the client; its text is for the user."""


class Unreachable(ClientError):
    """No server answered."""

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(
            f"No answer from {url}: {reason}. Is the service running there? "
            "'karbor-copy-standalone' starts one. Another is named to "
            "'karbor-copy' by --url or KARBOR_COPY_URL, and to 'openstack' "
            "by the catalogue."
        )


class UnexpectedAnswer(ClientError):
    """What answered does not speak this API."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"Unexpected answer from {url}: {reason}. Does the URL lead to "
            "a karbor-copy API?"
        )


class ApiError(ClientError):
    """The server refused; ``message`` is its own text."""

    def __init__(
        self, code: int, message: str, request_id: str | None = None
    ) -> None:
        self.code = code
        self.message = message
        self.request_id = request_id
        step = _NEXT_STEPS.get(code, _SERVER_FAULT if code >= 500 else "")
        text = " ".join(part for part in (message, step) if part)
        where = f", request {request_id}" if request_id else ""
        super().__init__(f"{text} (HTTP {code}{where})")


class NotFound(ApiError):
    """The thing named does not exist, or not for this project."""


class Unavailable(ApiError):
    """Something that the server needs is away for the moment."""


class NameNotFound(ClientError):
    """No thing has this name."""


class NameNotUnique(ClientError):
    """Several things have this name; only an id will do."""


class OperationFailed(ClientError):
    """What was waited for ended badly; the text says why."""


class WaitTimeout(ClientError):
    """What was waited for did not end in time."""
