"""How gunicorn serves this app; it reads this file by itself when it is started in this folder. Flags on its command line win."""

import os

wsgi_app = "labelapp.wsgi"
bind = "127.0.0.1:8000"
# One process with many threads: requests wait for the database, and an embedded database has one writer anyway.
workers = int(os.environ.get("WEB_PROCESSES", "1"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "16"))
# Loaded before forking, so that a refused start ends gunicorn itself instead of being tried again for ever.
preload_app = True
timeout = 60
graceful_timeout = 25  # a drain must be over within 30 s
control_socket_disable = True
loglevel = "warning"
