# SPDX-License-Identifier: Apache-2.0
"""Providers: one bank plus plugins each, from files that operators write."""
