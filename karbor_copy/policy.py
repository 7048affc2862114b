# SPDX-License-Identifier: Apache-2.0
"""Decides by oslo.policy whether a caller may do something."""

import argparse
import copy
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Final

from oslo_config import cfg
from oslo_context import context as oslo_context
from oslo_log import log as logging
from oslo_policy import policy

from karbor_copy import conf as configuration
from karbor_copy import exceptions
from karbor_copy import policies

LOG = logging.getLogger(__name__)

#: Seconds after which the operator's policy files are looked at again.
_REST: Final = 1.0
#: Answers that are kept until then.
_MAX_ANSWERS: Final = 1000


class Enforcer(policy.Enforcer):
    """oslo.policy's, but not asked the same again each time.

    It would look at its files and at the signature of every check for each
    question, which is a tenth of what the API does for a POST.
    """

    def __init__(
        self, conf: cfg.ConfigOpts, clock: Callable[[], float]
    ) -> None:
        super().__init__(conf)
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._answers: dict[str, bool] = {}

    def decide(
        self,
        context: oslo_context.RequestContext,
        rule: str,
        target: Mapping[str, Any],
    ) -> bool:
        """Tell whether the rule allows it.

        The question is all that a rule can look at. Its answer is kept until
        the files are looked at again.
        """
        self.load_rules()
        answers = self._answers
        caller = dict(context.to_policy_values())
        question = repr((rule, target, caller))
        answer = answers.get(question)
        if answer is None:
            answer = bool(self.authorize(rule, dict(target), caller))
            if len(answers) < _MAX_ANSWERS:
                answers[question] = answer
        return answer

    def load_rules(
        self,
        force_reload: bool = False,  # noqa: FBT001, FBT002  oslo.policy's
    ) -> None:
        """Look at the files, unless that was done within the last second.

        While one thread reads them all others wait: none decides by half of
        the rules. What can't be read later on leaves them as they are.

        :raises ValueError: the files can't be read, the first time.
        """
        with self._lock:
            last, now = self._looked_at, self._clock()
            if force_reload or last is None or now - last >= _REST:
                kept = copy.copy(self.rules), copy.copy(self.file_rules)
                try:
                    super().load_rules(force_reload)
                except (OSError, ValueError, cfg.Error) as error:
                    if last is None:
                        raise
                    self.rules, self.file_rules = kept
                    LOG.error("The policies stay as they were: %s", error)
                self._looked_at = now
                self._answers = {}


_enforcer: Enforcer | None = None


def init(
    conf: cfg.ConfigOpts, clock: Callable[[], float] = time.monotonic
) -> None:
    """Take the rules of the code and of the operator's policy file.

    :raises ValueError: the file can't be read.
    """
    global _enforcer
    _enforcer = _loaded(conf, clock)


def check(conf: cfg.ConfigOpts) -> None:
    """Refuse a policy file that can't be read.

    :raises ValueError: it can't.
    """
    _loaded(conf, time.monotonic)


def _loaded(conf: cfg.ConfigOpts, clock: Callable[[], float]) -> Enforcer:
    enforcer = Enforcer(conf, clock)
    enforcer.register_defaults(policies.list_rules())
    enforcer.load_rules()
    return enforcer


def get_enforcer() -> policy.Enforcer:
    """Return the rules in force, for the commands of oslo.policy.

    They hand over no options: the files are those of the command line.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--config-file", action="append")
    known, _ = parser.parse_known_args()
    configuration.CONF(
        [], project="karbor_copy", default_config_files=known.config_file
    )
    enforcer = Enforcer(configuration.CONF, time.monotonic)
    enforcer.register_defaults(policies.list_rules())
    return enforcer


def authorize(
    context: oslo_context.RequestContext,
    rule: str,
    target: Mapping[str, Any],
) -> None:
    """Let the caller go on only if policy allows it.

    :raises Forbidden: policy says no.
    """
    if not _check(context, rule, target):
        raise exceptions.Forbidden(action=rule)


def is_admin(context: oslo_context.RequestContext) -> bool:
    """Tell whether the caller is an administrator of the deployment."""
    return _check(context, "context_is_admin", {})


def _check(
    context: oslo_context.RequestContext,
    rule: str,
    target: Mapping[str, Any],
) -> bool:
    if _enforcer is None:
        raise RuntimeError("policy.init() has not been called")
    return _enforcer.decide(context, rule, target)
