"""Drives the tools for agents with the Python SDK: every tool, what is refused, and an approval."""

import asyncio
import json
import os
import subprocess
import sys

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

QUNFA = os.environ["QUNFA"]
TOOLS = ["check", "render", "submit", "plan", "status", "show", "quota", "drafts"]
JOB = """\
jobs:
  - id: {id}
    account: brand-club
    approval: false
    broadcast: {{ filter: {{ tag_id: 2 }}, text: 你好 }}
...
"""


def qunfa(*arguments):
    done = subprocess.run([QUNFA, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def state(job):
    return json.loads(qunfa("show", job, "--json"))["state"]


async def until(what, holds):
    for _ in range(600):
        if holds():
            return
        await asyncio.sleep(0.2)
    sys.exit(f"in vain: {what}")


async def call(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, (tool, result)
    assert json.loads(result.content[1].text) == result.structured_content, tool
    return result.structured_content


async def refused(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert result.is_error, (tool, result)
    return result.structured_content["code"]


async def drive(client, job):
    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == TOOLS, tools
    assert all(tool.annotations.read_only_hint is (tool.name != "submit") for tool in tools)

    file = {"name": f"{job}.yaml", "content": JOB.format(id=job)}
    assert (await call(client, "check", **file))["ok"] is True
    assert (await call(client, "render", **file))["ok"] is True
    submitted = (await call(client, "submit", **file))["submitted"][0]
    await until("the file is taken", lambda: job in qunfa("jobs"))
    assert submitted["state"] in ("taken", "waiting"), submitted
    shown = await call(client, "show", id=job)
    assert shown["state"] == "held", shown
    assert shown["submitted_by"].startswith("agent:"), shown
    status = await call(client, "status")
    assert any(one["id"] == job for one in status["to_approve"]), status
    assert "rules" in json.dumps(await call(client, "quota", account="brand-club"))
    await call(client, "plan", days=2)
    assert (await call(client, "drafts", account="brand-club"))["account"] == "brand-club"

    wrong = {"name": "a.yaml", "content": "jobs: []\n...\n"}
    assert (await call(client, "check", **wrong))["ok"] is False
    assert await refused(client, "submit", **wrong) == "invalid-file"
    assert await refused(client, "show", id="nobody") == "no-job"
    assert await refused(client, "show", id=job, approve=True) == "parameter"
    for tool in ("approve", "cancel", "retry", "resume"):
        try:
            await client.call_tool(tool, {"id": job})
        except Exception as error:
            assert "no such tool" in str(error), error
        else:
            sys.exit(f"there is a tool {tool}")

    assert state(job) == "held"
    qunfa("approve", job)
    await until("it is sent", lambda: state(job) not in ("planned", "releasing", "accepted"))
    print(f"{job}: {state(job)}")
    assert state(job) == "sent"


async def main():
    environment = {name: os.environ[name] for name in ("QUNFA_CONFIG", "SECRET")}
    here = StdioServerParameters(command=QUNFA, args=["mcp"], env=environment)
    headers = {"Authorization": f"Bearer {os.environ['QUNFA_TOKEN']}"}
    await until("the daemon runs", lambda: "The daemon runs" in qunfa("status"))
    qunfa("quota", "record", "brand-club", "--none")
    for mode in ("legacy", "auto"):
        async with Client(here, mode=mode) as client:
            await drive(client, f"here-{mode}")
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(sys.argv[1], http_client=http)
            async with Client(transport, mode=mode) as client:
                await drive(client, f"http-{mode}")


asyncio.run(main())
