"""The real database server and message broker that tests run against, started by the tests themselves.

The machine's own programs are used where they fit, else the private parts are fetched; root is not needed, and where we
are root the servers run as nobody. One PostgreSQL serves the whole test session, each test in a database of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from cti.adapters.mqtt.private_broker import BrokerAccount, broker_files
from ivr.adapters.asterisk.private import Part, PartName, as_unprivileged, ensure, parts_folder
from tests.ports import free_port

_START_SECONDS = 30


def part(name: PartName) -> Part:
    return ensure(name, parts_folder(Path.home()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the shared PostgreSQL once all workers are done; runs in the process that started them."""
    if hasattr(session.config, "workerinput"):
        return
    factory = getattr(session.config, "_tmp_path_factory", None)
    state = factory.getbasetemp() / "postgresql.json" if factory else None
    if state and state.is_file():
        told = json.loads(state.read_text())
        with contextlib.suppress(ProcessLookupError):
            os.kill(told["pid"], signal.SIGQUIT)
        for _ in range(100):
            if not Path(f"/proc/{told['pid']}").exists():
                break
            with contextlib.suppress(ChildProcessError):
                os.waitpid(told["pid"], os.WNOHANG)
            time.sleep(0.05)
        shutil.rmtree(told["folder"], ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the session's PostgreSQL, without a database's name; started by whoever asks first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    state = shared / "postgresql.json"
    with (shared / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not state.is_file():
            state.write_text(json.dumps(_start_postgres()))
    return str(json.loads(state.read_text())["url"])


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database."""
    name = f"t{uuid.uuid4().hex[:16]}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    yield f"{postgres_server}/{name}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _start_postgres() -> dict[str, object]:
    found = part(PartName.POSTGRESQL)
    folder = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        found = _reachable(found, folder)
    data, port = folder / "data", free_port()
    env = {**os.environ, **found.env, "LC_ALL": "C"}
    options = ("-D", str(data), "-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C")
    made = as_unprivileged((*found.commands["initdb"], *options))
    subprocess.run(made, check=True, capture_output=True, env=env, cwd=folder, timeout=120)
    settings = ("-D", str(data), "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1")
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        as_unprivileged((*found.commands["postgres"], *settings, "-c", "max_connections=200")),
        env=env,
        cwd=folder,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    url = f"postgresql://hotline@127.0.0.1:{port}"
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
            return {"pid": server.pid, "url": url, "folder": str(folder)}
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:]) from None
            time.sleep(0.05)


def _reachable(found: Part, folder: Path) -> Part:
    """Root's private parts may lie where nobody cannot go: then nobody gets a copy."""
    probe = as_unprivileged(("test", "-x", found.command[-1]))
    if found.origin == "system" or subprocess.run(probe, check=False).returncode == 0:
        return found
    copy = folder / "part"
    shutil.copytree(found.root, copy, symlinks=True)
    copy.chmod(0o755)

    def moved(text: str) -> str:
        return text.replace(str(found.root), str(copy))

    commands = {name: tuple(map(moved, words)) for name, words in found.commands.items()}
    env: Mapping[str, str] = {name: moved(value) for name, value in found.env.items()}
    return Part(found.name, found.version, found.origin, copy, commands, env, found.folders)


class Broker:
    """A mosquitto as the product configures it, that can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._part = part(PartName.MOSQUITTO)
        self._folder = folder
        self.port = free_port()
        self.account = BrokerAccount("hotline", "s3cret", ("readwrite hotline/#",))
        self.reader = BrokerAccount("reader", "r3ader", ("read hotline/v1/#",))
        accounts = (self.account, self.reader)
        for name, text in broker_files(folder, self.port, accounts, user="root" if os.geteuid() == 0 else "").items():
            file = folder / name
            file.write_text(text)
            file.chmod(0o600)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://{self.account.name}:{self.account.password}@127.0.0.1:{self.port}"

    @property
    def is_up(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        log = (self._folder / "mosquitto.log").open("ab")
        command = (*self._part.command, "-c", str(self._folder / "mosquitto.conf"))
        env = {**os.environ, **self._part.env}
        self._process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self._folder / "mosquitto.log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.02)

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def has_saved(self, *words: str) -> Callable[[], bool]:
        """Whether its file holds these words, such as who has subscribed to what: that much a kill leaves it."""

        def is_so() -> bool:
            file = self._folder / "mosquitto.db"
            return file.is_file() and all(word.encode() in file.read_bytes() for word in words)

        return is_so

    def kill(self) -> None:
        self.stop(signal.SIGKILL)


@pytest.fixture
def mqtt_broker(tmp_path: Path) -> Iterator[Broker]:
    """A running broker of the test's own."""
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder)
    broker.start()
    yield broker
    broker.stop()
