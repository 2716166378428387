#!/usr/bin/env python3
"""A file system that becomes read-only, as ext4 does after an error, or is so from the start.

Each life has state directory and inbox on file systems of its own (ext4 in a file, by a loop device,
in a mount namespace that ends with the script). One of five things happens in it:

  state, inbox, both   goes read-only at a random moment of a send (`mount -o remount,abort`)
  start, inbox start   is read-only when the daemon starts, with a job that is due

Then the file system is repaired and made writable, and a daemon is started. Claims: one broadcast
each, each job ends as accepted or sent and its file lies in accepted/; while its state is read-only
no daemon stays or starts (4, or 3 at a start) and none asks; one whose inbox alone is read-only goes
on, sends what is planned, and puts a file that it cannot move away under attention.

  readonly.py [small|full|LIVES]       as root
"""
import collections
import concurrent.futures
import os
import random
import subprocess
import sys
import time

import rig

KINDS = ["state", "inbox", "both", "start", "inbox start"]
DONE = ("accepted", "sent")
lives = rig.size(small=10, full=200)
if os.geteuid():
    rig.cannot("it must be run as root")
if "QUNFA_OWN_MOUNTS" not in os.environ:
    rig.binary()
    os.environ["QUNFA_OWN_MOUNTS"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stderr}")


class Disk:
    """A file system in a file, whose folders stand where the daemon looks for them."""

    def __init__(self, at, *folders):
        self.image, self.mounted, self.folders = at / f"{folders[0]}.img", at / f"{folders[0]}.disk", folders
        self.at = at
        self.mounted.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(24 << 20)
        run("mkfs.ext4", "-q", "-F", self.image)
        self.mount()

    def mount(self, options="rw"):
        run("mount", "-o", f"loop,{options}", self.image, self.mounted)
        for folder in self.folders:
            inner, outer = self.mounted / folder, self.at / folder
            if options == "rw":
                inner.mkdir(exist_ok=True, mode=0o700)
            outer.mkdir(exist_ok=True)
            run("mount", "--bind", inner, outer)

    def abort(self):
        run("mount", "-o", "remount,abort", self.mounted)

    def unmount(self):
        for folder in self.folders:
            run("umount", self.at / folder)
        run("umount", self.mounted)

    def repair(self):
        self.unmount()
        subprocess.run(["e2fsck", "-fy", self.image], capture_output=True)
        self.mount()


def life(number):
    """Returns what happened, how the daemon ended, and what is wrong."""
    kind, id = KINDS[number % len(KINDS)], f"spring{number}"
    at = work / f"life{number}"
    at.mkdir()
    layouts = {"both": [("state", "inbox")]}
    disks = [Disk(at, *folders) for folders in layouts.get(kind, [("state",), ("inbox",)])]
    hit = disks[1] if kind.startswith("inbox") else disks[0]
    daemon = rig.Daemon(at, api, prefix=f"wx{number}x")
    arrived = lambda: rig.get(f"{api}/arrived/{id}")
    code, wrong = None, []
    if kind.endswith("start"):
        daemon.start()
        rig.until("the daemon owns its state", lambda: daemon.say("status", "--json").returncode == 0)
        daemon.drop("spring.yaml", rig.jobs(rig.job(id, at=rig.utc(time.time() + 20))))
        rig.until(f"{id} is known", lambda: id in daemon.jobs())
        rig.until(f"{id} lies in accepted/", lambda: (at / "inbox/accepted/spring.yaml").exists())
        daemon.stop()
        if kind == "inbox start":
            (at / "inbox/late.yaml").write_text(rig.jobs(rig.job(f"late{number}")))
        hit.unmount()
        hit.mount("ro")
        daemon.start()
    else:
        daemon.drop("spring.yaml", rig.jobs(rig.job(id)))
        # A file that is not on disk yet may go with the machine, and nobody promised anything.
        run("sync", "-f", at / "inbox/spring.yaml")
        daemon.start()
        if random.random() < 0.5:
            rig.until(f"{id} is asked for", arrived, 300, 0.002)
            time.sleep(random.uniform(0, 0.4))
        else:
            time.sleep(random.uniform(0, 2.5))
        hit.abort()
    asked = arrived()
    if hit is disks[0]:
        # It writes at least once a minute that it is alive.
        try:
            rig.until("a daemon whose state is read-only ends", lambda: daemon.child.poll() is not None, 200)
        except SystemExit as error:
            wrong.append(str(error))
        code = daemon.child.poll()
        if code not in ((3, 4) if kind == "start" else (4, 3)):
            wrong.append(f"it ended with {code}")
        if kind == "start" and arrived() > asked:
            wrong.append("it asked although nothing could be stored")
    else:
        try:
            rig.until(f"{id} is sent beside it", lambda: daemon.jobs().get(id) in DONE, 300, 1)
            told = lambda: '"inbox"' in daemon.say("status", "--json").stdout
            # Only what lies there is tried, and fails.
            if list((at / "inbox").glob("*.yaml")):
                rig.until("the inbox is under attention", told, 120, 1)
        except SystemExit as error:
            # A file that was not taken yet cannot be.
            if daemon.child.poll() is not None or id in daemon.jobs():
                wrong.append(f"{error}; it ended with {daemon.child.poll()}")
        code = daemon.child.poll()
    daemon.kill()
    hit.repair()
    daemon.start()
    ids = [id] + ([f"late{number}"] if kind == "inbox start" else [])
    try:
        rig.until(f"{ids} end", lambda: all(daemon.jobs().get(one) in DONE for one in ids), 600, 1)
        files = [f"inbox/accepted/{name}.yaml" for name in ("spring", "late")[: len(ids)]]
        rig.until("its files are archived", lambda: all((at / file).exists() for file in files), 60, 0.5)
    except SystemExit as error:
        wrong.append(f"{error}: {daemon.jobs()}, ended with {daemon.child.poll()}")
    daemon.kill()
    if wrong:
        wrong.append(daemon.log()[-1500:])
    for disk in disks:
        disk.unmount()
    return kind, code, wrong, ids


work = rig.directory()
rig.binary()
api = rig.counter("--delay", "400")
with concurrent.futures.ThreadPoolExecutor(10) as pool:
    done = list(pool.map(life, range(lives)))
taken = rig.get(api + "/count")
ids = [id for *_, own in done for id in own]
twice = sum(len(taken["taken"].get(id, [])) > 1 for id in ids)
lost = sum(not taken["taken"].get(id) for id in ids)
wrong = [(kind, lines) for kind, _, lines, _ in done if lines]
for kind, lines in wrong[:10]:
    print(kind, *lines, sep="\n  ", file=sys.stderr)
ends = collections.Counter((kind, code) for kind, code, *_ in done)
told = ", ".join(
    f"{kind} {count} ({'went on' if code is None else f'ended with {code}'})"
    for (kind, code), count in sorted(ends.items(), key=str)
)
rig.result(
    not (twice or lost or wrong or taken["too_soon"]),
    f"{lives} lives: {twice} twice, {lost} lost, {len(wrong)} otherwise wrong; {told}",
)
