#!/usr/bin/env python3
"""SIGKILL at random moments between a job file's arrival and the stored result of its send.

Half of them come somewhere between the start and the request, half within 30 ms after the request.

Each kill has a job of its own; the next daemon takes over what the killed one left. Claims: when all
is over, each job had exactly one broadcast, and is known as sent.

  kill.py [small|full|KILLS]
"""
import concurrent.futures
import math
import random
import time

import rig

SIDES = 4
ACCOUNTS = [f"a{n}" for n in range(40)]
kills = rig.size(small=100, full=10_000)
work = rig.directory()
rig.binary()
api = rig.counter("--delay", 40)


def side(number):
    """One state directory, killed again and again; returns what is wrong, and its requests' span."""
    daemon = rig.Daemon(work / f"side{number}", api, ACCOUNTS, prefix=f"wx{number}x")
    own = math.ceil(kills / SIDES)
    ids = [f"s{number}k{n}" for n in range(own)]
    asked_s = 0.3
    for n, id in enumerate(ids):
        daemon.drop(f"{id}.yaml", rig.jobs(rig.job(id, ACCOUNTS[n % len(ACCOUNTS)])))
        began = time.monotonic()
        daemon.start()
        if n % 2:
            # Around the answer and its way into the database.
            look = lambda: rig.get(f"{api}/arrived/{id}")
            rig.until(f"{id} is asked for", look, 300, 0.001)
            asked_s = time.monotonic() - began
            time.sleep(random.uniform(0, 0.03))
        else:
            # Anywhere on the way there.
            time.sleep(random.uniform(0, 1.2 * asked_s))
        daemon.kill()
    daemon.start()
    ended = ("accepted", "sent")
    begun, wrong = time.monotonic(), []
    while time.monotonic() - begun < 900:
        time.sleep(3)
        states = daemon.jobs()
        if len(states) == len(ids) and all(state in ended for state in states.values()):
            break
    else:
        wrong = [f"{id} is {states.get(id)}" for id in ids if states.get(id) not in ended]
    daemon.kill()
    return ids, wrong


with concurrent.futures.ThreadPoolExecutor(SIDES) as pool:
    sides = list(pool.map(side, range(SIDES)))
counted = rig.get(api + "/count")
ids = [id for own, _ in sides for id in own]
wrong = [line for _, lines in sides for line in lines]
twice = sum(len(counted["taken"].get(id, [])) > 1 for id in ids)
lost = sum(not counted["taken"].get(id) for id in ids)
doubted = sum(len(moments) > 1 for moments in rig.get(api + "/arrivals").values())
for line in wrong[:20]:
    print(line, file=rig.sys.stderr)
rig.result(
    not (twice or lost or wrong or counted["too_soon"]),
    f"{len(ids)} kills: {twice} twice, {lost} lost, {len(wrong)} not ended, "
    f"{counted['too_soon']} asked again within 60 s; {doubted} jobs were asked for more than once",
)
