#!/usr/bin/env python3
"""Two daemons: on one state directory, on two copies of it, and where locks do not lock.

Claims: of daemons on one directory all but one end with 3 and name the one that runs, also when they
start at the same instant; two directories with the same account and job make one broadcast of it,
because both ask with the same clientmsgid, and both know it as sent; on a file system that grants
every lock (flock that always succeeds) two daemons on one directory still send nothing twice.

  two.py [small|full|ROUNDS]
"""
import random
import time

import rig

rounds = rig.size(small=3, full=50)
work = rig.directory()
rig.binary()
wrong, refused = [], 0


def ended(*daemons):
    states = [state for daemon in daemons for state in daemon.jobs().values()]
    return states and all(state == "sent" for state in states)


api = rig.counter("--delay", "30")
shared = rig.Daemon(work / "shared", api)
for n in range(rounds):
    rivals = [rig.Daemon(work / "shared", api) for _ in range(3)]
    for rival in rivals:
        rival.start()
    rig.until(
        "one of three is left",
        lambda: sum(rival.child.poll() is None for rival in rivals) <= 1, 60,
    )
    codes = sorted(str(rival.child.poll()) for rival in rivals)
    [left] = [rival for rival in rivals if rival.child.poll() is None] or [None]
    if codes != ["3", "3", "None"]:
        wrong.append(f"of three that start at once: {codes}")
    elif left:
        said = left.say("run")
        if said.returncode != 3 or str(left.child.pid) not in said.stderr:
            wrong.append(f"a later one ended with {said.returncode}: {said.stderr[-300:]}")
        refused += 3
    for rival in rivals:
        rival.kill()

api = rig.sandbox()
names = [f"a{n}" for n in range(rounds)]
copies = [rig.Daemon(work / name, api, names) for name in ("one", "other")]
for daemon in copies:
    daemon.start()
at = rig.utc(time.time() + 6)
for name in names:
    text = rig.jobs(rig.job(f"job-{name}", name, at))
    for daemon in copies:
        daemon.drop(f"{name}.yaml", text)
try:
    rig.until("both copies know every job as sent", lambda: ended(*copies), 900, 3)
except SystemExit as error:
    wrong.append(f"{error}: {[daemon.jobs() for daemon in copies]}")
taken = [one["appid"] for one in rig.get(api + "/sandbox/accepted")]
asked = [one for one in rig.get(api + "/sandbox/requests") if one["path"].endswith("/sendall")]
repeats = len(asked) - len(taken)
copied_twice = len(taken) - len(set(taken))
if sorted(taken) != sorted("wx" + name for name in names):
    wrong.append(f"the copies made {len(taken)} broadcasts of {len(names)} jobs")
for daemon in copies:
    daemon.kill()

source, library = work / "nolock.c", work / "nolock.so"
source.write_text("int flock(int fd, int operation) { (void)fd; (void)operation; return 0; }\n")
rig.subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
api = rig.counter("--delay", "30")
pair = [rig.Daemon(work / "unlocked", api, names) for _ in range(2)]
for daemon in pair:
    daemon.start(env={"LD_PRELOAD": str(library)})
ids = []
for n, name in enumerate(names):
    ids.append(f"unlocked-{name}")
    at = rig.utc(time.time() + random.randrange(2, 12))
    pair[0].drop(f"{name}.yaml", rig.jobs(rig.job(ids[-1], name, at)))
ends = time.monotonic() + 400
while time.monotonic() < ends and not (len(pair[0].jobs()) == len(ids) and ended(pair[0])):
    time.sleep(3)
codes = [daemon.child.poll() for daemon in pair]
for daemon in pair:
    daemon.kill()
# What is left when both have ended is for one that runs alone.
pair[0].start()
try:
    known = lambda: len(pair[0].jobs()) == len(ids) and ended(pair[0])
    rig.until("the daemon that is left knows every job as sent", known, 600, 3)
except SystemExit as error:
    wrong.append(f"{error}: {pair[0].jobs()}: {pair[0].log()[-1500:]}")
counted = rig.get(api + "/count")
twice = sum(len(counted["taken"].get(id, [])) > 1 for id in ids)
lost = sum(not counted["taken"].get(id) for id in ids)
if twice or lost:
    wrong.append(f"without locks {twice} were sent twice and {lost} not at all")
for line in wrong[:20]:
    print(line, file=rig.sys.stderr)
rig.result(
    not wrong,
    f"{refused} of {refused + rounds} on one directory ended with 3; {len(names)} jobs on two copies: "
    f"{copied_twice} twice, {repeats} repeats answered with 45065 or 45066; {len(ids)} jobs under two "
    f"daemons without locks: {twice} twice, {lost} lost (they ended with {codes})",
)
