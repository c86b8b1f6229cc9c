"""Is this part of the installation well? `python -m labelapp.probe web|worker|scorer|clock`: exit code 0 for yes; for health checks."""

import http.client
import os
import sys
import time
from pathlib import Path

from labelapp.alive import sign

PORT = 8000
# Seconds. The clock saves its schedule every three minutes; the scorer is silent while it opens a large model.
SILENT_AFTER = {"worker": 60.0, "scorer": 600.0, "clock": 600.0}


def answers(*, port: int, host: str = "127.0.0.1", name: str = "localhost") -> bool:
    """Whether /health/ready/ says that all is well, asked under a host name that the app accepts."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/health/ready/", headers={"Host": name})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def accepted_name(allowed_hosts: list[str]) -> str:
    """A host name that passes `ALLOWED_HOSTS`; `.example.org` there stands for the domain and all below."""
    return (
        allowed_hosts[0].strip().removeprefix(".")
        if allowed_hosts and allowed_hosts[0].strip() not in ("", "*")
        else "localhost"
    )


def is_alive(what: str, data_folder: Path, *, now: float) -> bool:
    """Whether the `worker` or the `scorer` on this host, or the `clock`, has shown itself lately."""
    places = list(data_folder.glob("clock*")) if what == "clock" else [sign(data_folder, what)]
    return any(now - path.stat().st_mtime < SILENT_AFTER[what] for path in places if path.exists())


def _main(what: str) -> bool:
    if what == "web":
        return answers(port=PORT, name=accepted_name(os.environ.get("ALLOWED_HOSTS", "").split(",")))
    return is_alive(what, Path(os.environ.get("LABELAPP_DATA_DIR", "var")), now=time.time())


if __name__ == "__main__":
    sys.exit(0 if _main(sys.argv[1]) else 1)
