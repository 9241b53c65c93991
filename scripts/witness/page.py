#!/usr/bin/env python3
"""Uses the audit's HTML report as a person does, in headless Chromium, from a file.

    page.py DRIVER RICH LARGE [SHOTS]

RICH and LARGE are pages of the tests' samples. It looks, searches, filters, follows a cell to its
finding, copies a command, and measures the large page; nothing may leave the page, and no text of it
may run. With SHOTS, screenshots go there. Prints what it measured, and a line per thing that is wrong.
"""

import base64
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# Milliseconds of computing that opening and filtering may take, with room for a slow machine.
LOAD, FILTER = 4000, 400


class Browser(webdriver.Chrome):
    def __init__(self, driver, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for switch in ["headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
                       "disable-background-networking", "disable-component-update", "disable-sync",
                       "disable-dev-shm-usage", "hide-scrollbars", f"user-data-dir={profile}"]:
            options.add_argument(f"--{switch}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        super().__init__(options=options, service=webdriver.ChromeService(driver))

    def size(self, width, height):
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def prefer(self, scheme, media=""):
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": media, "features": [
                {"name": "prefers-color-scheme", "value": scheme},
                # Nothing moves while it is clicked.
                {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def shoot(self, path):
        height = self.execute_script("return document.documentElement.scrollHeight")
        shot = self.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": self.execute_script("return innerWidth"),
                     "height": min(height, 7000), "scale": 1}})
        path.write_bytes(base64.b64decode(shot["data"]))

    def one(self, selector):
        return self.find_element(By.CSS_SELECTOR, selector)

    def count(self, selector):
        return self.execute_script("return document.querySelectorAll(arguments[0]).length", selector)


def requests(browser):
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            yield message["params"]["request"]["url"]


def use(browser, page):
    """What a person does with the page; yields what is wrong with it."""
    browser.size(1280, 900)
    browser.prefer("light")
    browser.get(page)
    findings = browser.count("#findings .finding")
    visible = "#findings .finding:not([hidden])"
    rows = ".matrix tbody:not([hidden]) tr:not(.ou):not([hidden])"
    everything = browser.count(rows)

    if browser.execute_script("return window.hostile"):
        yield "a name of an account ran as a script"
    if browser.count("main script, main img, [onerror]"):
        yield "a name of an account became an element"

    body = browser.one("body")
    body.send_keys("/")
    search = browser.one("#search")
    if browser.switch_to.active_element != search:
        yield "the slash key does not lead to the search"
    search.send_keys("private dns")
    if not 0 < browser.count(visible) < findings:
        yield "the search does not filter the findings"
    search.send_keys(Keys.ESCAPE)
    if browser.count(visible) != findings or search.get_property("value"):
        yield "the escape key does not end the filter"

    browser.one(".toggle[data-severity=high]").click()
    if browser.count(visible) != browser.count("#findings .sev-high:not([hidden])"):
        yield "the filter by severity lets others through"
    browser.one("#new").click()
    if browser.count(visible) != browser.count("#findings .sev-high[data-new]"):
        yield "the filter for new findings lets others through"
    browser.one("#clear").click()
    browser.one("#matters").click()
    if not 0 < browser.count(rows) < everything:
        yield "accounts in sync are not hidden"
    browser.one("#clear").click()

    link = browser.one(".matrix td.missing a")
    finding = link.get_attribute("hash")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
    link.send_keys(Keys.ENTER)
    time.sleep(0.2)
    if browser.one(finding).get_attribute("open") is None:
        yield "a cell does not open its finding"
    copy = browser.one(f"{finding} .copy")
    command = browser.one(f"{finding} .command code").text
    browser.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", copy)
    time.sleep(0.6)
    copy.click()
    time.sleep(0.2)
    if copy.text != "Copied":
        yield f"the command is not copied: {copy.text}"
    search.clear()
    browser.execute_script("arguments[0].focus(); document.execCommand('paste')", search)
    search.send_keys(Keys.CONTROL, "v")
    if search.get_property("value") != command:
        yield f"copied was {search.get_property('value')!r}, not {command!r}"
    browser.one("#clear").click()

    browser.execute_script("scrollTo(0, 0)")
    before = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    browser.one("#theme").click()
    if before == browser.execute_script("return getComputedStyle(document.body).backgroundColor"):
        yield "the theme does not change"
    browser.size(390, 844)
    if browser.execute_script("return document.documentElement.scrollWidth > innerWidth"):
        yield "a narrow page is wider than its window"


def worked(browser):
    """Milliseconds that the page's thread has computed since it was opened, whatever else the machine did."""
    metrics = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(one["value"] for one in metrics if one["name"] == "TaskDuration") * 1000


def measure(browser, page):
    """How much work the large page is; yields what is too much."""
    browser.size(1280, 900)
    browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    browser.get("about:blank")
    before = worked(browser)
    browser.get(page)
    opened = worked(browser)
    texts = ["p", "payments", "payments-data", "nothing at all", ""]
    for text in texts:
        browser.execute_script("""
            const search = document.getElementById('search');
            search.value = arguments[0];
            search.dispatchEvent(new Event('input'));
            document.body.getBoundingClientRect();
        """, text)
    load, filtering = opened - before, (worked(browser) - opened) / len(texts)
    size = Path(page.removeprefix("file://")).stat().st_size
    print(f"large page: {size:,} bytes, opens in {load:.0f} ms and filters in {filtering:.0f} ms of computing")
    if load > LOAD or filtering > FILTER:
        yield f"the large page is slow: {load:.0f} ms, {filtering:.0f} ms"


def shoot(browser, page, shots):
    shots.mkdir(parents=True, exist_ok=True)
    for name, width, scheme in [("light", 1280, "light"), ("dark", 1280, "dark"), ("narrow", 390, "light")]:
        browser.size(width, 900)
        browser.prefer(scheme)
        browser.get("about:blank")
        browser.get(page)
        browser.execute_script("document.querySelectorAll('#findings .finding').forEach((f, n) => { f.open = n < 2 || n == 4 })")
        time.sleep(0.3)
        browser.shoot(shots / f"{name}.png")
    browser.prefer("dark")
    browser.get("about:blank")
    browser.get(page)
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
    (shots / "print.pdf").write_bytes(base64.b64decode(printed["data"]))


def main():
    driver, rich, large, *shots = sys.argv[1:]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        # A browser tells by the name what a file is.
        pages = []
        for name, page in [("rich", rich), ("large", large)]:
            copy = Path(folder) / f"{name}.html"
            shutil.copy(page, copy)
            pages.append(copy.as_uri())
        browser = Browser(driver, Path(folder) / "profile")
        try:
            wrong += use(browser, pages[0])
            wrong += measure(browser, pages[1])
            wrong += [f"the page asked for {url[:100]}" for url in requests(browser) if url not in pages and not url.startswith(("chrome:", "about:", "data:"))]
            wrong += [f"the browser says: {entry['message']}" for entry in browser.get_log("browser")]
            if shots:
                shoot(browser, pages[0], Path(shots[0]) / "rich")
                shoot(browser, pages[1], Path(shots[0]) / "large")
        finally:
            browser.quit()
    for line in wrong:
        print(f"html: {line}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
