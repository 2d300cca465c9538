"""The node's first process: covers what must stay private, makes the network, keeps the node's parts running.

Started inside fresh namespaces by `node.py` as `python -m dev.drivers.plain.init <house>`. It reads
`<house>/parts.json`, starts each part when the file it waits for is there, starts it again when it ends, and
buries orphans. When it ends itself, the kernel ends everything in the node.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from dev.drivers.plain.house import ADDRESS, PRIVATE

AGAIN = (0.5, 1.0, 2.0, 5.0)
"""Seconds before a part that ended is started again: the first time, the second time, …"""
STEADY = 60.0
"""A part that ran this long counts as never having failed."""
TICK = 0.05
SYSTEM = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/route_localnet": "1",
    "net/bridge/bridge-nf-call-iptables": "1",
}
KUBELETS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What kubelet wants of the kernel (its `setupKernelTunables`). No namespace has its own: they are the machine's."""
SHOWN = Path("/run/kernel")
"""Where the node has the files that are mounted over them; gone with it."""


@dataclass(slots=True)
class Part:
    """One program of the node and what is known about its life."""

    role: str
    command: list[str]
    waits_for: str = ""
    """A path that must exist before the first start."""
    descriptors: list[int] = field(default_factory=list)
    """Inherited listening sockets that it takes over."""
    pid: int = 0
    begun: float = 0.0
    due: float = 0.0
    failures: int = 0

    def may_start(self, now: float) -> bool:
        """True when it is not running and nothing stands in the way."""
        return not self.pid and now >= self.due and (not self.waits_for or Path(self.waits_for).exists())

    def ended(self, now: float) -> None:
        """Take note that it is gone, and when it is started again."""
        self.failures = 0 if now - self.begun > STEADY else self.failures + 1
        self.due = now + AGAIN[min(self.failures, len(AGAIN) - 1)]
        self.pid = 0


def start(part: Part, house: Path, now: float) -> None:
    """Start it; its output goes to `<house>/log/<role>.log`."""
    with (house / "log" / f"{part.role}.log").open("ab") as log:
        child = subprocess.Popen(
            part.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=house,
            env={**os.environ, "TOPROPE_ROLE": part.role},
            pass_fds=part.descriptors,
            start_new_session=True,
        )
    child.returncode = 0  # buried below, by process id, like every orphan: Popen must not wait for it as well
    part.pid, part.begun = child.pid, now


def bury(parts: list[Part], now: float) -> None:
    """Every process that ended, whoever started it."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        for part in parts:
            if part.pid == pid:
                part.ended(now)


def cover() -> None:
    """What is mounted from now on is seen in the node alone, and these folders start empty in it."""
    call("mount", "--make-rshared", "/")
    for folder in PRIVATE:
        call("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
    show_kernel()


def show_kernel() -> None:
    """kubelet finds these settings as it wants them: so it writes none, and the machine keeps its own."""
    for name, value in KUBELETS.items():
        shown = SHOWN / name
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.write_text(f"{value}\n")
        call("mount", "--bind", str(shown), f"/proc/sys/{name}")


def connect() -> None:
    """The node's own network: an address for it, and a way to services that packets are rewritten on."""
    call("ip", "link", "set", "lo", "up")
    call("ip", "link", "add", "toprope0", "type", "bridge")
    call("ip", "address", "add", f"{ADDRESS}/32", "dev", "toprope0")
    call("ip", "link", "set", "toprope0", "up")
    call("ip", "route", "add", "10.96.0.0/16", "dev", "toprope0")
    for name, value in SYSTEM.items():
        setting = Path("/proc/sys") / name
        if not setting.exists():
            sys.exit(f"this kernel has no {setting}: load the module br_netfilter, or use a kernel that has it")
        setting.write_text(value)


def call(*words: str) -> None:
    """A small program that must succeed."""
    subprocess.run(words, check=True, timeout=10)


def leave(number: int, frame: FrameType | None) -> None:
    """Asked to end: the kernel does the rest."""
    raise SystemExit(0)


def main() -> None:
    """Never returns by itself."""
    house = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, leave)
    parts = [Part(**each) for each in json.loads((house / "parts.json").read_text())]
    cover()
    connect()
    while True:
        now = time.monotonic()
        bury(parts, now)
        for part in parts:
            if part.may_start(now):
                start(part, house, now)
        time.sleep(TICK)


if __name__ == "__main__":
    main()
