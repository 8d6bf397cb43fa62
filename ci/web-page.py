"""A browser opens the page of a served cluster.

python ci/web-page.py WAVETANK [CHROMIUM]: makes tables over HTTP, one with names and values that
are markup, and looks at the page as people do: wide and narrow, light and dark, by keyboard alone,
while rows come in, while the server is away, and with SQL that is answered and refused.
"""

import json
import os
import shutil
import sys
import tempfile
import time
import urllib.request

from playwright.sync_api import sync_playwright

import served

MARKUP = "<img src=x onerror=\"window.taken=1\">'&\""
LARGE = 9007199254740993


def expect(what, found, expected=True):
    assert found == expected, f"{what}: {found}, not {expected}"
    print(f"page: {what}", flush=True)


class Served(served.Server):
    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.address + path, None if body is None else json.dumps(body).encode(),
            {"content-type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def fill(self):
        def column(name, type):
            return {"name": name, "data_type": {"type": type}}

        tables = "/api/v1/databases/shop/tables"
        self.ask("POST", "/api/v1/databases", {"name": "shop"})
        self.ask("POST", tables, {
            "name": "orders", "bucket_count": 2,
            "schema": {"columns": [column("id", "BIGINT"), column("note", "STRING")],
                       "primary_key": ["id"]}})
        self.ask("POST", tables, {
            "name": "strange", "bucket_count": 1,
            "schema": {"columns": [column(MARKUP, "STRING"), column("n", "BIGINT")]}})
        self.ask("POST", tables + "/orders/rows",
                 [{"id": number, "note": f"note {number}"} for number in range(30)])
        self.ask("POST", tables + "/strange/rows", [{MARKUP: MARKUP * 20, "n": LARGE}])

    def add(self, first):
        self.ask("POST", "/api/v1/databases/shop/tables/orders/rows", [{"id": first}])


class Visit:
    """One opened page, and all that it complained of or asked for."""

    def __init__(self, browser, server, width, scheme):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.complaints, self.strangers = [], []
        self.page.on("console", lambda message: message.type in ("error", "warning")
                     and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append("a dialog opened"))
        self.page.on("request", lambda request: request.url.startswith((server.address, "data:"))
                     or self.strangers.append(request.url))
        self.page.goto(server.address + "/")

    def wait(self, script, seconds=20):
        """Until it is so; the page itself may evaluate no text, so it is asked from outside."""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(script):
            assert time.monotonic() < deadline, (script, self.text("body"), self.complaints)
            self.page.wait_for_timeout(50)

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def check(self, what):
        overflow = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth")
        expect(f"{what}: no wider than the window", overflow, 0)
        expect(f"{what}: no complaint", self.complaints, [])
        expect(f"{what}: nobody else is asked", self.strangers, [])
        unnamed = self.page.evaluate("""() => [...document.querySelectorAll(
            'button, textarea, a, table, [role=region]')].filter(element => !(
            element.textContent.trim() || element.ariaLabel || element.labels?.length
            || element.caption)).length""")
        expect(f"{what}: everything has a name", unnamed, 0)
        expect(f"{what}: nothing was made of markup", self.page.evaluate(
            "[window.taken ?? 0, document.querySelectorAll('img').length]"), [0, 0])


def look(browser, server, width, scheme, shots):
    what = f"{width} {scheme}"
    visit = Visit(browser, server, width, scheme)
    page = visit.page
    visit.wait("document.querySelectorAll('#tables tbody tr').length === 2")
    visit.wait("document.getElementById('state').textContent.startsWith('Live')")
    expect(f"{what}: the tables", page.locator("#tables tbody th").all_inner_texts(),
           ["shop.orders", "shop.strange"])
    expect(f"{what}: the server", "server-1" in visit.text("#servers"))
    visit.check(what)
    if shots:
        page.screenshot(path=f"{shots}/{width}-{scheme}.png", full_page=True)
    # The link is followed by keyboard alone.
    page.keyboard.press("Tab")
    expect(f"{what}: the first stop skips the head", page.evaluate(
        "document.activeElement.className"), "skip")
    page.keyboard.press("Enter")
    page.locator("#tables a").nth(1).focus()
    page.keyboard.press("Enter")
    visit.wait("document.querySelectorAll('#rows tbody tr').length === 1")
    cells = page.locator("#rows tbody td").all_inner_texts()
    expect(f"{what}: values are shown as they are", cells[0].startswith(MARKUP))
    expect(f"{what}: long numbers keep their digits", cells[1], str(LARGE))
    expect(f"{what}: the columns", MARKUP in visit.text("#columns"))
    visit.check(f"{what}, a table")
    if shots:
        page.screenshot(path=f"{shots}/{width}-{scheme}-table.png", full_page=True)
    page.locator("#query").fill(
        f"SELECT o.id, s.n + 0 AS n, note FROM orders o, strange s WHERE n = {LARGE} AND id < 3 "
        "ORDER BY id")
    page.locator("#query").press("Control+Enter")
    visit.wait("document.getElementById('answer-state').textContent.startsWith('3 rows')")
    expect(f"{what}: SQL", page.locator("#answer tbody td").all_inner_texts()[:3],
           ["0", str(LARGE), "note 0"])
    visit.check(f"{what}, SQL")
    if shots:
        page.screenshot(path=f"{shots}/{width}-{scheme}-sql.png", full_page=True)
    visit.context.close()


def live(browser, server):
    visit = Visit(browser, server, 1280, "light")
    page = visit.page
    visit.wait("document.querySelectorAll('#tables tbody tr').length === 2")
    visit.wait("document.getElementById('state').textContent.startsWith('Live')")
    # The lake takes in what was written, which shows.
    visit.wait("document.querySelectorAll('#facts dd')[4].textContent === '0'", 120)
    page.evaluate("""() => {
        const row = document.querySelector('#tables tbody tr');
        row.kept = row.cells[0].firstElementChild;
        window.changes = [];
        new MutationObserver(list => window.changes.push(list.length)).observe(
            document.body, { childList: true, subtree: true, characterData: true });
    }""")
    page.wait_for_timeout(5000)
    expect("live: nothing is touched while nothing changes", page.evaluate("window.changes"), [])
    server.add(1000)
    visit.wait("document.querySelector('#tables tbody tr').cells[5].textContent === '31'")
    expect("live: what did not change stays", page.evaluate("""() => {
        const row = document.querySelector('#tables tbody tr');
        return row.kept === row.cells[0].firstElementChild;
    }"""))
    visit.check("live")
    # What the browser itself says of refused requests is no complaint of the page.
    page.locator("#query").fill("DROP TABLE orders")
    page.get_by_role("button", name="Run").click()
    visit.wait("document.getElementById('answer-state').textContent.startsWith('DROP TABLE is')")
    page.locator("#query").fill("SELECT '<b>' AS \"<i>x</i>\"")
    page.get_by_role("button", name="Run").click()
    visit.wait("document.getElementById('answer-state').textContent.startsWith('1 row,')")
    expect("live: a name of SQL is text", visit.text("#answer thead th"), "<i>x</i>")
    visit.complaints.clear()
    server.stop()
    visit.wait("document.getElementById('state').textContent.includes('does not answer')")
    expect("live: what was known stays", "shop.orders" in visit.text("#tables"))
    server.start()
    visit.wait("document.getElementById('state').textContent.startsWith('Live')")
    visit.context.close()


def main(program, chromium, shots):
    work = tempfile.mkdtemp()
    server = Served(program, work)
    try:
        server.fill()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for width in (390, 1280):
                for scheme in ("light", "dark"):
                    look(browser, server, width, scheme, shots)
            live(browser, server)
            browser.close()
        print("1 passed, 0 failed")
    except BaseException:
        sys.stderr.write(open(work + "/log").read()[-4000:])
        raise
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


main(os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/usr/bin/chromium",
     os.environ.get("WAVETANK_SHOTS"))
