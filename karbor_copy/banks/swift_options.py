# SPDX-License-Identifier: Apache-2.0
"""The options of the Swift bank: Karbor's, and what Keystone v3 needs."""

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy.banks import option_checks

SWIFT_OPTS = [
    cfg.StrOpt(
        "bank_swift_object_container",
        default="karbor",
        regex=r"^[^/?]+$",
        help="Name of the container.",
    ),
]
CLIENT_OPTS = [
    cfg.StrOpt(
        "swift_auth_url",
        required=True,
        help="URL of Keystone, with or without /v3; or of TempAuth, such as "
        "https://swift.example.com/auth/v1.0.",
    ),
    cfg.StrOpt(
        "swift_auth_version",
        default="3",
        choices=[
            ("3", "Keystone: a password or an application credential"),
            ("1", "TempAuth and the like"),
        ],
        help="How to get a token.",
    ),
    cfg.StrOpt("swift_user", help="Name of the user; account:user for 1."),
    cfg.StrOpt("swift_key", secret=True, help="Password or key of the user."),
    cfg.StrOpt(
        "swift_tenant_name",
        help="Name of the project in whose account the container lies.",
    ),
    cfg.StrOpt(
        "swift_user_domain_name",
        default="Default",
        help="Name of the user's domain.",
    ),
    cfg.StrOpt(
        "swift_project_domain_name",
        default="Default",
        help="Name of the project's domain.",
    ),
    cfg.StrOpt(
        "swift_application_credential_id",
        help="Id of an application credential, in place of user, key and "
        "project.",
    ),
    cfg.StrOpt(
        "swift_application_credential_secret",
        secret=True,
        help="Secret of the application credential.",
    ),
    cfg.StrOpt(
        "swift_region_name",
        help="Region whose Swift is taken from Keystone's catalogue; any if "
        "it is not set.",
    ),
    cfg.StrOpt(
        "swift_interface",
        default="public",
        choices=["public", "internal", "admin"],
        help="Which of its URLs is taken from the catalogue.",
    ),
    cfg.StrOpt(
        "swift_endpoint",
        help="URL of the account, in place of the one that Keystone or "
        "TempAuth names.",
    ),
    cfg.StrOpt(
        "swift_ca_cert_file",
        help="File with the CA certificates to trust in place of the "
        "system's.",
    ),
    cfg.BoolOpt(
        "swift_auth_insecure",
        default=False,
        help="Whether any certificate is trusted. Never set it where the "
        "network is not your own.",
    ),
    *(
        cfg.IntOpt(
            name,
            help="Ignored: [copy_engine] bank_retry_timeout says how long a "
            "bank is tried again.",
        )
        for name in ("swift_retry_attempts", "swift_retry_backoff")
    ),
]


def check(values: Mapping[str, Any]) -> None:
    """Refuse credentials that are not complete.

    :raises InvalidOption: naming what is missing or wrong.
    """
    for name in ("swift_auth_url", "swift_endpoint"):
        option_checks.check_url(name, values.get(name))
    ca_file = "swift_ca_cert_file"
    option_checks.check_file(ca_file, values.get(ca_file))
    needed = ["swift_user", "swift_key"]
    if values.get("swift_application_credential_id"):
        needed = ["swift_application_credential_secret"]
    elif values["swift_auth_version"] == "3":
        needed.append("swift_tenant_name")
    for name in needed:
        if not values.get(name):
            raise exceptions.InvalidOption(option=name, reason="must be set")
