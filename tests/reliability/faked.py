#!/usr/bin/env python3
"""Commands that wait for the daemon come back where the clock is faked (libfaketime).

Under libfaketime a timed wait of std's (`park_timeout`, `recv_timeout`, a `Condvar`) never returns, at
any speed of the clock; only what waits with epoll does. `speed`, `preview`, `delete`,
`followers --refresh` and `submit` are run so, at the normal speed and ten times as fast, against a
daemon and a sandbox with the true clock. Claim: each answers within 60 s, and with 0.

  faked.py [small|full|ROUNDS]
"""
import pathlib
import subprocess
import time

import rig

SPEEDS = ["+0", "+0 x10"]
LONGEST_S = 60
rounds = rig.size(small=1, full=10)
if not pathlib.Path(rig.FAKETIME).exists():
    raise SystemExit(f"there is no {rig.FAKETIME}: install faketime")
work = rig.directory()
daemon = rig.Daemon(work / "life", rig.sandbox(), prefix="wx0000")
daemon.start()
daemon.drop(
    "news.yaml",
    "jobs:\n"
    "  - { id: news, account: club, broadcast: { filter: { tag_id: 2 }, mpnews: { media_id: news } } }\n",
)
begun = time.monotonic()
while time.monotonic() - begun < 60 and daemon.jobs().get("news") != "sent":
    time.sleep(1)
to_submit = work / "later.yaml"
wrong, ran = [], 0


def say(clock, *arguments):
    global ran
    ran += 1
    env = {"LD_PRELOAD": rig.FAKETIME, "FAKETIME": clock}
    command = " ".join(arguments)
    try:
        done = subprocess.run(
            [rig.binary(), *arguments],
            env=daemon.env | env,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        wrong.append(f"`{command}` at {clock} did not come back in {LONGEST_S} s")
        return
    if done.returncode:
        wrong.append(f"`{command}` at {clock} ended with {done.returncode}: {done.stdout}{done.stderr}")


for number in range(rounds):
    for clock in SPEEDS:
        say(clock, "speed", "club")
        say(clock, "speed", "club", "3")
        say(clock, "preview", "news", "--to", "wxname:editor")
        say(clock, "followers", "club", "--refresh")
        to_submit.write_text(rig.jobs(rig.job(f"later{ran}", at="2099-01-01 20:00")))
        say(clock, "submit", str(to_submit))
        say(clock, "status")
say("+0", "delete", "news", "--force")
for line in wrong[:20]:
    print(line, file=rig.sys.stderr)
rig.result(not wrong, f"{ran} commands under a faked clock, {len(wrong)} did not come back in order")
