"""A PostgreSQL server of the test's own, which it may stop at once and start again; durable unless told otherwise."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path


def binary_folder() -> Path:
    """Where initdb and pg_ctl are; raises with what to do where there are none."""
    candidates = [Path(os.environ["LABELAPP_PG_BIN"])] if os.environ.get("LABELAPP_PG_BIN") else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        candidates.append(Path(found).resolve().parent)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise RuntimeError(
        "PostgreSQL's initdb and pg_ctl were not found; run the tests through script/test, which installs them."
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PrivatePostgres:
    """`url` for Django; `stop_at_once` is what a crash looks like: no checkpoint, recovery from the log at the next start."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="labelapp-pg-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self._bin = binary_folder()
        self._user = self._unprivileged_user()
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale")
        lines = {
            "port": str(self.port),
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": f"'{self.folder}'",
        }
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in {**lines, **settings}.items())
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.folder / "log"), "start")

    def stop_at_once(self) -> None:
        """The signal goes out at once; what is left of it is waited for."""
        postmaster = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGQUIT)
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "immediate", "stop", check=False)

    def close(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "immediate", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unprivileged_user(self) -> str | None:
        """PostgreSQL refuses root."""
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            try:
                pwd.getpwnam(name)
            except KeyError:
                continue
            return name
        raise RuntimeError("Neither the user postgres nor nobody exists, and PostgreSQL does not run as root.")

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        extra = {"user": self._user} if self._user else {}
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **extra,
        )
        if check and done.returncode:
            log = self.folder / "log"
            raise RuntimeError(
                f"{program} failed ({done.returncode}): {log.read_text()[-2000:] if log.exists() else ''}"
            )
