#!/usr/bin/env python3
"""A platform that does little more than count: what it took, under which clientmsgid, and when.

It shares nothing with the daemon and nothing with the sandbox. It has no quotas, so that a daemon
may ask it thousands of times an hour. A clientmsgid is good for one broadcast; a repeat within 60 s
is "too fast" (45066), a later one is told the msg_id (45065).

  counter.py [--lose N] [--delay MS]     prints its address

--lose: the answers to the first N requests for an id are lost. --delay: a send is answered up to so
much later.

GET /count      {"sends": requests, "taken": {text: [msg_id …]}, "ids": {text: [id …]}}
GET /arrivals   {text: [seconds of each request]}
GET /arrived/T  how many requests came with this text
POST /reset     forgets what was counted
"""
import argparse
import asyncio
import email.utils
import json
import random
import time
import urllib.parse


class Platform:
    def __init__(self, lose, delay_ms):
        self.lose = lose
        self.delay_ms = delay_ms
        self.by_id = {}
        self.reset()
        self.next_msg_id = 1000

    def reset(self):
        self.sends = 0
        self.too_soon = 0
        self.taken = {}
        self.ids = {}
        self.arrivals = {}

    def answer(self, path, body):
        if path == "/count":
            keys = ("sends", "too_soon", "taken", "ids")
            return {key: getattr(self, key) for key in keys}
        if path == "/arrivals":
            return self.arrivals
        if path.startswith("/arrived/"):
            return len(self.arrivals.get(path.removeprefix("/arrived/"), []))
        if path == "/reset":
            self.reset()
            return {}
        if path.endswith("/stable_token"):
            return {"access_token": "T" * 64, "expires_in": 7200}
        if path.endswith("/tags/get"):
            return {"tags": [{"id": 2, "name": "readers", "count": 0}]}
        if path.endswith(("/user/get", "/tag/get")):
            return {"total": 0, "count": 0, "next_openid": ""}
        if path.endswith("/mass/get"):
            return {"msg_id": json.loads(body)["msg_id"], "msg_status": "SEND_SUCCESS"}
        if path.endswith(("/sendall", "/mass/send")):
            return self.send(json.loads(body))
        return {"errcode": 0, "errmsg": "ok"}

    def send(self, asked):
        now = time.time()
        text = asked["text"]["content"]
        key = asked["clientmsgid"]
        self.sends += 1
        self.arrivals.setdefault(text, []).append(now)
        known = self.by_id.get(key)
        if known is None:
            self.next_msg_id += 1
            known = self.by_id[key] = {"msg_id": self.next_msg_id, "asked": 0, "at": None}
            self.taken.setdefault(text, []).append(self.next_msg_id)
            self.ids.setdefault(text, []).append(key)
            code = 0
        else:
            soon = now - known["at"] < 60
            self.too_soon += soon
            code = 45066 if soon else 45065
        known["at"] = now
        known["asked"] += 1
        if known["asked"] <= self.lose:
            return None
        answer = {"errcode": code, "errmsg": "said by the counter"}
        if code != 45066:
            answer |= {"msg_id": known["msg_id"], "msg_data_id": known["msg_id"]}
        return answer


async def serve(platform, reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *fields = head.split("\r\n")
            length = 0
            for field in fields:
                name, _, value = field.partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            body = await reader.readexactly(length)
            path = urllib.parse.urlsplit(line.split(" ")[1]).path
            answer = platform.answer(path, body)
            if platform.delay_ms and path.endswith("/sendall"):
                await asyncio.sleep(random.uniform(0, platform.delay_ms / 1000))
            if answer is None:
                break
            said = json.dumps(answer).encode()
            date = email.utils.formatdate(time.time(), usegmt=True)
            writer.write(
                f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(said)}\r\n\r\n".encode() + said
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lose", type=int, default=0)
    parser.add_argument("--delay", type=int, default=0)
    asked = parser.parse_args()
    platform = Platform(asked.lose, asked.delay)
    server = await asyncio.start_server(
        lambda reader, writer: serve(platform, reader, writer), "127.0.0.1", 0, backlog=1000
    )
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


asyncio.run(main())
