"""Opens the site in a real Chromium, from the disk and over HTTP, and says what a reader would trip over.

Usage: browse.py SITE AXE SCREENSHOTS PAGE...

Speaks the DevTools protocol. Prints one line for each thing that is wrong, and nothing when all is
well: a request to elsewhere, an error on the console (a violated Content-Security-Policy is one), a
search that does not find, a page wider than a phone, a theme that does not change, and what axe
says about accessibility in light and dark, a page that cannot be read on paper, and one that needs
scripts for more than it may. Screenshots stay in the folder SCREENSHOTS.
"""

import base64
import functools
import html
import http.server
import itertools
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from websockets.sync.client import connect

# What is typed, and a page that must be among what is found.
SEARCHES = [
    ("4020", "services/optillm-proxy.html"),
    ("mlx-gpt-oss-120b", "handles/mlx-gpt-oss-120b-mxfp4-q4.html"),
    ("disabled until its set-up is finished", "services/optillm-local-high.html"),
    ("SEARXNG_API_BASE", "integrations.html"),
    ("http://192.168.1.71:4000", "services/litellm-orch.html"),
]
WIDE = (1280, 900)
PHONE = (390, 844)
PATIENCE = 30


class Browser:
    """A Chromium of our own with one tab."""

    def __init__(self, profile):
        self.process = subprocess.Popen(
            [
                shutil.which("chromium"),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--remote-debugging-port=0",
                f"--user-data-dir={profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = pathlib.Path(profile) / "DevToolsActivePort"
        deadline = time.monotonic() + PATIENCE
        while not (port_file.exists() and port_file.read_text().count("\n")):
            if time.monotonic() > deadline:
                raise SystemExit("Chromium does not start")
            time.sleep(0.05)
        port, path = port_file.read_text().split("\n")[:2]
        self.socket = connect(f"ws://127.0.0.1:{port}{path}", max_size=None)
        self.number = 0
        self.session = None
        self.events = []
        tab = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv(timeout=PATIENCE))
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        """Waits for an event that came since the last look, or comes."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(json.loads(self.socket.recv(timeout=PATIENCE)))

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def run(self, script):
        result = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise SystemExit(f"{script[:80]}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def size(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )

    def scheme(self, value):
        feature = {"name": "prefers-color-scheme", "value": value}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def key(self, text):
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, key=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=text)

    def complaints(self, own):
        """What went wrong since the page was opened: errors, and requests that do not begin with `own`."""
        for event in self.events:
            parameters = event.get("params", {})
            match event.get("method"):
                case "Runtime.exceptionThrown":
                    yield f"exception: {parameters['exceptionDetails']['text']}"
                case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                    yield f"console: {parameters['entry']['text']}"
                case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning"):
                    yield f"console: {parameters['args']}"
                case "Network.requestWillBeSent":
                    url = parameters["request"]["url"]
                    if not url.startswith((own, "data:")):
                        yield f"request to {url}"

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


def accessibility(browser, axe):
    browser.run(axe + ";0")
    result = browser.run(
        "axe.run(document, {resultTypes: ['violations'], preload: false}).then(it => it.violations.map("
        "it => it.id + ': ' + it.nodes.slice(0, 3).map(it => it.html.slice(0, 160)).join(' ')))"
    )
    return result


def check_page(browser, base, page, axe, screenshots, way):
    for scheme in ["light", "dark"]:
        browser.scheme(scheme)
        browser.size(*WIDE)
        browser.open(base + page)
        name = page.replace("/", "-").removesuffix(".html")
        yield from browser.complaints(base)
        if way == "file":
            browser.screenshot(screenshots / f"{name}-{scheme}.png")
            yield from (f"axe, {scheme}: {it}" for it in accessibility(browser, axe))
    browser.scheme("light")
    browser.size(*PHONE)
    browser.open(base + page)
    if way == "file":
        browser.screenshot(screenshots / f"{name}-phone.png")
    width = browser.run("document.scrollingElement.scrollWidth")
    if width > PHONE[0]:
        yield f"{width} pixels wide on a phone"
    title = browser.run("document.querySelector('h1').textContent")
    if not title:
        yield "no heading"


def check_print(browser, base):
    """On paper the words are dark whatever the theme, nothing is cut off, and what only a screen needs is gone."""
    browser.size(*WIDE)
    browser.open(base + "index.html")
    browser.run("document.documentElement.setAttribute('data-theme', 'dark')")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.call("Emulation.setEmulatedMedia", media="print", features=features)
    ink = browser.run("getComputedStyle(document.body).color")
    if max(int(it) for it in re.findall(r"\d+", ink)[:3]) > 90:
        yield f"printed words are {ink}"
    if browser.run("getComputedStyle(document.querySelector('.top')).display") != "none":
        yield "the search field is printed"
    browser.call("Emulation.setEmulatedMedia", media="")


def search(browser, url, words):
    """Types into the search field of a page and returns where the results lead."""
    browser.open(url)
    browser.key("/")
    browser.call("Input.insertText", text=words)
    return browser.run(
        """new Promise(done => {
            const list = document.getElementById('search-results');
            const end = Date.now() + 10000;
            (function wait() {
                const links = [...list.querySelectorAll('a')].map(it => it.href);
                if (links.length > 0 || Date.now() > end) { done(links); } else { setTimeout(wait, 20); }
            })();
        })"""
    )


def check_search(browser, base):
    browser.size(*WIDE)
    for words, page in SEARCHES:
        found = search(browser, base + "services/searxng.html", words)
        if not any(it.startswith(base + page) for it in found):
            yield f"a search for {words!r} finds {found}"
        yield from browser.complaints(base)
    # The best of what was found is opened by Enter.
    search(browser, base + "index.html", "optillm-proxy")
    browser.events.clear()
    for kind in ["rawKeyDown", "keyUp"]:
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13
        )
    browser.wait("Page.loadEventFired")
    where = browser.run("location.href")
    if "optillm-proxy" not in where:
        yield f"Enter opens {where}"


def check_theme(browser, base):
    browser.scheme("light")
    browser.open(base + "index.html")
    colours = []
    for _ in range(3):
        colours.append(browser.run("getComputedStyle(document.body).backgroundColor"))
        browser.run("document.querySelector('button.theme').click()")
    if colours[0] != colours[1] or colours[1] == colours[2]:
        yield f"system, light and dark look like {colours}"
    browser.run("document.querySelector('button.theme').click()")
    chosen = browser.run("document.documentElement.getAttribute('data-theme')")
    browser.open(base + "topology.html")
    kept = browser.run("document.documentElement.getAttribute('data-theme')")
    if base.startswith("http") and kept != chosen:
        yield f"the theme {chosen} is forgotten: {kept}"
    browser.run("try { localStorage.clear() } catch (error) {}")


def check_boxes(browser, base, site):
    """Every box of the topology leads to the page of what it says it is."""
    browser.open(base + "topology.html")
    links = browser.run(
        "[...document.querySelectorAll('svg a')].map(it => "
        "[it.href.baseVal, it.getAttribute('aria-label') || it.textContent])"
    )
    if len(links) < 10:
        yield f"only {len(links)} boxes of the topology are links"
    for href, words in links:
        file, _, anchor = href.partition("#")
        start = f'<h2 id="{anchor}">' if anchor else "<h1[^>]*>"
        heading = re.search(start + "(.*?)(?:<a |</h)", (site / file).read_text())
        said = html.unescape(re.sub("<[^>]*>", "", heading[1]))
        if said not in words:
            yield f"the box {words!r} leads to {href}, {said!r}"


# The texts of pictures that are wider than the box they stand in, in the fonts of this machine.
TEXTS_OUTSIDE = """
[...document.querySelectorAll('svg.picture .pic-box')].flatMap(box => {
    const rects = [...box.querySelectorAll('rect')].map(it => it.getBBox());
    return [...box.querySelectorAll('text')].filter(text => {
        const it = text.getBBox();
        const middle = it.y + it.height / 2;
        return !rects.some(rect => rect.x <= it.x && it.x + it.width <= rect.x + rect.width
            && rect.y <= middle && middle <= rect.y + rect.height);
    }).map(it => it.textContent);
})
"""

# How many calls are drawn at this moment, those that arrive included.
CALLS_SHOWN = """
[...document.querySelectorAll('svg.picture .pic-lit > path, svg.picture .pic-lit > use')].filter(it =>
    getComputedStyle(it).visibility === 'visible' && getComputedStyle(it).display !== 'none').length
"""


def check_pictures(browser, base, pages):
    """Texts stay in their boxes, and a service under the pointer or the keyboard shows its calls alone."""
    for page in pages:
        browser.open(base + page)
        for text in browser.run(TEXTS_OUTSIDE):
            yield f"{page}: {text!r} leaves its box"
    browser.size(*WIDE)
    browser.open(base + "topology.html")
    everything = browser.run(CALLS_SHOWN)
    # The gateway calls it, and it calls nobody.
    place = browser.run(
        """(() => {
            const box = document.querySelector('svg.picture [data-key="searxng"]');
            box.scrollIntoView({block: 'center'});
            const it = box.getBoundingClientRect();
            return [it.x + it.width / 2, it.y + it.height / 2];
        })()"""
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    pointed = browser.run(CALLS_SHOWN)
    if everything < 2 or pointed != 1:
        yield f"of {everything} calls, {pointed} are shown for a service with one"
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    # A key before it, so that the browser shows the focus as a keyboard's.
    browser.key("x")
    browser.run("document.querySelector('svg.picture [data-key=\"searxng\"]').focus()")
    focused = browser.run(CALLS_SHOWN)
    if focused != 1:
        yield f"of {everything} calls, {focused} are shown for a focused service with one"


# What is shown of a page, but for buttons that a script adds.
WORDS_SHOWN = """
(() => {
    document.querySelectorAll('main button').forEach(it => it.remove());
    return document.querySelector('main').innerText;
})()
"""

# What can be pressed or typed into.
CONTROLS_SHOWN = """
[...document.querySelectorAll('button, input, select, textarea')].filter(it => it.checkVisibility())
    .map(it => it.outerHTML.slice(0, 80))
"""


def check_without_scripts(browser, base, pages):
    """The same words are shown, every page is in reach, and nothing offers what only a script can do."""
    browser.size(*WIDE)
    for page in pages:
        shown = []
        for off in [False, True]:
            browser.call("Emulation.setScriptExecutionDisabled", value=off)
            browser.open(base + page)
            controls = browser.run(CONTROLS_SHOWN)
            shown.append(browser.run(WORDS_SHOWN))
        yield from (f"{page}: without scripts there is {it}" for it in controls)
        if shown[0] != shown[1] or not shown[1].strip():
            yield f"{page}: other words are shown without scripts"
    browser.size(*PHONE)
    browser.open(base + "index.html")
    links = browser.run("[...document.querySelectorAll('nav.pages a')].filter(it => it.checkVisibility()).length")
    if links < 5:
        yield f"without scripts {links} pages are in reach on a phone"
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def main(site, axe, screenshots, *pages):
    site = pathlib.Path(site).resolve()
    screenshots = pathlib.Path(screenshots)
    screenshots.mkdir(parents=True, exist_ok=True)
    axe = pathlib.Path(axe).read_text()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bases = {"file": site.as_uri() + "/", "http": f"http://127.0.0.1:{server.server_port}/"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            for way, base in bases.items():
                for page in pages:
                    for it in check_page(browser, base, page, axe, screenshots, way):
                        print(f"{way} {page}: {it}")
                for it in itertools.chain(
                    check_search(browser, base),
                    check_theme(browser, base),
                    check_boxes(browser, base, site),
                    check_pictures(browser, base, pages),
                    check_print(browser, base),
                    check_without_scripts(browser, base, pages),
                ):
                    print(f"{way}: {it}")
        finally:
            browser.close()
    server.shutdown()


main(*sys.argv[1:])
