#!/usr/bin/env python3
"""The machine's clock steps back and forth while a send is in doubt and asked again (libfaketime).

Each life has a daemon with a clock of its own, which a file steps by half a minute to two hours every
few seconds, in both directions; the platform's clock goes on. The answers to the first two requests
are lost. After some minutes the clock is right and stays so. Claims: one broadcast each, no request
sooner than 60 s after the one before on the platform's clock, and each job ends as accepted or sent.

  clocks.py [small|full|LIVES]
"""
import concurrent.futures
import pathlib
import random
import time

import rig

STEPS_S = [-7_200, -3_600, -600, -61, -30, 30, 61, 600, 3_600, 7_200]
STEPPED_S = 240
lives = rig.size(small=6, full=60)
if not pathlib.Path(rig.FAKETIME).exists():
    rig.cannot(f"there is no {rig.FAKETIME} (faketime)")
work = rig.directory()
rig.binary()
api = rig.counter("--lose", "2")


def life(number):
    """Returns how often its clock was stepped, and what is wrong."""
    daemon = rig.Daemon(work / f"life{number}", api, prefix=f"wx{number}x")
    file = daemon.at / "clock"
    file.write_text("+0s")
    id = f"spring{number}"
    daemon.drop("spring.yaml", rig.jobs(rig.job(id)))
    daemon.start(
        env={
            "LD_PRELOAD": rig.FAKETIME,
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    )
    begun, steps = time.monotonic(), 0
    while time.monotonic() - begun < STEPPED_S:
        time.sleep(random.uniform(1, 15))
        step = random.choice(STEPS_S) if random.random() < 0.6 else 0
        (daemon.at / "clock.new").write_text(f"{step:+d}s")
        (daemon.at / "clock.new").rename(file)
        steps += 1
    (daemon.at / "clock.new").write_text("+0s")
    (daemon.at / "clock.new").rename(file)
    begun, state = time.monotonic(), None
    while time.monotonic() - begun < 1_800 and state not in ("accepted", "sent"):
        time.sleep(5)
        state = daemon.jobs().get(id)
    took_s = time.monotonic() - begun
    wrong = None if state in ("accepted", "sent") else f"{id} is {state}: {daemon.log()[-800:]}"
    if daemon.child.poll() is not None:
        wrong = f"{id}: the daemon ended with {daemon.child.poll()}"
    daemon.kill()
    return steps, took_s, wrong


with concurrent.futures.ThreadPoolExecutor(lives) as pool:
    done = list(pool.map(life, range(lives)))
arrivals = rig.get(api + "/arrivals")
counted = rig.get(api + "/count")
gaps = [b - a for moments in arrivals.values() for a, b in zip(moments, moments[1:])]
wrong = [wrong for _, _, wrong in done if wrong]
ids = [f"spring{n}" for n in range(lives)]
twice = sum(len(counted["taken"].get(id, [])) > 1 for id in ids)
lost = sum(not counted["taken"].get(id) for id in ids)
for line in wrong[:20]:
    print(line, file=rig.sys.stderr)
rig.result(
    not (twice or lost or wrong or counted["too_soon"]),
    f"{lives} lives, {sum(steps for steps, _, _ in done)} steps of the clock: {twice} twice, {lost} "
    f"lost, {len(wrong)} not ended, {counted['too_soon']} asked again within 60 s (the shortest gap "
    f"was {min(gaps, default=0):.0f} s); at most {max(s for _, s, _ in done) / 60:.0f} min after the last step",
)
