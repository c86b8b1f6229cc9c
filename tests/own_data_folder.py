"""A pytest plugin that runs before the settings are read: tests never touch the data folder or the services of an installation.

The processes of pytest-xdist inherit the folder; each has its own database in it, and its own in Redis.
"""

import atexit
import os
import shutil
import tempfile
from urllib.parse import urlsplit

# What an operator may have in the environment and no test may depend on. DATABASE_URL and REDIS_URL choose what is tested.
OPERATORS_OWN = (
    "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DEBUG", "EMAIL_URL", "LABELAPP_ALLOW_SQLITE", "LABELAPP_ENV", "LABELAPP_PROCESS",
    "LOG_FORMAT", "LOG_LEVEL", "PUBLIC_URL", "REQUIRE_SECOND_FACTOR", "SECRET_KEY", "SECURE_SSL_REDIRECT", "TRUSTED_PROXY_COUNT",
)  # fmt: skip

worker, broker = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get("REDIS_URL")
if worker and broker:  # what one process counts, queues or forgets is not another's
    os.environ["REDIS_URL"] = urlsplit(broker)._replace(path=f"/{1 + int(worker.removeprefix('gw'))}").geturl()
if not worker:
    for name in OPERATORS_OWN:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    os.environ["LABELAPP_DATA_DIR"] = tempfile.mkdtemp(prefix="labelapp-test-")
    atexit.register(shutil.rmtree, os.environ["LABELAPP_DATA_DIR"], ignore_errors=True)
