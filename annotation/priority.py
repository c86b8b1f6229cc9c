"""Who goes first on a busy processor: whoever answers people, before training and scoring."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

# Niceness: of the scorer, between the web, which a labeller waits for, and training; of what trains, scores or samples a pool, which
# take the time that is left, in the kernel's idle class where there is one.
SCORER, CHILDREN = 5, 19
TRIES = 5


def lower(pid: int, niceness: int) -> None:
    """The process, and all that it starts from here on; never higher than it was. Nothing where it has ended already.

    Linux may weigh sessions against each other before it looks at the processes within (autogroup, see sched(7)): then a process's own
    niceness says nothing to the web, which is in another session, so the session's is lowered too, where it is this process's own.
    And niceness alone says how time is shared, not who waits: where only the idle class has work, a core is free for whoever wakes.
    """
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, pid, max(niceness, os.getpriority(os.PRIO_PROCESS, pid)))
        if niceness == CHILDREN:
            _to_the_idle_class(pid)
        if os.getsid(pid) == pid:
            _lower_session(pid, niceness)


def _to_the_idle_class(pid: int) -> None:
    """SCHED_IDLE of sched(7): it still gets a small share on a machine that is never idle. Linux alone has it."""
    if sys.platform == "linux":
        with suppress(PermissionError):  # a container may forbid it; niceness holds then
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))


def _lower_session(pid: int, niceness: int) -> None:
    session = Path(f"/proc/{pid}/autogroup")  # not there: a system that does not weigh sessions
    for _ in range(TRIES):
        try:
            session.write_text(str(niceness))
        except BlockingIOError:  # the kernel takes one such change a tenth of a second, from all users together
            time.sleep(0.1)
        except OSError:
            return
        else:
            return
