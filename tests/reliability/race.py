#!/usr/bin/env python3
"""`cancel`, `hold` and an edited file, racing with the second in which a send is armed.

Each try says its word at a random moment around a job's time. Claims: a cancel that succeeded means
that nothing went, one that was refused that exactly one did; an edit that was taken means one
broadcast with the new words and none with the old, one that was refused the reverse; a hold that
has returned before the time keeps the request back until `resume`, and then exactly one goes. How
long after a later hold a request that was under way still arrives is measured.

  race.py [small|full|TRIES]
"""
import collections
import concurrent.futures
import math
import random
import threading
import time

import rig

ACCOUNTS = [f"a{n}" for n in range(60)]
tries = rig.size(small=240, full=10_000)
rounds = math.ceil(tries / len(ACCOUNTS))
work = rig.directory()
rig.binary()
api = rig.counter()
daemon = rig.Daemon(work / "daemon", api, ACCOUNTS)
daemon.start()
rig.until("the daemon owns its state", lambda: daemon.say("status", "--json").returncode == 0)
held, lock = {}, threading.Lock()
outcome = {}
took_s, late_rounds = 0, 0


def attempt(id, account, kind, moment):
    edited = rig.jobs(rig.job(id, account, at, "new-" + id))
    time.sleep(max(0, moment - time.time()))
    if kind == "edit":
        daemon.drop(f"edit-{id}.yaml", edited)
        return
    said = daemon.say(kind, id if kind == "cancel" else account, "--why", "a race")
    returned = time.time()
    with lock:
        outcome[id] = said.returncode
        if kind == "hold":
            held[account] = (id, returned)


kinds, late_s, early, wrong = {}, [], 0, []
left = tries
with concurrent.futures.ThreadPoolExecutor(12) as pool:
    for number in range(rounds):
        # Far enough for the file to be taken before its second is armed, by the last one's word.
        dropped = time.time()
        due = math.ceil(dropped + 3 + 2 * took_s)
        at = rig.utc(due)
        ids = [(f"r{number}{name}", name) for name in ACCOUNTS[: min(left, len(ACCOUNTS))]]
        left -= len(ids)
        daemon.drop(f"round{number}.yaml", rig.jobs(*(rig.job(id, name, at) for id, name in ids)))
        # An edit that overtakes what it edits has it refused.
        accepted = daemon.at / f"inbox/accepted/round{number}.yaml"
        rig.until(f"{accepted.name} is taken", accepted.exists)
        took_s = time.time() - dropped
        late_rounds += time.time() > due - 1.8
        held.clear()
        plan = sorted((due + random.uniform(-1.8, 0.15), *one) for one in ids)
        running = []
        for moment, id, name in plan:
            kinds[id] = random.choice(("cancel", "hold", "edit"))
            running.append(pool.submit(attempt, id, name, kinds[id], moment))
        for one in running:
            one.result()
        time.sleep(max(0, due + 1.5 - time.time()))
        arrivals = rig.get(api + "/arrivals")
        for account, (id, returned) in held.items():
            came = arrivals.get(id, [])
            late_s += [moment - returned for moment in came if moment > returned]
            early += returned < due
            if returned < due and came:
                wrong.append(f"{id} went although it was held {due - returned:.3f} s before its time")
        if held:
            for account in held:
                resume = lambda: daemon.say("resume", account, "--why", "the round is over").returncode == 0
                rig.until(f"{account} is resumed", resume)

quiet = ("accepted", "sent", "cancelled")
try:
    rig.until("all jobs end", lambda: all(s in quiet for s in daemon.jobs().values()), 300, 2)
except SystemExit:
    wrong += [f"{id} is {state}" for id, state in daemon.jobs().items() if state not in quiet]
counted = rig.get(api + "/count")
taken = {text: len(ids) for text, ids in counted["taken"].items()}
tally = collections.Counter()
for id, kind in kinds.items():
    old, new = taken.get(id, 0), taken.get("new-" + id, 0)
    if kind == "cancel":
        won = outcome[id] == 0
        expected = (0, 0) if won else (1, 0)
    elif kind == "edit":
        won = (daemon.at / f"inbox/accepted/edit-{id}.yaml").exists()
        refused = (daemon.at / f"inbox/rejected/edit-{id}.yaml").exists()
        if won == refused:
            wrong.append(f"the edit of {id} has no answer")
        expected = (0, 1) if won else (1, 0)
    else:
        won = outcome[id] == 0
        expected = (1, 0)
    tally[f"{kind} {'done' if won else 'refused'}"] += 1
    if (old, new) != expected:
        wrong.append(f"{kind} of {id}, {'done' if won else 'refused'}: {old} old and {new} new went")
latest = max(late_s, default=0)
for line in wrong[:20]:
    print(line, file=rig.sys.stderr)
ends = ", ".join(f"{count} {name}" for name, count in sorted(tally.items()))
rig.result(
    not wrong,
    f"{len(kinds)} tries, {late_rounds} of {rounds} rounds taken too late for all of them: {len(wrong)} wrong; "
    f"{ends}; {early} holds returned before the time; "
    f"after later ones {len(late_s)} requests still arrived, within {latest * 1000:.0f} ms",
)
