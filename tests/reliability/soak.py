#!/usr/bin/env python3
"""A day of sends on a clock that runs sixty times as fast (libfaketime): what grows?

Daemon, platform and this script live under the same faked clock. 100 accounts send at even
distances, over 24 fake hours (one, for a small run). Claims: each job was sent once; after the first
tenth of the time, which is for taking the files, memory grows by less than 32 MiB and open
descriptors by fewer than 32; the WAL stays under 64 MiB.

  soak.py [small|full|SENDS]
"""
import os
import shutil
import sys
import time

import rig

SPEED = 60
ACCOUNTS = [f"a{n}" for n in range(100)]
sends = rig.size(small=1_000, full=100_000)
hours = max(1, round(24 * sends / 100_000))

if "FAKETIME_SHARED" not in os.environ:
    if not shutil.which("faketime"):
        rig.cannot("faketime is not installed")
    rig.binary()
    # Nine in the morning in Beijing, so that a whole day has its midnight.
    clock = f"@{time.strftime('%Y-%m-%d')} 01:00:00 x{SPEED}"
    os.environ["TZ"] = "UTC"
    os.execvp("faketime", ["faketime", "-f", clock, sys.executable, *sys.argv])

work = rig.directory()
rig.binary()
api = rig.counter()
daemon = rig.Daemon(work / "daemon", api, ACCOUNTS)
daemon.start(env={"QUNFA_LOG": "warn"})
begun = time.time()
first = begun + 1_200
span_s = hours * 3_600
each = sends // len(ACCOUNTS)
ids = []
for part in range(0, each, 50):
    parts = []
    for n in range(part, min(part + 50, each)):
        for number, account in enumerate(ACCOUNTS):
            id = f"{account}n{n}"
            due = first + (n + number / len(ACCOUNTS)) * span_s / each
            parts.append(rig.job(id, account, rig.utc(due)))
            ids.append(id)
    daemon.drop(f"part{part:06}.yaml", rig.jobs(*parts))

samples = []
wal = daemon.at / "state/qunfa.db-wal"
while time.time() < first + span_s + 1_800:
    time.sleep(600)
    if daemon.child.poll() is not None:
        rig.result(False, f"the daemon ended with {daemon.child.poll()}: {daemon.log()[-500:]}")
    samples.append((
        (time.time() - first) / span_s,
        daemon.resident_kib() / 1024,
        daemon.descriptors(),
        wal.stat().st_size / 2**20 if wal.exists() else 0,
    ))
deadline = time.time() + 12 * 3_600
while time.time() < deadline:
    states = daemon.jobs()
    if len(states) == len(ids) and set(states.values()) == {"sent"}:
        break
    time.sleep(1_200)
tally = {state: list(states.values()).count(state) for state in set(states.values())}
counted = rig.get(api + "/count")
twice = sum(len(counted["taken"].get(id, [])) > 1 for id in ids)
lost = sum(not counted["taken"].get(id) for id in ids)
early = [one for one in samples if one[0] < 0.1]
late = [one for one in samples if one[0] >= 0.1]
at = lambda which, part: max((one[which] for one in part), default=0)
database = (daemon.at / "state/qunfa.db").stat().st_size / 2**20
held = (
    not twice and not lost and set(tally) == {"sent"} and not counted["too_soon"]
    and at(1, late) < at(1, late[:1]) + 32 and at(2, late) < at(2, late[:1]) + 32
    and at(3, samples) < 64
)
rig.result(
    held,
    f"{len(ids)} sends of {len(ACCOUNTS)} accounts over {hours} fake hours: {twice} twice, {lost} lost "
    f"(states: {tally}; {counted['sends'] - len(ids)} asked again); "
    f"memory {at(1, early):.0f} MiB while files were taken, then {late[0][1]:.0f} MiB and at most "
    f"{at(1, late):.0f}, {late[-1][1]:.0f} at the end; descriptors {late[0][2]}, at most "
    f"{at(2, late)}, {late[-1][2]} at the end; WAL at most {at(3, samples):.1f} MiB; "
    f"database {database:.0f} MiB",
)
