"""Opens a page of `lodestone report` in headless Chromium and uses it as a reader would. Prints what is wrong, a line each.

    python3 drive_page.py PAGE.html [FOLDER]

Needs nothing but the standard library: Chromium is spoken to over two pipes (--remote-debugging-pipe). With a FOLDER it leaves
screenshots there, and the page as it is printed.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

CONTRAST = r"""
(() => {
  const parse = (text) => {
    const found = text.match(/rgba?\(([^)]+)\)/);
    if (!found) return null;
    const parts = found[1].split(/[ ,\/]+/).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => {
      c /= 255;
      return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour && colour.alpha > 0.99) return colour.rgb;
    }
    return [255, 255, 255];
  };
  const bad = [];
  let seen = 0;
  for (const element of document.querySelectorAll("body *")) {
    const text = Array.from(element.childNodes)
      .filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join("");
    const tag = element.tagName.toLowerCase();
    if (!text || ["script", "style", "title", "desc"].includes(tag)) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const isSVG = element instanceof SVGElement;
    const colour = parse(isSVG ? style.fill : style.color);
    if (!colour) continue;
    seen += 1;
    const [a, b] = [light(colour.rgb), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) bad.push(`${tag} "${text.slice(0, 30)}" ${ratio.toFixed(2)}`);
  }
  return { seen, bad: bad.slice(0, 5) };
})()
"""

HEADINGS = r"""
Array.from(document.querySelectorAll("h1,h2,h3,h4,h5"))
  .map((h) => Number(h.tagName.slice(1)))
"""

UNNAMED = r"""
[
  ...Array.from(document.querySelectorAll("img:not([alt])")).map(() => "img without alt"),
  ...Array.from(document.querySelectorAll("svg:not([aria-hidden])")).filter(
    (s) => !s.querySelector(":scope > title") || s.getAttribute("role") !== "img"
  ).map(() => "svg without title"),
  ...Array.from(document.querySelectorAll("table")).filter(
    (t) => !t.caption || Array.from(t.querySelectorAll("th")).some((h) => !h.scope)
  ).map((t) => "table without caption or scope: " + t.textContent.slice(0, 40)),
  ...Array.from(document.querySelectorAll("input")).filter(
    (i) => !i.labels || i.labels.length === 0
  ).map((i) => "input without label: " + i.type),
  ...(() => {
    const ids = Array.from(document.querySelectorAll("[id]")).map((e) => e.id);
    return ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => "id twice: " + id);
  })(),
  ...Array.from(document.querySelectorAll("a[href^='#']")).filter(
    (a) => !document.getElementById(a.getAttribute("href").slice(1))
  ).map((a) => "link to nothing: " + a.getAttribute("href")),
  ...Array.from(document.querySelectorAll("[aria-labelledby]")).flatMap(
    (e) => e.getAttribute("aria-labelledby").split(" ").filter((id) => !document.getElementById(id))
  ).map((id) => "named by nothing: " + id),
]
"""


class Browser:
    """Chromium, and one page of it."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="lodestone-chromium-")
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()

        def pipes():
            # Chromium reads from 3 and writes to 4.
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                "--disable-background-networking", "--disable-component-update",
                f"--user-data-dir={self.folder}", "--remote-debugging-pipe", "about:blank",
            ],
            preexec_fn=pipes, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.events = []
        target = self.ask("Target.createTarget", {"url": "about:blank"}, session=None)["targetId"]
        self.session = None
        self.session = self.ask(
            "Target.attachToTarget", {"targetId": target, "flatten": True}, session=None
        )["sessionId"]

    def receive(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.input, 1 << 20)
            if not piece:
                raise SystemExit("chromium ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, parameters=None, session=""):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters or {}}
        if session is not None:
            message["sessionId"] = session or self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        while True:
            for place, event in enumerate(self.events):
                if event.get("method") == method:
                    return self.events.pop(place)
            self.events.append(self.receive())

    def value(self, expression):
        answer = self.ask(
            "Runtime.evaluate",
            {"expression": expression, "returnByValue": True, "awaitPromise": True},
        )
        if "exceptionDetails" in answer:
            raise SystemExit(f"{expression[:60]}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def frame(self):
        """Two frames later all that was asked for is drawn."""
        self.value(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
        )

    def show(self, width, height=900, scheme="light", media="", motion="no-preference"):
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        self.ask(
            "Emulation.setEmulatedMedia",
            {
                "media": media,
                "features": [
                    {"name": "prefers-color-scheme", "value": scheme},
                    {"name": "prefers-reduced-motion", "value": motion},
                ],
            },
        )
        self.frame()

    def open(self, path):
        self.events = [e for e in self.events if e.get("method") != "Page.loadEventFired"]
        self.ask("Page.navigate", {"url": "file://" + os.path.abspath(path)})
        self.wait_for("Page.loadEventFired")
        self.value(
            "Promise.all(Array.from(document.images).map((image) => image.decode())).then(() => 1)"
        )

    def mouse(self, kind, x, y, pressed=False):
        self.ask(
            "Input.dispatchMouseEvent",
            {
                "type": kind, "x": x, "y": y,
                "button": "left" if kind != "mouseMoved" or pressed else "none",
                "buttons": 1 if pressed else 0, "clickCount": 0 if kind == "mouseMoved" else 1,
            },
        )
        self.frame()

    def click(self, x, y):
        self.mouse("mousePressed", x, y, pressed=True)
        self.mouse("mouseReleased", x, y)

    def key(self, name, code):
        for kind in ["rawKeyDown", "keyUp"]:
            self.ask(
                "Input.dispatchKeyEvent",
                {
                    "type": kind, "key": name, "code": name, "windowsVirtualKeyCode": code,
                    "nativeVirtualKeyCode": code,
                },
            )
        self.frame()

    def place(self, selector, x=0.5, y=0.5):
        """A place in an element, once it is in view."""
        box = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            " return [b.left, b.top, b.width, b.height]; })()"
        )
        return box[0] + x * box[2], box[1] + y * box[3]

    def screenshot(self, path):
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        picture = self.ask(
            "Page.captureScreenshot",
            {
                "captureBeyondViewport": True,
                "clip": {
                    "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1,
                },
            },
        )
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def close(self):
        try:
            self.ask("Browser.close", session=None)
        except (SystemExit, OSError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


failures = []


def check(is_so, what):
    if not is_so:
        failures.append(what)


def check_views(browser, folder):
    """At both widths and in both schemes: nothing is wider than the page, all text can be read."""
    grounds = set()
    for width in [1280, 390]:
        for scheme in ["light", "dark"]:
            browser.show(width, scheme=scheme)
            name = f"at {width} px, {scheme}"
            grounds.add(browser.value("getComputedStyle(document.body).backgroundColor"))
            wide = browser.value("document.documentElement.scrollWidth")
            check(wide <= width, f"{name}: the page is {wide} px wide")
            contrast = browser.value(CONTRAST)
            check(contrast["seen"] > 30, f"{name}: only {contrast['seen']} texts were seen")
            check(not contrast["bad"], f"{name}: contrast below AA: {contrast['bad']}")
            if folder:
                browser.screenshot(os.path.join(folder, f"{width}-{scheme}.png"))
    check(len(grounds) == 2, f"light and dark have the grounds {grounds}")
    browser.show(1280)


def check_structure(browser):
    levels = browser.value(HEADINGS)
    check(levels[:1] == [1] and levels.count(1) == 1, f"headings begin with {levels[:3]}")
    steps = [b - a for a, b in zip(levels, levels[1:])]
    check(all(step <= 1 for step in steps), f"headings skip a level: {levels}")
    unnamed = browser.value(UNNAMED)
    check(not unnamed, f"not named: {unnamed[:5]}")
    tree = browser.ask("Accessibility.getFullAXTree")["nodes"]
    roles = [node.get("role", {}).get("value") for node in tree if not node.get("ignored")]
    for role in ["banner", "navigation", "main", "contentinfo"]:
        check(role in roles, f"no landmark {role}")
    for node in tree:
        role = node.get("role", {}).get("value")
        if not node.get("ignored") and role in ["button", "slider", "radio", "img", "image", "link"]:
            check(node.get("name", {}).get("value"), f"a {role} without a name")


def check_theme(browser):
    ground = "getComputedStyle(document.body).backgroundColor"
    before = browser.value(ground)
    browser.value("window.scrollTo(0, 0)")
    browser.click(*browser.place("button.theme"))
    check(browser.value(ground) != before, "the switch leaves the colours as they are")
    check(browser.value("document.querySelector('button.theme').textContent") == "Light",
          "the switch is not named for what it does next")
    browser.click(*browser.place("button.theme"))
    check(browser.value(ground) == before, "switched twice the colours are others")
    browser.key("Tab", 9)
    check(browser.value("document.activeElement !== document.body"), "Tab reaches nothing")
    browser.show(1280, motion="reduce")
    check(browser.value(
        "Array.from(document.querySelectorAll('.series')).every("
        "(e) => parseFloat(getComputedStyle(e).transitionDuration) === 0)"),
        "something moves where that is not wanted")
    browser.show(1280)


def check_map(browser):
    if not browser.value("document.querySelector('.density') !== null"):
        check(browser.value("document.querySelector('.wipe') === null"), "a wipe over nothing")
        return
    wipe = "Number(document.querySelector('.wipe').value)"
    clip = "getComputedStyle(document.querySelector('.labels .frame')).clipPath"
    browser.value("document.querySelector('.wipe').focus()")
    before, shape = browser.value(wipe), browser.value(clip)
    for _ in range(5):
        browser.key("ArrowLeft", 37)
    check(browser.value(wipe) == before - 5, "the arrow keys do not move the line")
    check(browser.value(clip) != shape, "the line moves, the map does not")
    check("%" in browser.value("document.querySelector('.wipe').getAttribute('aria-valuetext')"),
          "the line's place is not told")
    x, y = browser.place(".density .frame", 0.25, 0.5)
    browser.mouse("mouseMoved", x, y)
    browser.mouse("mousePressed", x, y, pressed=True)
    check(abs(browser.value(wipe) - 25) <= 1, "a press on the map does not move the line there")
    x, y = browser.place(".density .frame", 0.75, 0.5)
    browser.mouse("mouseMoved", x, y, pressed=True)
    browser.mouse("mouseReleased", x, y)
    check(abs(browser.value(wipe) - 75) <= 1, "the line cannot be drawn along")
    browser.mouse("mouseMoved", *browser.place(".density .frame", 0.5, 0.5))
    told = browser.value("document.querySelector('.readout').textContent")
    check(told.startswith("Row ") and "OD" in told, f"the map tells: {told}")
    browser.value("document.querySelector('input[value=pair]').click()")
    browser.frame()
    boxes = browser.value(
        "Array.from(document.querySelectorAll('.view')).slice(0, 2)"
        ".map((e) => e.getBoundingClientRect().left)")
    check(boxes[1] > boxes[0] + 100, "side by side is not side by side")
    browser.value("document.querySelector('input[value=wipe]').click()")
    browser.frame()


def check_highlight(browser):
    button = "button[data-cluster='0']"
    if not browser.value(f"document.querySelector(\"{button}\") !== null"):
        return
    dim = "document.querySelectorAll('.series.dim').length"
    several = browser.value("document.querySelectorAll('button[data-cluster]').length > 1")
    browser.mouse("mouseMoved", *browser.place(button))
    check(not several or browser.value(dim) > 0, "no other spectrum is dimmed")
    check(browser.value(
        "(() => { const c = document.querySelector('.labels canvas');"
        " return c !== null && !c.hidden && c.getContext('2d').getImageData("
        "0, 0, c.width, c.height).data.some((v) => v > 0); })()") or not several,
        "the map does not show the cluster alone")
    browser.mouse("mouseMoved", 2, 2)
    check(browser.value(dim) == 0, "spectra stay dimmed")
    browser.value(f"document.querySelector(\"{button}\").focus()")
    check(not several or browser.value(dim) > 0, "with the keyboard no spectrum is dimmed")
    browser.key("Enter", 13)
    browser.value("document.activeElement.blur()")


def check_spectra(browser):
    if not browser.value("document.querySelector('.spectra-data') !== null"):
        return
    mean = "document.querySelector('.readings .mean').textContent"
    at = "document.querySelector('.values .at').textContent"
    data = json.loads(browser.value("document.querySelector('.spectra-data').textContent"))
    browser.mouse("mouseMoved", *browser.place(".spectra-charts svg", 0.5, 0.6))
    told = browser.value(at)
    check(told.endswith(" eV"), f"over the spectra is told: {told}")
    place = [f"{energy:g}" for energy in data["energies"]].index(f"{float(told[:-3]):g}")
    check(browser.value(mean) == f"{data['spectra'][0]['mean'][place]:.4f}",
          "the value is not that of the energy")
    shown = "document.querySelectorAll('.cursor[visibility=visible]').length"
    check(browser.value(shown) > 0, "no line stands at the energy")
    browser.mouse("mouseMoved", 2, 2)
    check(browser.value(mean) == "–", "the value stays")
    browser.value("document.querySelector('[data-axis]').focus()")
    for _ in range(3):
        browser.key("ArrowRight", 39)
    browser.key("ArrowLeft", 37)
    check(float(browser.value(at)[:-3]) == data["energies"][1],
          "the arrow keys do not move along the energies")
    spoken = browser.value("document.querySelector('.spoken').textContent")
    check(spoken.startswith(f"{data['energies'][1]:g}"), f"spoken: {spoken}")
    browser.key("End", 35)
    check(float(browser.value(at)[:-3]) == data["energies"][-1], "End is not the last energy")


def check_print(browser, folder):
    browser.show(794, media="print", scheme="dark")
    for selector in [".topbar", ".wipe-controls", ".readout", ".wipe-line", "button.theme"]:
        shown = browser.value(
            f"Array.from(document.querySelectorAll({json.dumps(selector)}))"
            ".some((e) => e.checkVisibility())")
        check(not shown, f"{selector} is printed")
    check(browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)",
          "printed on another ground than white")
    boxes = browser.value(
        "Array.from(document.querySelectorAll('.map-part:not(.single) .view')).slice(0, 2)"
        ".map((e) => [e.getBoundingClientRect().left, getComputedStyle("
        "e.querySelector('.frame')).clipPath])")
    check(not boxes or (boxes[0][0] < boxes[1][0] and boxes[0][1] == "none"),
          f"the maps are not printed side by side: {boxes}")
    pdf = base64.b64decode(browser.ask(
        "Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})["data"])
    check(pdf.startswith(b"%PDF"), "it does not print")
    if folder:
        with open(os.path.join(folder, "print.pdf"), "wb") as file:
            file.write(pdf)
    browser.show(1280)


def check_without_script(browser, path):
    browser.ask("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.ask("Page.navigate", {"url": "file://" + os.path.abspath(path)})
    browser.wait_for("Page.loadEventFired")
    check(browser.value("!document.documentElement.classList.contains('js')"), "a script ran")
    check(browser.value(
        "Array.from(document.querySelectorAll('.needs-script')).every((e) => !e.checkVisibility())"),
        "without a script controls are shown that need one")
    check(browser.value(
        "Array.from(document.querySelectorAll('img')).every((e) => e.checkVisibility())"),
        "without a script a map is hidden")
    boxes = browser.value(
        "Array.from(document.querySelectorAll('.map-part:not(.single) .view')).slice(0, 2)"
        ".map((e) => e.getBoundingClientRect().left)")
    check(not boxes or boxes[1] > boxes[0] + 100, "without a script the maps are not side by side")


def main():
    path = sys.argv[1]
    folder = sys.argv[2] if len(sys.argv) > 2 else None
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise SystemExit("no chromium")
    browser = Browser(program)
    try:
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"]:
            browser.ask(f"{domain}.enable")
        browser.show(1280)
        browser.open(path)
        check(browser.value("document.compatMode") == "CSS1Compat", "not in standards mode")
        check(browser.value("document.documentElement.classList.contains('js')"),
              "the page's own script does not run")
        check_structure(browser)
        check_theme(browser)
        check_map(browser)
        check_highlight(browser)
        check_spectra(browser)
        # Anew: what the switch was set to is forgotten.
        browser.open(path)
        check_views(browser, folder)
        check_print(browser, folder)
        check(browser.value("window.isHostile === undefined"), "a text of the catalog ran as a script")
        check_without_script(browser, path)
        own = "file://" + os.path.abspath(path)
        for event in browser.events:
            method, said = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                check(False, f"exception: {said['exceptionDetails'].get('text')}")
            elif method == "Runtime.consoleAPICalled":
                check(False, f"console: {said.get('type')} {said.get('args')}")
            elif method == "Log.entryAdded":
                check(False, f"log: {said['entry'].get('text')}")
            elif method == "Network.requestWillBeSent":
                url = said["request"]["url"]
                check(url == own or url.startswith("data:") or url == "about:blank",
                      f"the page asks for {url[:100]}")
    finally:
        browser.close()
        for failure in failures:
            print(failure)
    print(f"{len(failures)} failures")
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
