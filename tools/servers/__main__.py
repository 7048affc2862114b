# SPDX-License-Identifier: Apache-2.0
"""Prints the packages of Debian that the tests miss, in one line."""

from tools.servers import kinds

print(*(kind.package for kind in kinds.missing()))
