// A Chromium, by the commands of W3C WebDriver, as chromedriver takes them over HTTP.
import { spawn } from "node:child_process";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
export const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));

export class Browser {
  static async start(chromium) {
    const port = 20000 + Math.floor(20000 * Math.random());
    const driver = spawn("chromedriver", [`--port=${port}`], { stdio: "ignore" });
    const browser = new Browser(driver, `http://127.0.0.1:${port}`);
    for (let turn = 0; ; turn++) {
      try { await fetch(`${browser.base}/status`); break; } catch (error) { if (turn > 100) throw error; await pause(100); }
    }
    const options = { args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] };
    if (chromium) options.binary = await whereIs(chromium);
    const capabilities = { alwaysMatch: { browserName: "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { browser: "ALL" } } };
    const { sessionId } = await browser.send("POST", "/session", { capabilities });
    browser.base += `/session/${sessionId}`;
    await browser.send("POST", "/timeouts", { script: 60000 });
    return browser;
  }

  constructor(driver, base) { this.driver = driver; this.base = base; }

  async send(method, path, body) {
    const answer = await fetch(this.base + path, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (value?.error) throw new Error(`${path}: ${value.message}`);
    return value;
  }

  async open(url, width, height) {
    await this.send("POST", "/goog/cdp/execute", { cmd: "Emulation.setDeviceMetricsOverride", params: { width, height, deviceScaleFactor: 1, mobile: width < 600 } });
    await this.send("POST", "/url", { url: "about:blank" });
    await this.send("POST", "/url", { url });
    await this.until("document.body.dataset.ready !== undefined");
    if (await this.run("document.body.dataset.ready") !== "yes") throw new Error("the page did not start");
  }

  run(expression) { return this.send("POST", "/execute/sync", { script: `return (${expression})`, args: [] }); }
  runAsync(script) { return this.send("POST", "/execute/async", { script: `const done = arguments[0]; ${script}`, args: [] }); }

  async until(expression, seconds = 30) {
    for (const end = Date.now() + 1000 * seconds; Date.now() < end; await pause(50)) if (await this.run(expression)) return true;
    return false;
  }

  find(selector) { return this.send("POST", "/element", { using: "css selector", value: selector }); }
  async click(selector) { await this.send("POST", `/element/${(await this.find(selector))[ELEMENT]}/click`, {}); }

  // Presses the button of a section that says `text`.
  async press(section, text) {
    await this.run(`[...document.querySelectorAll("#${section} button")].find(b => b.textContent === "${text}").click()`);
  }

  async keys(selector, text) { await this.send("POST", `/element/${(await this.find(selector))[ELEMENT]}/value`, { text }); }

  // Drags by mouse or by touch from one place of the window to another.
  async drag([x0, y0], [x1, y1], pointerType = "mouse") {
    const moves = [0.25, 0.5, 0.75, 1].map(share => ({ type: "pointerMove", duration: 40, x: Math.round(x0 + share * (x1 - x0)), y: Math.round(y0 + share * (y1 - y0)) }));
    const actions = [{ type: "pointerMove", duration: 0, x: Math.round(x0), y: Math.round(y0) }, { type: "pointerDown", button: 0 }, ...moves, { type: "pointerUp", button: 0 }];
    await this.send("POST", "/actions", { actions: [{ type: "pointer", id: pointerType, parameters: { pointerType }, actions }] });
    await this.send("DELETE", "/actions");
  }

  // The middle of an element, which is brought into view.
  async place(selector) {
    return this.run(`(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: "center", behavior: "instant" }); const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2, b.width, b.height]; })()`);
  }

  complaints() { return this.send("POST", "/se/log", { type: "browser" }); }

  async stop() {
    try { await this.send("DELETE", ""); } finally { this.driver.kill(); }
  }
}

async function whereIs(name) {
  const found = spawn("sh", ["-c", `command -v ${name}`], { stdio: ["ignore", "pipe", "ignore"] });
  let path = "";
  for await (const piece of found.stdout) path += piece;
  return path.trim();
}
