# SPDX-License-Identifier: Apache-2.0
"""The API under gunicorn: gunicorn -c karbor-copy-api-gunicorn.conf.py.

Options of the service itself are in karbor_copy.conf.
"""

wsgi_app = "karbor_copy.wsgi.api:application"
# With auth_strategy = noauth this must stay a loopback address.
bind = "127.0.0.1:8799"
worker_class = "gthread"
workers = 4
threads = 8
# Each process opens connections and starts threads of its own.
preload_app = False
# Requests get so many seconds to end when it stops or, by SIGHUP, reads all
# files again.
graceful_timeout = 60
