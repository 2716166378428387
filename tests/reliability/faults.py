#!/usr/bin/env python3
"""ENOSPC, EIO and EROFS at every file operation of a send, in the state directory and the inbox.

A first run without a fault counts the operations from the start to the stored result. Then each of
them fails once, in a life of its own, and in others it and all that follow fail. After that the
daemon is started without faults. Claims: each life has exactly one broadcast, its job ends as
`sent` (or its file is refused with an answer beside it), and a daemon that the fault ended, ended
with 4, or with 3 where it could not be started.

  faults.py [small|full|LIVES]
"""
import collections
import concurrent.futures
import errno
import sys
import threading
import time

import rig

KINDS = [
    (errno.ENOSPC, "once"), (errno.EIO, "once"), (errno.ENOSPC, "always"),
    (errno.EIO, "always"), (errno.EROFS, "always"),
]
ENDED = ("sent", "failed", "partial", "missed", "expired", "cancelled", "uncertain")
made_lock = threading.Lock()


def life(number, target, error, mode):
    """Returns (what the fault hit, the exit code or None, what is wrong or None, operations)."""
    port = rig.free_port()
    daemon = rig.Daemon(
        work / f"life{number}", api, listen=port, prefix=f"wx{number}x",
        lines="    callback: { token_file: token }\n",
    )
    appid = f"wx{number}xclub"
    url = f"http://127.0.0.1:{port}/callback/club"
    rig.get(api + "/sandbox/callback", {"appid": appid, "url": url, "token": "token"})
    daemon.drop("spring.yaml", rig.jobs(rig.job("spring")))
    report = daemon.at / "report"
    daemon.start([tool, target, error, mode, report, f"{daemon.at}/", "--"])
    begun = time.monotonic()
    # Long enough for the result of a send; a job in doubt goes on after the next start.
    while daemon.child.poll() is None and time.monotonic() - begun < patience_s:
        time.sleep(0.7)
        if (daemon.at / "state/qunfa.db").exists() and daemon.jobs().get("spring") == "sent":
            break
    code = daemon.child.poll()
    if code is None:
        # The supervisor writes its report once the daemon has ended.
        children = open(f"/proc/{daemon.child.pid}/task/{daemon.child.pid}/children").read()
        rig.subprocess.run(["kill", "-KILL", *children.split()])
    daemon.child.wait()
    daemon.kill()
    made, hit = report.read_text().split()

    daemon.start()
    begun, state, wrong = time.monotonic(), None, None
    while state not in ENDED and time.monotonic() - begun < 400:
        time.sleep(1)
        if daemon.child.poll() is not None:
            wrong = f"the start without faults ended with {daemon.child.poll()}"
            break
        state = daemon.jobs().get("spring")
        if state is None and (daemon.at / "inbox/rejected/spring.yaml.error.txt").exists():
            state = "refused"
            break
    daemon.kill()
    sent = sum(1 for one in rig.get(api + "/sandbox/accepted") if one["appid"] == appid)
    if not wrong and (state, sent) not in (("sent", 1), ("refused", 0)):
        wrong = f"it became {state} with {sent} broadcasts"
    if not wrong and state == "sent" and (daemon.at / "inbox/spring.yaml").exists():
        wrong = "its file still lies in the inbox"
    if not wrong and code not in (None, 3, 4):
        wrong = f"it ended with {code}"
    if wrong:
        wrong += f" ({daemon.log()[-1500:]})"
    else:
        rig.shutil.rmtree(daemon.at)
    return hit, code, wrong, int(made), state


work = rig.directory()
tool = work / "faults"
rig.subprocess.run(["cc", "-O2", "-o", tool, rig.HERE / "faults.c"], check=True)
rig.binary()
api = rig.sandbox()
patience_s = 20
_, _, wrong, operations, _ = life(0, 0, 0, "once")
if wrong:
    rig.result(False, f"without a fault {wrong}")
# What a machine does in another order may come a little later.
plan = [(n, *kind) for n in range(1, operations + 6) for kind in KINDS]
wanted = rig.size(small=40, full=len(plan))
plan = plan[:: max(1, -(-len(plan) // wanted))]
patience_s = 12

tally, wrongs, hits = collections.Counter(), [], collections.Counter()
with concurrent.futures.ThreadPoolExecutor(24) as pool:
    lives = {pool.submit(life, n + 1, *one): one for n, one in enumerate(plan)}
    for done in concurrent.futures.as_completed(lives):
        target, error, mode = lives[done]
        hit, code, wrong, _, state = done.result()
        hits[hit] += 1
        tally["went on" if code is None else f"exit {code}"] += 1
        tally["refused with an answer"] += state == "refused"
        if wrong:
            wrongs.append(wrong)
            name = errno.errorcode[error]
            print(f"operation {target} ({hit}), {name} {mode}: {wrong}", file=sys.stderr, flush=True)
ends = ", ".join(f"{count} {name}" for name, count in sorted(tally.items()) if count)
ops = ", ".join(f"{name} {count}" for name, count in hits.most_common())
rig.result(
    not wrongs,
    f"{len(plan)} lives over {operations} operations ({ops}): {len(wrongs)} wrong; {ends}",
)
