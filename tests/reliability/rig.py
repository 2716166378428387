"""What every measurement needs: the binary, a directory of its own, a platform, daemons, and an end.

A measurement that uses it ends what it started, removes its directory, prints one line beginning
with its name, and ends with 1 when the claim does not hold.
"""
import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
_started = []


def size(**sizes):
    """The number that goes with this run's size: `small` (the default) or `full`, or a number."""
    asked = sys.argv[1] if len(sys.argv) > 1 else "small"
    return int(asked) if asked.isdigit() else sizes[asked]


def binary():
    """The release binary, built unless QUNFA names one."""
    named = os.environ.get("QUNFA")
    if named:
        return named
    subprocess.run(
        ["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True
    )
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return str(pathlib.Path(target) / "release" / "qunfa")


def directory():
    """A directory that goes with the process."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="qunfa-reliability."))
    atexit.register(shutil.rmtree, made, True)
    return made


def spawn(arguments, **options):
    """A process that ends with this one."""
    options.setdefault("stdin", subprocess.DEVNULL)
    child = subprocess.Popen([str(part) for part in arguments], **options)
    _started.append(child)
    return child


def end(child):
    if child.poll() is None:
        child.kill()
    child.wait()
    if child in _started:
        _started.remove(child)


@atexit.register
def _end_all():
    for child in list(_started):
        end(child)


# One that is told to end ends what it started, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def counter(*arguments, **options):
    """The counting platform; returns its address."""
    options.setdefault("stderr", subprocess.DEVNULL)
    child = spawn(
        [sys.executable, HERE / "counter.py", *arguments], stdout=subprocess.PIPE, **options
    )
    return child.stdout.readline().decode().strip()


def sandbox(*arguments):
    """qunfa's sandbox; returns its address."""
    child = spawn(
        [binary(), "sandbox", "--listen", "127.0.0.1:0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return child.stdout.readline().decode().strip()


def get(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, data, timeout=60) as answer:
        return json.load(answer)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Daemon:
    """A state directory, an inbox, a config, and at most one daemon."""

    def __init__(self, at, api, accounts=("club",), listen=None, prefix="wx", lines=""):
        self.at = pathlib.Path(at)
        self.at.mkdir(exist_ok=True)
        (self.at / "inbox").mkdir(exist_ok=True)
        (self.at / "secret").write_text("secret")
        (self.at / "token").write_text("token")
        self.listen = listen
        config = "state_dir: state\ninbox: inbox\n"
        if listen:
            config += f"listen: 127.0.0.1:{listen}\n"
        config += "accounts:\n"
        for name in accounts:
            config += (
                f"  {name}:\n    kind: service\n    appid: {prefix}{name}\n    secret_file: secret\n"
                f"    api_base: {api}\n    limits: {{ daily_calls: 100000 }}\n{lines}"
            )
        (self.at / "config.yaml").write_text(config)
        self.env = os.environ | {"QUNFA_CONFIG": str(self.at / "config.yaml"), "QUNFA_LOG": "info"}
        self.child = None

    def start(self, before=(), env=None, **options):
        log = open(self.at / "log", "ab")
        self.child = spawn(
            [*before, binary(), "run"],
            env=self.env | (env or {}),
            stdout=log,
            stderr=log,
            **options,
        )
        log.close()

    def kill(self):
        if self.child:
            end(self.child)
            self.child = None

    def stop(self):
        self.child.terminate()
        code = self.child.wait()
        _started.remove(self.child)
        self.child = None
        return code

    def say(self, *arguments, env=None):
        return subprocess.run(
            [binary(), *arguments],
            env=self.env | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def jobs(self, env=None):
        """The state of every job."""
        said = self.say("jobs", "--json", "--limit", "1000000", env=env)
        if said.returncode:
            return {}
        return {job["id"]: job["state"] for job in json.loads(said.stdout)}

    def drop(self, name, text):
        inbox = self.at / "inbox"
        (inbox / f".{name}").write_text(text)
        (inbox / f".{name}").rename(inbox / name)

    def log(self):
        return (self.at / "log").read_text(errors="replace")

    def resident_kib(self, pid=None):
        status = pathlib.Path(f"/proc/{pid or self.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))


def job(id, account="club", at=None, text=None):
    when = f"    at: {at}\n" if at else ""
    return (
        f"  - id: {id}\n    account: {account}\n{when}"
        f"    broadcast: {{ filter: {{ tag_id: 2 }}, text: {text or id} }}\n"
    )


def jobs(*parts):
    return "jobs:\n" + "".join(parts) + "...\n"


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def until(what, look, patience_s=600, every_s=0.05):
    since = time.monotonic()
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() - since > patience_s:
            raise SystemExit(f"in vain: {what}")
        time.sleep(every_s)


def listening(port):
    def look():
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    return look


def result(holds, line):
    """Prints the one line, and ends."""
    name = pathlib.Path(sys.argv[0]).stem
    print(f"{name}: {'holds' if holds else 'DOES NOT HOLD'}: {line}", flush=True)
    sys.exit(0 if holds else 1)


def cannot(why):
    """Says why nothing was measured, and ends."""
    name = pathlib.Path(sys.argv[0]).stem
    print(f"{name}: cannot be measured here: {why}", flush=True)
    sys.exit(77)


def spread(values):
    """p50, p99 and the highest."""
    values = sorted(values)
    at = lambda part: values[min(len(values) - 1, int(part * len(values)))]
    return at(0.5), at(0.99), values[-1]
