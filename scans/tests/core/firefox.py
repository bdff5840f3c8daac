"""A real Firefox, driven by Marionette, the protocol that is built into it: no driver to install.

A message is a JSON list behind its length in bytes and a colon; Firefox answers each in turn.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuroscan_site.tests.programs import find_firefox

_START, _ANSWER = 90, 180  # seconds: the processor draws, and the machine may be busy
_PREFERENCES = {
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
    "webgl.force-enabled": True,
}
# What went wrong on pages of ours: errors of scripts, and what the security policy refused.
_COMPLAINTS = """
  return Services.console.getMessageArray()
    .filter((one) => one instanceof Ci.nsIScriptError && !(one.flags & one.warningFlag))
    .filter((one) => one.sourceName.startsWith(arguments[0]))
    .map((one) => one.errorMessage + " at " + one.sourceName);
"""


class Firefox:
    """One window; every method waits until Firefox has done it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._count = connection, 0
        self._receive()  # the greeting
        self._ask("WebDriver:NewSession", capabilities={})

    def open(self, address: str) -> None:
        self._ask("WebDriver:Navigate", url=address)

    def forget_cookies(self) -> None:
        """Of the site that is open."""
        self._ask("WebDriver:DeleteAllCookies")

    def add_cookie(self, name: str, value: str) -> None:
        """Of the site that is open."""
        self._ask("WebDriver:AddCookie", cookie={"name": name, "value": value})

    def run(self, script: str, *arguments: object) -> Any:
        """What a function with this body returns on the page."""
        return self._ask("WebDriver:ExecuteScript", script=script, args=arguments)["value"]

    def wait_for(self, script: str, seconds: float = _ANSWER) -> None:
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"not within {seconds} s: {script}"
            time.sleep(0.25)

    def complaints(self, site: str) -> list[str]:
        """Errors so far on the pages of this site."""
        self._ask("Marionette:SetContext", value="chrome")
        found: list[str] = self.run(_COMPLAINTS, site)
        self._ask("Marionette:SetContext", value="content")
        return found

    def _ask(self, command: str, **parameters: object) -> Any:
        self._count += 1
        content = json.dumps([0, self._count, command, parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(content), content))
        _, _, error, result = self._receive()
        assert error is None, f"{command}: {error}"
        return result

    def _receive(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            length += self._read(1)
        return json.loads(self._read(int(length[:-1])))

    def _read(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            part = self._connection.recv(size - len(content))
            assert part, "Firefox has ended"
            content += part
        return content


@contextmanager
def running_firefox(folder: Path) -> Iterator[Firefox]:
    """Start a Firefox without a window, with a new profile in this folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chosen = _PREFERENCES | {"marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(chosen[name])});" for name in chosen]
    (folder / "user.js").write_text("\n".join(lines))
    command = [str(find_firefox()), "--headless", "--marionette", "--remote-allow-system-access"]
    command += ["--no-remote", "--profile", str(folder), "--width", "1440", "--height", "900"]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            with _connected(port, process) as connection:
                yield Firefox(connection)
        finally:
            process.terminate()
            process.wait(30)


def _connected(port: int, process: "subprocess.Popen[bytes]") -> socket.socket:
    end = time.monotonic() + _START
    while True:
        assert process.poll() is None, "Firefox did not start"
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_ANSWER)
        except OSError:
            assert time.monotonic() < end, "Firefox does not answer"
            time.sleep(0.25)
