"""Opens every page of the console in Chromium, and looks for what a person would stumble over."""

import base64
import json
import os
import pathlib
import sqlite3
import struct
import subprocess
import sys
import time
import zlib

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

BASE = sys.argv[1]
QUNFA = os.environ["QUNFA"]
SCREENSHOTS = pathlib.Path(os.environ["SCREENSHOTS"])
AXE = pathlib.Path(os.environ["AXE"]).read_text()
WIDTHS = (375, 768, 1280)
LANGUAGES = ("en", "zh-CN")
THEMES = ("light", "dark")
WITH_AXE = (("light", 375), ("dark", 1280))
PAGES = {
    "today": "/",
    "month": "/month",
    "jobs": "/jobs",
    "approvals": "/approvals",
    "accounts": "/accounts",
    "account": "/accounts/brand-club",
    "series": "/series",
    "one-series": "/jobs/weekly",
    "decisions": "/decisions",
    "new": "/new",
    "job": "/jobs/club-members",
    "job-sent": "/jobs/now",
    "job-scripts": "/jobs/scripts",
    "content-scripts": "/jobs/scripts/content",
    "job-article": "/jobs/article",
    "content-article": "/jobs/article/content",
    "nothing": "/nothing",
}
# The inbox refuses such an article; here it is written into the database past it.
HOSTILE = (
    "<script>window.ran=1;fetch('/jobs?'+document.cookie)</script><img src=x onerror=window.ran=1>"
    "<svg onload=window.ran=1></svg><iframe srcdoc='<script>parent.ran=1;top.ran=1</script>'></iframe>"
    "<a href='javascript:window.ran=1'>more</a></div></template></iframe><script>top.ran=1</script>"
)
problems = []


def wrong(problem):
    print(problem, flush=True)
    problems.append(problem)


def qunfa(*arguments):
    done = subprocess.run([QUNFA, *arguments], capture_output=True, text=True)
    return done.stdout


def until(what, holds):
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.1)
    sys.exit(f"in vain: {what}")


def picture():
    """A grey PNG, as large as a cover."""
    part = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(
        ">I", zlib.crc32(kind + data)
    )
    head = struct.pack(">IIBBBBB", 900, 383, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * 900) * 383)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def make_hostile():
    """Writes scripts into whatever the database has of the article."""
    database = sqlite3.connect("state/qunfa.db", timeout=60)
    changed = 0
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for (_, column, *_) in database.execute(f'PRAGMA table_info("{table}")').fetchall():
            changed += database.execute(
                f'UPDATE "{table}" SET "{column}" = replace("{column}", ?1, ?2) '
                f'WHERE typeof("{column}") = \'text\' AND instr("{column}", ?1)',
                ("HOSTILE", HOSTILE),
            ).rowcount
    database.commit()
    assert changed > 0, "the article is not in the database"


def plan():
    """Gives the pages something to show."""
    until("the daemon runs", lambda: "The daemon runs" in qunfa("status"))
    qunfa("quota", "record", "brand-club", "--none", "--why", "a new account")
    pathlib.Path("cover.png").write_bytes(picture())
    told = qunfa("submit", "--json", "--yes", "--wait", "120", "jobs.yaml")
    said = json.loads(told)
    assert said["ok"], told
    assert said["submitted"][0]["state"] == "taken", said
    sent = lambda: json.loads(qunfa("show", "now", "--json"))["state"] == "sent"
    until("the job without a time is sent", sent)
    make_hostile()


def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(120)
    driver.set_script_timeout(120)
    return driver


def shoot(driver, name):
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    (SCREENSHOTS / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def look(driver, name, status=200, with_axe=True):
    """Says what is wrong with the page that is open. axe-core takes the longest by far."""
    for line in driver.get_log("browser"):
        is_expected = status != 200 and f"status of {status}" in line["message"]
        # What the hostile article tries is blocked there, and the browser says so.
        is_blocked = "Blocked script" in line["message"] or "violates" in line["message"]
        is_expected |= is_blocked and name.startswith("content-article")
        if line["level"] in ("SEVERE", "WARNING") and not is_expected:
            wrong(f"{name}: the browser's console has {line['message']}")
    if driver.execute_script("return window.ran"):
        wrong(f"{name}: a script of a job ran")
    # A page of a job's content has no cookies at all.
    cookies = driver.execute_script("try { return document.cookie } catch { return '' }")
    if "qunfa_session" in cookies:
        wrong(f"{name}: a script can read the session")
    wide = driver.execute_script(
        "const width = document.documentElement.clientWidth;"
        "if (document.documentElement.scrollWidth <= width) return null;"
        "return [...document.querySelectorAll('body *')]"
        "  .filter(one => one.getBoundingClientRect().right > width + 1)"
        "  .slice(0, 3).map(one => one.outerHTML.slice(0, 120));"
    )
    if wide is not None:
        wrong(f"{name}: the page is wider than its window: {wide}")
    if "content" in name or not with_axe:
        # No script runs in the content, and so no axe-core either.
        return
    driver.execute_script(AXE)
    found = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document).then(found => done(found.violations), error => done([{impact: 'critical',"
        " id: String(error), nodes: []}]));"
    )
    for one in found:
        if one["impact"] in ("serious", "critical"):
            nodes = [node["html"][:160] for node in one["nodes"][:3]]
            wrong(f"{name}: axe-core finds {one['id']}: {nodes}")


def like(driver, lang, theme):
    for cookie, value in (("qunfa_lang", lang), ("qunfa_theme", theme)):
        driver.add_cookie({"name": cookie, "value": value, "path": "/"})


def widen(driver, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def each(driver, pages):
    for lang in LANGUAGES:
        for theme in THEMES:
            like(driver, lang, theme)
            for width in WIDTHS:
                widen(driver, width)
                for page, path in pages.items():
                    driver.get(BASE + path)
                    name = f"{page}-{lang}-{theme}-{width}"
                    shoot(driver, name)
                    # Another language changes no colour and no control.
                    with_axe = lang == LANGUAGES[0] and (theme, width) in WITH_AXE
                    look(driver, name, 404 if page == "nothing" else 200, with_axe)
                    shown = driver.find_element(By.TAG_NAME, "html").get_attribute("lang")
                    if shown != lang and "content" not in page:
                        wrong(f"{name}: the page is in {shown}")


def sign_in(driver):
    driver.get(BASE + "/login")
    driver.find_element(By.ID, "name").send_keys("anne")
    driver.find_element(By.ID, "secret").send_keys("correct horse battery")
    driver.find_element(By.CSS_SELECTOR, "main button").click()
    until("anne is signed in", lambda: driver.find_elements(By.CSS_SELECTOR, "details.me"))
    session = driver.get_cookie("qunfa_session")
    assert session["httpOnly"] and session["sameSite"] == "Strict", session


def check_a_file(driver):
    """Types a job file with a mistake, and one without."""
    right = "jobs:\n  - id: a\n    account: brand-club\n    broadcast: { filter: { tag_id: 2 }, text: a }\n"
    for name, text in (("wrong", "jobs: [{ id: a }]"), ("right", right)):
        driver.get(BASE + "/new")
        field = driver.find_element(By.NAME, "text")
        driver.execute_script("arguments[0].value = arguments[1]", field, text)
        # A click would wait for the answer, and the driver may wait in vain for a page that is an error.
        driver.execute_script("arguments[0].form.querySelector('button[name=do]').click()", field)
        until("the file is checked", lambda: driver.find_elements(By.CSS_SELECTOR, "main [role=alert], #checked"))
        shoot(driver, f"new-{name}")
        look(driver, f"new-{name}", 422 if name == "wrong" else 200)


def main():
    plan()
    driver = browser()
    try:
        driver.get(BASE + "/login")
        each(driver, {"login": "/login"})
        sign_in(driver)
        each(driver, PAGES)
        like(driver, "en", "light")
        check_a_file(driver)
    finally:
        driver.quit()
    count = len(LANGUAGES) * len(THEMES) * len(WIDTHS) * (len(PAGES) + 1) + 2
    print(f"{count} pages, {len(problems)} problems; screenshots in {SCREENSHOTS}")
    sys.exit(bool(problems))


main()
