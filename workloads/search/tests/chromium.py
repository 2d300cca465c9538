"""A real Chromium without a window, spoken to over its own protocol through a pair of pipes: no driver in between."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--force-color-profile=srgb", "--remote-debugging-pipe",
)  # fmt: skip
DEADLINE = 60.0


class PageBroke(AssertionError):
    """The page, or what was asked of it, ended with an error."""


class Browser:
    """One page in one browser."""

    def __init__(self, out: int, into: int) -> None:
        self._out, self._into, self._number = os.fdopen(out, "wb"), os.fdopen(into, "rb"), 0
        self.errors: list[str] = []
        """What the page's console and its code complained about."""
        (target,) = [t for t in self._call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        attached = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    _session: str | None = None

    def call(self, method: str, **parameters: Any) -> Any:
        """One command to the page."""
        return self._call(method, **parameters)

    def visit(self, url: str) -> None:
        """Open an address."""
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """What an expression comes to, in the page."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise PageBroke(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait until it is true."""
        end = time.monotonic() + DEADLINE
        while not (found := self.run(script)):
            if time.monotonic() > end:
                raise PageBroke(f"never came true: {script}; {self.errors}")
            time.sleep(0.05)
        return found

    def type(self, text: str) -> None:
        """Keys, into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int, text: str = "") -> None:
        """One key, down and up."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)

    def look(self, width: int, height: int, scheme: str = "light") -> None:
        """The size of the window, and whether its user likes it dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path: Path) -> None:
        """What a person would see, as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        said = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            said["sessionId"] = self._session
        self._out.write(json.dumps(said).encode() + b"\0")
        self._out.flush()
        while True:
            heard = self._heard()
            if heard.get("id") == self._number:
                if "error" in heard:
                    raise PageBroke(f"{method}: {heard['error']}")
                return heard["result"]
            self._note(heard)

    def _heard(self) -> dict[str, Any]:
        content = bytearray()
        while (byte := self._into.read(1)) != b"\0":
            if not byte:
                raise PageBroke("the browser is gone")
            content += byte
        found: dict[str, Any] = json.loads(content)
        return found

    def _note(self, heard: dict[str, Any]) -> None:
        if heard.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(heard["params"]["exceptionDetails"]))
        if heard.get("method") == "Log.entryAdded" and heard["params"]["entry"]["level"] == "error":
            self.errors.append(heard["params"]["entry"]["text"])

    def close(self) -> None:
        """Both pipes."""
        with suppress(OSError):
            self._out.close()
        self._into.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with an empty page; gone afterwards, with all that it kept."""
    assert PROGRAM is not None
    profile = mkdtemp(prefix="toprope-chromium-")
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()

    def its_own() -> None:
        # Chromium reads commands at 3 and answers at 4.
        spare = os.dup(from_write)
        os.dup2(to_read, 3)
        os.dup2(spare, 4)

    process = subprocess.Popen(
        [PROGRAM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        preexec_fn=its_own, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,  # noqa: PLW1509
    )  # fmt: skip
    os.close(to_read)
    os.close(from_write)
    page = Browser(to_write, from_read)
    try:
        yield page
    finally:
        page.close()
        process.kill()
        process.wait(10)
        shutil.rmtree(profile, ignore_errors=True)
