#!/usr/bin/env python3
"""True events beside 400 connections that are idle, have a slow head, or a slow body.

Whoever is dropped connects again. Meanwhile events are pushed to the daemon: true ones, one of them
twice and three in the reverse order of their sends, and ones of 10 MB. Claims: each true event is
answered with `success` in under 0.5 s (the platform gives up after 5), one of 10 MB is refused
before it was read, the daemon's memory grows by less than 32 MiB, and every job ends as `sent`.

  listener.py [small|full|EVENTS]
"""
import hashlib
import random
import selectors
import socket
import threading
import time

import rig

STRANGERS = 400
events = rig.size(small=40, full=1_000)
work = rig.directory()
rig.binary()
api = rig.sandbox()
port = rig.free_port()
daemon = rig.Daemon(
    work / "daemon", api, listen=port, lines="    callback: { token_file: token }\n"
)
daemon.start()
rig.until("it listens", rig.listening(port))


def target(nonce):
    stamp = str(int(time.time()))
    signature = hashlib.sha1("".join(sorted(("token", stamp, nonce))).encode()).hexdigest()
    return f"/callback/club?signature={signature}&timestamp={stamp}&nonce={nonce}"


def finished(msg_id):
    return (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>{msg_id}</MsgID>"
        "<Status><![CDATA[send success]]></Status><TotalCount>10</TotalCount>"
        "<FilterCount>10</FilterCount><SentCount>10</SentCount><ErrorCount>0</ErrorCount></xml>"
    )


def push(body, length=None):
    """Returns how long the answer took, and the answer."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 30) as stream:
        head = f"POST {target(str(random.getrandbits(40)))} HTTP/1.1\r\nHost: x\r\n"
        try:
            stream.sendall(f"{head}Content-Length: {length or len(body)}\r\n\r\n{body}".encode())
        except OSError:
            # Refused before everything was written.
            pass
        answer = b""
        try:
            while part := stream.recv(4096):
                answer += part
        except OSError:
            pass
    return time.monotonic() - begun, answer.decode()


class Strangers(threading.Thread):
    """Keeps them connected; each says a little every second or nothing."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ready, self.over, self.came = threading.Event(), False, 0
        self.looks = selectors.DefaultSelector()

    def connect(self, kind):
        stream = socket.create_connection(("127.0.0.1", port), 30)
        said = ("", "POST /callback/club HTTP/1.1\r\nHost: ", f"POST {target('1')} HTTP/1.1\r\n"
                "Host: x\r\nContent-Length: 9000\r\n\r\n")[kind]
        try:
            stream.sendall(said.encode())
        except OSError:
            pass
        stream.setblocking(False)
        self.looks.register(stream, selectors.EVENT_READ, kind)
        self.came += 1

    def run(self):
        for n in range(STRANGERS):
            self.connect(n % 3)
        self.ready.set()
        while not self.over:
            for key, _ in self.looks.select(0.5):
                self.looks.unregister(key.fileobj)
                key.fileobj.close()
                self.connect(key.data)
            for key in random.sample(list(self.looks.get_map().values()), STRANGERS // 8):
                if key.data:
                    try:
                        key.fileobj.send(b"x")
                    except OSError:
                        pass


rig.get(api + "/sandbox/fault", {"fault": "events=lost"})
for n in range(3):
    daemon.drop(f"job{n}.yaml", rig.jobs(rig.job(f"job{n}")))
rig.until("three sends", lambda: len(rig.get(api + "/sandbox/accepted")) == 3)
rig.until("they are known", lambda: set(daemon.jobs().values()) == {"accepted"})
sent = [one["msg_id"] for one in rig.get(api + "/sandbox/accepted")]
quiet, _ = push(finished(1))
strangers = Strangers()
strangers.start()
strangers.ready.wait()
before = daemon.resident_kib()
took, wrong, highest = [], [], before
true_ones = [*reversed(sent), sent[0]] + [10_000 + n for n in range(events - 4)]
for n, msg_id in enumerate(true_ones):
    seconds, answer = push(finished(msg_id))
    took.append(seconds)
    if not answer.endswith("success"):
        wrong.append(f"event {n} was answered {answer[:80]!r} after {seconds:.2f} s")
    if n % 10 == 0:
        _, answer = push("x" * 10_000_000)
        refused = answer.startswith("HTTP/1.1 4") or answer == ""
        if not refused:
            wrong.append(f"10 MB were answered {answer[:80]!r}")
    highest = max(highest, daemon.resident_kib())
    time.sleep(0.02)
strangers.over = True
strangers.join()
rig.until("every job is sent", lambda: set(daemon.jobs().values()) == {"sent"}, 120, 1)
twice = len(rig.get(api + "/sandbox/accepted")) != 3
grown = (highest - before) / 1024
p50, p99, last = rig.spread(took)
for line in wrong[:20]:
    print(line, file=rig.sys.stderr)
rig.result(
    not wrong and last < 0.5 and grown < 32 and not twice,
    f"{len(took)} true events beside {STRANGERS} strangers ({strangers.came} connections in all): "
    f"answered in p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, at most {last * 1000:.0f} ms "
    f"(without strangers {quiet * 1000:.0f} ms); {-(-len(took) // 10)} of 10 MB refused; memory {before / 1024:.0f} MiB, "
    f"at most {grown:.1f} MiB more; {len(wrong)} wrong",
)
