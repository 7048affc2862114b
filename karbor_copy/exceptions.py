# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as one small tree that knows nothing of HTTP.

The families matter to callers: ``api/faults.py`` turns Invalid, NotFound,
Conflict, Forbidden, OverLimit and ServiceUnavailable into answers;
banks/retry.py tries again what is a BankUnavailable; an OperationStopped is
no failure of the work.
"""

from typing import Any


class KarborCopyError(Exception):
    """Base of all errors of the project.

    A subclass gives ``msg_fmt``; its fields are the keyword arguments.
    A single positional argument replaces the whole message.
    """

    msg_fmt = "An unknown error occurred."

    def __init__(self, message: str | None = None, **fields: Any) -> None:
        self.fields = fields
        super().__init__(self.msg_fmt % fields if message is None else message)


class Invalid(KarborCopyError):
    """The request can't be served as it stands, whatever the state."""

    msg_fmt = "%(reason)s"


class NotFound(KarborCopyError):
    """The thing named does not exist, or not for this project."""

    msg_fmt = "The resource could not be found."


class Conflict(KarborCopyError):
    """The request is right but the present state forbids it."""

    msg_fmt = "%(reason)s"


class Forbidden(KarborCopyError):
    """Policy does not let this caller do this."""

    msg_fmt = "Policy doesn't allow %(action)s to be performed."


class OverLimit(KarborCopyError):
    """The request is right but would go beyond what is allowed."""

    msg_fmt = "%(reason)s"


class ServiceUnavailable(KarborCopyError):
    """Something the service needs is away for the moment."""

    msg_fmt = "The service is unavailable for the moment."


class UnknownMarker(Invalid):
    """A list shall begin after something that is not on it."""

    msg_fmt = "Unknown marker %(marker)r."


class InvalidKey(Invalid):
    """A bank key that is malformed or would leave its section."""

    msg_fmt = "Invalid bank key %(key)r: %(reason)s."


class InvalidPlan(Invalid):
    """The plan is not in a state that the request needs."""

    msg_fmt = "Invalid plan: %(reason)s"


class ProviderMismatch(Invalid):
    """Two provider ids that should be one."""

    msg_fmt = "The provider id is not the same as the value in the %(place)s."


class InvalidManifest(Invalid):
    """A manifest that is malformed, cut short or contradicts itself."""

    msg_fmt = "Invalid manifest: %(reason)s."


class InvalidCheckpoint(Invalid):
    """An index.json that is malformed or of an unknown version."""

    msg_fmt = "Invalid checkpoint %(checkpoint_id)s: %(reason)s."


class PlanNotFound(NotFound):
    msg_fmt = "Plan %(plan_id)s could not be found."


class ProviderNotFound(NotFound):
    msg_fmt = "Provider %(provider_id)s could not be found."


class CheckpointNotFound(NotFound):
    msg_fmt = "Checkpoint %(checkpoint_id)s could not be found."


class CopyNotFound(NotFound):
    msg_fmt = "Copy %(copy_id)s could not be found."


class RestoreNotFound(NotFound):
    msg_fmt = "Restore %(restore_id)s could not be found."


class VerificationNotFound(NotFound):
    msg_fmt = "Verification %(verification_id)s could not be found."


class OperationLogNotFound(NotFound):
    msg_fmt = "Operation log %(operation_log_id)s could not be found."


class ServiceNotFound(NotFound):
    msg_fmt = "Service %(service_id)s could not be found."


class QuotaClassNotFound(NotFound):
    msg_fmt = "Quota class %(class_name)s could not be found."


class ProtectableNotFound(NotFound):
    msg_fmt = "Resource %(resource_type)s#%(resource_id)s could not be found."


class ProtectionPluginNotFound(NotFound):
    msg_fmt = "No protection plugin for resource type %(resource_type)s."


class InvalidTransition(Conflict):
    """A status change that the table of transitions does not allow."""

    msg_fmt = "%(noun)s %(id)s is %(current)s and can't become %(wanted)s."


class OperationInProgress(Conflict):
    """An open operation uses what the request wants to change."""

    msg_fmt = "Checkpoint %(checkpoint_id)s is in use by an open operation."


class QuotaExceeded(OverLimit):
    """The project would have too much of something."""

    msg_fmt = "Quota exceeded for %(resource)s: at most %(limit)d."


class SetupError(KarborCopyError):
    """Something in the service's own files; users are not told what."""


class ProviderConfigError(SetupError):
    """A provider file that can't be used; names the file and the line."""

    msg_fmt = "%(path)s: %(reason)s"


class InvalidOption(SetupError):
    """A bank's option that does not fit the others."""

    msg_fmt = "%(option)s: %(reason)s"


class InvalidBank(SetupError):
    """A bank that is not there, or that its driver won't make."""

    msg_fmt = "bank %(name)r: %(reason)s"


class BankError(KarborCopyError):
    """Base of what a bank raises."""

    msg_fmt = "Bank: %(reason)s"


class ObjectNotFound(BankError):
    msg_fmt = "Object %(key)s not found."


class ObjectExists(BankError):
    """The key holds other bytes, and they were to be left alone."""

    msg_fmt = "Object %(key)s exists already with other bytes."


class BankUnavailable(BankError):
    """The back-end does not answer, is busy, or its container is missing.

    ``retry_after`` are the seconds that the back-end asks to be left alone.
    ``progress`` tells that another try will have less to do.
    """

    progress = False

    msg_fmt = "Bank unavailable: %(reason)s"

    @property
    def retry_after(self) -> float:
        """Return the seconds to wait at least."""
        return float(self.fields.get("retry_after") or 0.0)


class ObjectUnreadable(BankUnavailable):
    msg_fmt = "Object %(key)s can't be read: %(reason)s"


class BatchLost(BankUnavailable):
    """The flush of a batch failed: all of it has to be put again, now."""


class BankRejected(BankError):
    """The back-end refuses for good: full, read-only or forbidden."""

    msg_fmt = "Bank rejected the request: %(reason)s"


class DigestMismatch(BankError):
    """The bytes are not those that were promised."""

    msg_fmt = (
        "Object %(key)s has digest %(actual)s, but %(expected)s was expected."
    )


class SourceCorrupt(KarborCopyError):
    """A source object differs from the source's own manifest."""

    msg_fmt = "source object %(key)s is corrupt: %(reason)s"


class SourceChanged(KarborCopyError):
    """What is protected or copied changed while it was being read."""

    msg_fmt = "%(reason)s"


class ResourceFailed(KarborCopyError):
    """A plugin operation could not do its work on one resource."""

    msg_fmt = "%(reason)s"


class OperationStopped(KarborCopyError):
    """Base of the reasons to stop that are no failure of the work."""

    msg_fmt = "The operation was stopped."


class OperationCancelled(OperationStopped):
    msg_fmt = "The operation was cancelled."


class OperationDrained(OperationStopped):
    msg_fmt = "The worker is shutting down and hands the operation back."


class DatabaseUnavailable(ServiceUnavailable, OperationStopped):
    """The database does not answer; it tells nothing of the work."""

    msg_fmt = "The database is not available for the moment."


class LeaseLost(OperationStopped):
    msg_fmt = "The lease of operation %(operation_log_id)s was lost."


def shown(foreign: object) -> str:
    """Return what others have written as a short text of one line."""
    text = str(foreign)[:200]
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def is_told(error: BaseException) -> bool:
    """Tell whether users may know all that an error says.

    Our own errors carry no secret, path or address, but for those of the
    set-up; the log has to tell of any other.
    """
    ours = isinstance(error, KarborCopyError)
    return ours and not isinstance(error, SetupError)


def reason_of(error: BaseException) -> str:
    """Return what users may know of an error: of foreign ones the type."""
    if is_told(error) or isinstance(error, NotImplementedError):
        return str(error) or type(error).__name__
    return f"internal error ({type(error).__name__})"
