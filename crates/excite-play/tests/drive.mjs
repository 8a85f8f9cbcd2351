// Uses the page as a reader would, in Chromium, by mouse, touch and keyboard. Prints what was looked at and whether it was as it should be,
// and everything that the page asked the library with the answers it got.
import { pathToFileURL } from "node:url";
import { Browser, pause } from "./webdriver.mjs";

const url = pathToFileURL(process.argv[2]).href + "#record";
const checks = [], records = [];
const check = (what, held) => checks.push([what, Boolean(held)]);
const browser = await Browser.start(process.env.CHROMIUM);
const text = selector => browser.run(`document.querySelector(${JSON.stringify(selector)}).textContent`);
const deadLines = side => browser.run(`[...document.querySelectorAll("#half-plane .stage > div")][${side}].querySelectorAll(".units .dead").length`);

// Runs a widget until its last answer says `step` or later; gives the frames a second meanwhile.
async function trainUntil(section, button, ask, step) {
  await browser.press(section, button);
  const rate = await browser.runAsync(`
    let frames = 0; const from = performance.now();
    const frame = () => { frames++; const passed = performance.now() - from; passed < 2000 ? requestAnimationFrame(frame) : done(1000 * frames / passed); };
    requestAnimationFrame(frame);`);
  const reached = await browser.until(`(() => { const last = record.findLast(([request]) => request.includes(${JSON.stringify(ask)})); const answer = JSON.parse(last[1]); return (answer[0] ?? answer).step >= ${step}; })()`);
  await browser.run(`document.querySelector("#${section} button.main").textContent === "pause" && document.querySelector("#${section} button.main").click()`);
  return reached ? rate : 0;
}

async function oneNeuron() {
  const [x, y, width] = await browser.place("#one-neuron .stage svg .drag");
  const before = await text("#one-neuron [data-figure=gradient-0]");
  await browser.drag([x, y], [x + width * 4 / 12, y]);
  check("dragging z moves the slider", Math.abs(await browser.run(`Number(document.querySelector("#z").value)`) - 4) < 0.11);
  const after = await text("#one-neuron [data-figure=gradient-0]");
  check(`the gradient of sigmoid falls from ${before} to ${after}`, Number(after) < 0.02 && Number(before) > 0.1);
  await browser.keys("#z", "\uE012\uE012");
  check("arrow keys move z", Math.abs(await browser.run(`Number(document.querySelector("#z").value)`) - 3.9) < 0.11);
}

async function halfPlane(pointer) {
  const rate = await trainUntil("half-plane", "train", "half_plane_train", 300);
  check(`the half-plane trains at 30 frames a second (${rate.toFixed(0)})`, rate >= 30);
  check("no line is dead before one is dragged", await deadLines(0) === 0);
  const [cx, cy, width] = await browser.place("#half-plane .stage > div svg");
  const [x, y] = await browser.place("#half-plane .stage > div svg .handle[aria-label='unit 2: move the line']");
  const [mx, my] = await browser.place("#half-plane .stage > div svg");
  const shift = [mx - cx, my - cy], from = [x + shift[0], y + shift[1]];
  const here = await browser.run(`(() => { const b = document.querySelector("#half-plane .stage > div svg .handle[aria-label='unit 2: move the line']").getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()`);
  const out = [here[0] - mx, here[1] - my], length = Math.hypot(...out), far = 0.47 * width;
  await browser.drag(here, [mx + far * out[0] / length, my + far * out[1] / length], pointer);
  check(`a ReLU dragged off the cloud by ${pointer} is dead and red`, await deadLines(0) === 1 && await deadLines(1) === 0
    && await browser.run(`getComputedStyle(document.querySelector("#half-plane .handle[data-dead=true] .ring")).fill === getComputedStyle(document.querySelector("#half-plane .units .dead")).color`));
  const line = `JSON.stringify((() => { const u = JSON.parse(record.findLast(([r]) => r.includes("half_plane_train"))[1])[0].units[1]; return [u.weights, u.bias]; })())`;
  const still = await browser.run(line);
  await trainUntil("half-plane", "train", "half_plane_train", 1500);
  check("training never moves it", await browser.run(line) === still && await deadLines(0) === 1);
  const fires = await browser.run(`JSON.parse(record.findLast(([r]) => r.includes("half_plane_train"))[1])[1].units[1].fires`);
  check(`the leaky one beside it fires again (for ${fires} points)`, fires > 10);
  await browser.keys("#half-plane .handle[aria-label='unit 2: move the line']", "\uE015".repeat(18));
  check("arrow keys bring the line back", await deadLines(0) === 0);
}

async function learningRate() {
  await browser.run(`(() => { const rate = document.querySelector("#rate"); rate.value = Math.log10(3); rate.dispatchEvent(new Event("input")); })()`);
  const rate = await trainUntil("learning-rate", "train", "learning_rate_train", 60);
  check(`four networks train at 30 frames a second (${rate.toFixed(0)})`, rate >= 30);
  const shown = await browser.run(`[...document.querySelectorAll("#learning-rate .cells")].map(cells => cells.querySelectorAll("[data-kind=dead]").length)`);
  const computed = await browser.run(`JSON.parse(record.findLast(([r]) => r.includes("learning_rate_train"))[1]).map(network => network.dead)`);
  check(`as many red cells as dead units (${shown.join(", ")})`, shown.join() === computed.join() && shown[2] > 5);
  check("dead cells are red", await browser.run(`(() => { const probe = document.createElement("i"); probe.style.color = "var(--dead)"; document.body.append(probe); const red = getComputedStyle(probe).color; probe.remove(); return [...document.querySelectorAll("#learning-rate [data-kind=dead]")].every(cell => getComputedStyle(cell).backgroundColor === red); })()`));
  await browser.run(`document.querySelector("#learning-rate [data-kind=dead]").click()`);
  check("a dead cell says when and why", /died at step \d+, pushed most by|dead from the start/.test(await text("#learning-rate .stage .said")));
}

async function others() {
  check("the zig-zag arrives", await trainUntil("zig-zag", "run", "zig_zag_step", 45) && await browser.run(`JSON.parse(record.findLast(([r]) => r.includes("zig_zag_step"))[1]).quadrants.filter(share => share > 0).length`) === 2);
  await browser.run(`(() => { const depth = document.querySelector("#depth-layers"); depth.value = 20; depth.dispatchEvent(new Event("input")); })()`);
  check("the first of 20 layers gets next to nothing", await browser.until(`(() => { const [request, answer] = record.findLast(([r]) => r.includes('"depth"') && r.includes("sigmoid")); const g = JSON.parse(answer).gradients; return g.length === 20 && g[0] < 1e-10 * g[19]; })()`));
  check("the network of the bits is trained", await browser.until(`document.querySelector("#bits .boxes .box")`));
  const before = await text("#bits .boxes");
  await browser.keys("#integer", "\uE014");
  check(`the point moves (${before} to ${await text("#bits .boxes")})`, await browser.run(`document.querySelectorAll("#bits .box.integer").length`) === 4);
}

try {
  for (const [width, height, pointer] of [[1280, 900, "mouse"], [390, 800, "touch"]]) {
    await browser.open(url, width, height);
    await pause(300);
    check(`nothing is wider than ${width} pixels`, await browser.run(`document.documentElement.scrollWidth <= ${width} && innerWidth <= ${width}`));
    if (width > 600) await oneNeuron();
    await halfPlane(pointer);
    if (width > 600) {
      await learningRate();
      await others();
    }
    records.push(await browser.run("record"));
    const complaints = (await browser.complaints()).filter(({ level }) => level === "SEVERE");
    check(`no errors in the console ${complaints.map(({ message }) => message).join("; ")}`, complaints.length === 0);
  }
} finally {
  await browser.stop();
}
process.stdout.write(JSON.stringify({ checks, records }));
