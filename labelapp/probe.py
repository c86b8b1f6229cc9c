"""Does the web process on this machine answer? `python -m labelapp.probe [PORT]`: exit code 0 for yes; for health checks."""

import http.client
import os
import sys

DEFAULT_PORT = 8000


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
        allowed_hosts[0].strip().removeprefix(".") if allowed_hosts and allowed_hosts[0].strip() != "*" else "localhost"
    )


if __name__ == "__main__":
    given = [name for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name.strip()]
    asked = int(sys.argv[1]) if sys.argv[1:] else DEFAULT_PORT
    sys.exit(0 if answers(port=asked, name=accepted_name(given)) else 1)
