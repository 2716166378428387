#!/usr/bin/env python3
"""Two hosts on one PostgreSQL: nothing is sent twice, and nothing is lost.

Each scenario has two daemons with a state directory and an inbox of their own, and one sandbox that
counts what it accepts. Run it by run.sh.

  fleet.py [SCENARIO…]
"""
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "reliability"))
import rig  # noqa: E402

POSTGRES = pathlib.Path(os.environ["POSTGRES"])
ACCOUNTS = [f"a{n}" for n in range(12)]


class Cluster:
    """A PostgreSQL of its own."""

    def __init__(self, at):
        self.at, self.port = at, rig.free_port()
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.at.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.at, "postgres")
            self.at.parent.chmod(0o755)
        self.run("initdb", "-D", self.at / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8")
        self.start()

    def run(self, program, *arguments):
        options = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        return subprocess.run(
            [POSTGRES / program, *map(str, arguments)],
            check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options,
        )

    def start(self):
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.at}"
        self.run("pg_ctl", "-D", self.at / "data", "-l", self.at / "log", "-o", settings, "-w", "start")

    def stop(self, how="immediate"):
        self.run("pg_ctl", "-D", self.at / "data", "-m", how, "-w", "stop")

    def database(self, name):
        self.sql(f"CREATE DATABASE {name}", "postgres")
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def sql(self, text, database):
        said = subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-At", "-c", text, database],
            check=True, capture_output=True, text=True,
        )
        return said.stdout.strip()


class Host(rig.Daemon):
    """A host of the fleet."""

    def __init__(self, at, api, url):
        super().__init__(at, api, ACCOUNTS)
        config = self.at / "config.yaml"
        config.write_text(f"store: {url}\n" + config.read_text())

    def is_active(self):
        said = self.say("fleet", "status", "--json")
        daemons = json.loads(said.stdout) if said.returncode == 0 else []
        pid = f"(pid {self.child.pid})" if self.child else "no"
        return any(one["active"] and pid in one["name"] for one in daemons)


class Pair:
    """Two hosts, the first of them active, and what they send to."""

    def __init__(self, work, name, cluster, *faults):
        self.cluster, self.name = cluster, name
        self.api = rig.sandbox(*faults)
        url = cluster.database(name)
        self.one, self.other = (Host(work / f"{name}-{n}", self.api, url) for n in (1, 2))
        self.ids = []
        self.one.start()
        rig.until("the first host is active", self.one.is_active, 120, 0.3)
        self.other.start()
        rig.until("the second stands by", lambda: "stands by" in self.other.log(), 120, 0.1)

    def plan(self, in_s):
        """Drops one job for each account, all due at one instant, and returns that."""
        at = int(time.time() + in_s)
        number = len(self.ids)
        ids = [f"job-{number}-{account}" for account in ACCOUNTS]
        parts = [rig.job(id, account, rig.utc(at)) for id, account in zip(ids, ACCOUNTS)]
        active = self.one if self.one.is_active() else self.other
        active.drop(f"jobs-{number}.yaml", rig.jobs(*parts))
        self.ids += ids
        rig.until("the jobs are taken", lambda: set(ids) <= set(active.jobs()), 60, 0.3)
        return at

    def all_sent(self, host):
        jobs = host.jobs()
        return all(jobs.get(id) == "sent" for id in self.ids)

    def judge(self, host, patience_s=300):
        """Waits until every job is known as sent, and compares that with the sandbox."""
        try:
            rig.until("every job is sent", lambda: self.all_sent(host), patience_s, 1)
        except SystemExit:
            return f"not every job was sent: {host.jobs()}"
        accepted = [one["appid"] for one in rig.get(self.api + "/sandbox/accepted")]
        if len(accepted) != len(self.ids):
            return f"{len(accepted)} broadcasts of {len(self.ids)} jobs"
        return None

    def end(self):
        for host in (self.one, self.other):
            host.kill()


def wait_until(at):
    time.sleep(max(0, at - time.time()))


def killed(pair):
    """kill -9 of the active host between intent and answer; the other takes over in 25 s."""
    due = pair.plan(8)
    wait_until(due + 0.08)
    pair.one.kill()
    since = time.monotonic()
    rig.until("the second host is active", pair.other.is_active, 60, 0.2)
    took = time.monotonic() - since
    wrong = pair.judge(pair.other)
    return wrong or (None if took < 25 else f"the take-over took {took:.1f} s"), f"take-over {took:.1f} s"


def stopped(pair):
    """SIGTERM of the active host; the other takes over in 2 s."""
    due = pair.plan(14)
    since = time.monotonic()
    code = pair.one.stop()
    ended = time.monotonic()
    rig.until("the second host is active", pair.other.is_active, 60, 0.1)
    took = time.monotonic() - ended
    wait_until(due)
    wrong = pair.judge(pair.other)
    if code != 0:
        wrong = f"it ended with {code}"
    return wrong or (None if took < 3 else f"the take-over took {took:.1f} s"), (
        f"ended in {ended - since:.1f} s, take-over {took:.1f} s"
    )


def paused(pair):
    """SIGSTOP of the active host for 30 s around the due time, then SIGCONT: it ends, and sends nothing."""
    due = pair.plan(8)
    wait_until(due - 0.5)
    os.kill(pair.one.child.pid, signal.SIGSTOP)
    time.sleep(30)
    os.kill(pair.one.child.pid, signal.SIGCONT)
    rig.until("the paused host ends", lambda: pair.one.child.poll() is not None, 60, 0.1)
    code = pair.one.child.returncode
    wrong = pair.judge(pair.other)
    if code != 4:
        wrong = f"the paused host ended with {code}"
    return wrong, f"the paused host ended with {code}"


def outage(pair):
    """PostgreSQL is killed before the due time and started after it: nothing leaves meanwhile."""
    due = pair.plan(8)
    wait_until(due - 2)
    pair.cluster.stop()
    wait_until(due + 4)
    meanwhile = len(rig.get(pair.api + "/sandbox/accepted"))
    pair.cluster.start()
    host = pair.one if pair.one.child.poll() is None else pair.other
    wrong = pair.judge(host)
    if meanwhile:
        wrong = f"{meanwhile} broadcasts left without PostgreSQL"
    return wrong, "nothing left meanwhile"


def crashed_in_sending(pair):
    """PostgreSQL is killed while answers come, and started again; daemons are restarted as by systemd."""
    due = pair.plan(8)
    wait_until(due + 0.05)
    pair.cluster.stop()
    time.sleep(3)
    pair.cluster.start()
    for host in (pair.one, pair.other):
        if host.child.poll() is not None:
            host.start()
    active = lambda: next((one for one in (pair.one, pair.other) if one.is_active()), None)
    return pair.judge(rig.until("a host is active", active, 120, 0.5)), ""


def commands(pair):
    """Hold, cancel and resume given on the host that stands by bind the active one at once."""
    due = pair.plan(8)
    held = pair.other.say("hold", ACCOUNTS[0], "--why", "not now")
    cancelled = pair.other.say("cancel", pair.ids[1], "--why", "not at all")
    wait_until(due + 3)
    accepted = [one["appid"] for one in rig.get(pair.api + "/sandbox/accepted")]
    wrong = None
    if held.returncode or cancelled.returncode:
        wrong = held.stderr + cancelled.stderr
    elif {f"wx{ACCOUNTS[0]}", f"wx{ACCOUNTS[1]}"} & set(accepted):
        wrong = f"held or cancelled, and sent: {accepted}"
    resumed = pair.other.say("resume", ACCOUNTS[0])
    if resumed.returncode:
        wrong = wrong or resumed.stderr
    pair.ids.remove(pair.ids[1])
    return wrong or pair.judge(pair.other), "hold, cancel, resume"


SCENARIOS = [stopped, commands, killed, paused, outage, crashed_in_sending]


def main():
    asked = sys.argv[1:]
    work = rig.directory()
    cluster = Cluster(work / "postgres")
    failed = False
    try:
        for scenario in SCENARIOS:
            if asked and scenario.__name__ not in asked:
                continue
            pair = Pair(work, scenario.__name__, cluster)
            try:
                wrong, told = scenario(pair)
            except SystemExit as error:
                wrong, told = str(error), ""
            pair.end()
            failed |= wrong is not None
            print(f"{scenario.__name__}: {'DOES NOT HOLD: ' + wrong if wrong else 'holds: ' + told}", flush=True)
            if wrong:
                for host in (pair.one, pair.other):
                    print(host.log()[-2000:], file=sys.stderr)
    finally:
        cluster.stop()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
