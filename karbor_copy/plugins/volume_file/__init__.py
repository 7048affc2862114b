# SPDX-License-Identifier: Apache-2.0
"""Volumes that are files of a directory, kept chunk by chunk in the bank."""
