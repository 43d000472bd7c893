"""The HTML report in a browser: it draws without complaint, its toggles work by mouse and keys, and nothing in a result file becomes
anything but text. Chromium is driven by its chromedriver over plain HTTP (the WebDriver protocol), so Python needs no package."""
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from run_cli import ROOT, Skip

RESULTS = ROOT / "tests/data/results"
ARGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]

# In a page: what a chart has, as numbers that must agree.
COUNT = """
return Array.from(document.querySelectorAll('.chart')).map((figure) => {
  const bars = figure.querySelectorAll('rect.bar').length;
  const rows = Array.from(figure.querySelectorAll('tbody tr'));
  const canvas = figure.querySelector('canvas');
  const live = canvas && typeof Chart === 'function' ? Chart.getChart(canvas) : null;
  const sets = live ? live.data.datasets.filter((set) => set.series >= 0) : [];
  return {
    id: figure.id, bars, marks: figure.querySelectorAll('.plot path.m').length,
    lines: figure.querySelectorAll('.plot g.roof').length,
    rows: rows.filter((row) => !row.textContent.includes(' ceiling, ') && !row.textContent.includes('reported:')).length,
    live: live ? sets.filter((set) => set.pointRadius !== 0 && !(bars && set.series > 0)).reduce((n, set) => n + set.data.length, 0) : null,
    named: !!document.getElementById(figure.querySelector('svg').getAttribute('aria-labelledby')) && !!figure.querySelector('figcaption').textContent,
    finite: !figure.querySelector('.plot svg').outerHTML.match(/NaN|inf/i),
  };
});
"""


class Browser:
    def __init__(self, folder):
        driver = shutil.which("chromedriver") or shutil.which("chromium.chromedriver")
        program = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
        if not driver or not program:
            raise Skip("no chromium with chromedriver (make deps names them)")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        options = {"binary": program, "args": ARGS + [f"--user-data-dir={folder}/profile"]}
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        for attempt in range(100):
            try:
                self.session = self.base + "/session/" + self.send("POST", self.base + "/session", {"capabilities": wanted})["sessionId"]
                return
            except OSError:
                if attempt == 99 or self.process.poll() is not None:
                    self.process.kill()
                    raise
                time.sleep(0.1)

    @staticmethod
    def send(method, url, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, path, width=1280, scheme="light"):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.send("POST", self.session + "/url", {"url": pathlib.Path(path).resolve().as_uri()})

    def run(self, script):
        return self.send("POST", self.session + "/execute/sync", {"script": script, "args": []})

    def cdp(self, command, **params):
        return self.send("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": params})

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" and len(key) == 1 else {}
            self.cdp("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=32 if key == " " else 13, **text)

    def complaints(self):
        return [entry["message"] for entry in self.send("POST", self.session + "/se/log", {"type": "browser"})]

    def close(self):
        with contextlib.suppress(OSError):
            self.send("DELETE", self.session)
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def browser(box):
    opened = Browser(box.folder)
    try:
        yield opened
    finally:
        opened.close()


def make(box, files, options=""):
    code, out, err = box.run(f"tokmark report {files} -o report.html --force {options}")
    assert code == 0 and out == "" and err == "", f"exit {code}: {err}"
    return box.work / "report.html"


def many(box, files=2):
    subprocess.run([sys.executable, str(ROOT / "tests/cli/make_results.py"), str(files), "100", str(box.work / "made")], check=True)
    return f"made {RESULTS}"


def check_counts(page, ids, chart_js):
    seen = page.run(COUNT)
    assert [chart["id"] for chart in seen] == ids, seen
    for chart in seen:
        assert chart["marks"] + chart["bars"] == chart["rows"] > 0, chart
        assert chart["named"] and chart["finite"], chart
        assert chart["live"] == (chart["rows"] if chart_js else None), chart


IDS = ["output", "input", "interactivity", "roofline", "scaling", "busbw", "ops-1", "ops-2", "ops-3", "ops-4"]


def has_chart_js(box):
    make(box, RESULTS / "cpu-sweep.json")
    return "Chart.js v" in (box.work / "report.html").read_text(encoding="utf-8")


def test_every_chart_draws_what_its_table_says(box):
    with browser(box) as page:
        chart_js = has_chart_js(box)
        page.open(make(box, many(box)))
        check_counts(page, IDS, chart_js)
        assert page.run("return document.querySelectorAll('.plot g.roof').length") > 4
        assert page.run("return document.querySelector('#interactivity .claim') !== null")
        assert page.run("return document.body.textContent.includes('which tokens are counted is not stated')")
        assert page.run("return document.body.textContent.includes('not a serving benchmark')")
        assert not page.complaints()


def test_without_chart_js(box):
    with browser(box) as page:
        page.open(make(box, many(box), "--no-chart-js"))
        check_counts(page, IDS, False)
        assert page.run("return document.querySelectorAll('canvas, #charts').length") == 0
        page.run("document.querySelector('.sources input').click()")
        assert page.run("return document.querySelectorAll('.plot g.off').length") > 0
        assert not page.complaints()


def test_toggles(box):
    with browser(box) as page:
        chart_js = has_chart_js(box)
        page.open(make(box, many(box)))
        visible = "return Array.from(document.querySelectorAll('tr[data-source=\"%s\"]')).filter((row) => row.offsetParent).length"
        assert page.run(visible % 0) > 0 and page.run(visible % 1) > 0
        page.run("document.querySelector('.sources input[data-source=\"0\"]').focus()")
        page.press(" ", "Space")
        assert page.run(visible % 0) == 0 and page.run(visible % 1) > 0
        assert page.run("return Array.from(document.querySelectorAll('.plot g[data-source=\"0\"]')).every((g) => g.classList.contains('off'))")
        page.press(" ", "Space")
        assert page.run(visible % 0) > 0

        button = "document.querySelector('#output .legend button')"
        assert page.run(f"return {button}.getAttribute('aria-pressed')") == "true"
        page.run(f"{button}.focus()")
        page.press(" ", "Space")
        assert page.run(f"return {button}.getAttribute('aria-pressed')") == "false"
        assert page.run("return document.querySelector('#output g[data-series=\"0\"]').classList.contains('off')")
        assert not page.run("return document.querySelector('#output g[data-series=\"1\"]').classList.contains('off')")
        if chart_js:
            live = "return Chart.getChart(document.querySelector('#output canvas')).isDatasetVisible(%d)"
            assert not page.run(live % 0) and page.run(live % 1)
        assert not page.complaints()


def test_light_dark_phone_and_print(box):
    with browser(box) as page:
        path = make(box, many(box))
        papers = set()
        for width in (390, 1280):
            for scheme in ("light", "dark"):
                page.open(path, width, scheme)
                assert page.run("return document.documentElement.scrollWidth") == width, f"{width}: the page scrolls sideways"
                papers.add(page.run("return getComputedStyle(document.body).backgroundColor"))
        assert len(papers) == 2, papers
        page.cdp("Emulation.setEmulatedMedia", media="print")
        shown = page.run("return Array.from(document.querySelectorAll('.plot')).map((plot) => Array.from(plot.children)"
                         ".filter((child) => getComputedStyle(child).display !== 'none').map((child) => child.tagName.toLowerCase()).join())")
        assert set(shown) == {"svg"}, shown
        assert page.run("return document.querySelector('.sources').offsetParent") is None
        assert len(page.cdp("Page.printToPDF")["data"]) > 20000
        assert not page.complaints()


EVIL = ["<img src=x onerror=window.pwned=1>", "</script><script>window.pwned=1</script>", "\"' onmouseover='window.pwned=1' x=\"",
        "</title></style></table><svg onload=window.pwned=1>", "<!--<script>", "a\u2028b\u2029c", "\u202egnp.exe", "&lt;b&gt;", "javascript:window.pwned=1"]


def test_hostile_text_stays_text(box):
    with browser(box) as page:
        names = []
        for i, evil in enumerate(EVIL):
            result = json.loads((RESULTS / ("cpu-sweep.json" if i % 2 else "all-types.json")).read_text(encoding="utf-8"))
            result["host"]["hostname"] = result["devices"][0]["info"]["name"] = result["model"]["name"] = evil[:60]
            result["start_utc"] = evil[:25]
            result["tool"]["version"] = evil[:25]
            for point in result["points"]:
                point["key"] = evil + "/" + point["key"][-60:]
                if "model" in point["workload"]:
                    point["workload"]["model"] = evil
                if point["reason"]:
                    point["reason"] = evil
                for op in point["ops"] or []:
                    op["label"] = evil[:31]
            name = evil.replace("/", "|")[:80] + f"-{i}.json"
            (box.work / name).write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
            names.append(name)
        broken = box.work / "<script>window.pwned=1<|script>.json"
        broken.write_text('{"<img src=x onerror=window.pwned=1>": 1, "<img src=x onerror=window.pwned=1>": 2}', encoding="utf-8")
        for options in ("", "--no-chart-js"):
            code, _, err = box.run(f"tokmark report . -o report.html --force {options}")
            assert code == 1 and "this key stands twice" in err, f"exit {code}: {err}"
            page.open(box.work / "report.html")
            page.run("for (const e of document.querySelectorAll('*')) { if (e.matches('main *')) e.dispatchEvent(new Event('mouseover')); }")
            assert page.run("return typeof window.pwned") == "undefined"
            assert page.run("return document.querySelectorAll('img, iframe, object, embed, main script, [onload], [onerror], [onmouseover]').length") == 0
            assert page.run("return document.querySelectorAll('a[href^=\"javascript\"]').length") == 0
            text = page.run("return document.body.textContent")
            for evil in EVIL[:5]:
                assert evil in text, evil
            assert "\u202e" not in text and "\u2028" not in text
            assert "this key stands twice" in text
            page.run("document.querySelector('.sources input').click()")
            assert not page.complaints()
            # A script that got into the page all the same does not run: the policy names ours by hash.
            page.run("const s = document.createElement('script'); s.textContent = 'window.pwned = 1'; document.body.append(s);")
            assert page.run("return typeof window.pwned") == "undefined"
            assert any("Content Security Policy" in text for text in page.complaints())


def test_many_files_are_merged(box):
    with browser(box) as page:
        path = make(box, many(box, 40).split(" ", maxsplit=1)[0])
        assert path.stat().st_size < 2_000_000, path.stat().st_size
        page.open(path)
        text = page.run("return document.body.textContent")
        assert "40 results, 400 points on 4 devices" in text and "3,600 earlier ones are not shown" in text, text[:400]
        assert not page.complaints()
