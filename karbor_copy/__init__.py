# SPDX-License-Identifier: Apache-2.0
"""Keeps a second, restorable copy of every checkpoint in another region."""
