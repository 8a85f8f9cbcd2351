// Asks the crates, and lays out the widgets. Each widget is a function that `widget` calls once everything is ready.
const encoder = new TextEncoder(), decoder = new TextDecoder();
let wasm;
// With #record in the address every request and answer is kept, for the test that compares them with the native library's.
const record = location.hash === "#record" ? [] : null;

async function load() {
  const text = document.getElementById("wasm").textContent.trim();
  const packed = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = await new Response(stream).arrayBuffer();
  wasm = (await WebAssembly.instantiate(bytes, {})).instance.exports;
}

function ask(name, request = {}) {
  const text = JSON.stringify({ ask: name, ...request }), bytes = encoder.encode(text);
  const at = wasm.request(bytes.length);
  new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  const from = wasm.answer();
  const answer = decoder.decode(new Uint8Array(wasm.memory.buffer, from, wasm.answer_length()));
  if (record) record.push([text, answer]);
  const value = JSON.parse(answer);
  if (value && value.error !== undefined && Object.keys(value).length === 1) throw new Error(value.error);
  return value;
}

const widgets = [];
function widget(id, title, lesson, attempt, build) { widgets.push({ id, title, lesson, attempt, build }); }

// An element: attributes, then children; `on...` are listeners.
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// A slider with its name and its value in words. `change` is called while it moves.
function slider(name, { min, max, step, value, shown = String, change, id }) {
  const output = el("output", {}, shown(value));
  const input = el("input", { type: "range", min, max, step, value, id, oninput: () => { said(); change(Number(input.value)); } });
  const said = () => { output.textContent = shown(Number(input.value)); input.setAttribute("aria-valuetext", output.textContent); };
  said();
  const label = el("label", {}, el("span", { class: "row" }, name, output), input);
  return { label, input, set(to) { input.value = to; said(); } };
}

function choice(name, options, value, change, swatch) {
  const select = el("select", { onchange: () => change(select.value) },
    ...options.map(([key, text]) => el("option", { value: key, selected: key === value }, text)));
  const mark = el("span", { class: "swatch", hidden: !swatch });
  return { label: el("label", {}, mark, name, select), select, paint(colour) { mark.style.background = `var(${colour})`; } };
}

// Colour is function: these four have their own, any other takes one that the one beside it has not.
const OWN = { sigmoid: "--s0", tanh: "--s1", relu: "--s2", relu6: "--s3" };
function colours(names) {
  const free = ["--s1", "--s3", "--s0", "--s2"].filter(colour => !names.some(name => OWN[name] === colour));
  return names.map((name, which) => names.indexOf(name) < which ? free.shift() : OWN[name] ?? free.shift());
}

const button = (text, action, main) => el("button", { type: "button", class: main && "main", onclick: action }, text);

// A button that runs `tick` for every frame until it is pressed again, or until `tick` says false. One widget runs at a time.
let running = null;
function runner(text, tick) {
  const press = button(text, () => (running === own ? own.stop() : own.start()), true);
  const own = {
    press,
    start() { running?.stop(); running = own; press.textContent = "pause"; requestAnimationFrame(frame); },
    stop() { if (running === own) running = null; press.textContent = text; },
  };
  function frame() {
    if (running !== own) return;
    if (tick() === false) own.stop(); else requestAnimationFrame(frame);
  }
  return own;
}

function lay({ id, title, lesson, attempt, build }, number) {
  const link = el("span", { class: "lesson" }, "lesson: ",
    el("a", { href: `lab.html#${lesson}`, title: "a section of lab.html, which excite lab writes beside this file" }, lesson));
  const section = el("section", { id, "aria-labelledby": `${id}-title` },
    el("div", { class: "top" }, el("h2", { id: `${id}-title` }, el("span", { class: "number" }, number), title), link),
    el("p", { class: "try" }));
  section.querySelector(".try").innerHTML = attempt;
  document.querySelector("main").append(section);
  document.querySelector("nav").append(el("a", { href: `#${id}` }, `${number} ${title}`));
  build(section);
}

// Calls `draw` now and whenever the width of `element` changes.
function whenSized(element, draw) {
  let width = 0;
  new ResizeObserver(() => {
    const now = element.clientWidth;
    // In the next frame: a drawing may change sizes again.
    if (now !== width) { width = now; requestAnimationFrame(draw); }
  }).observe(element);
}

async function start() {
  try {
    await load();
    widgets.forEach((widget, index) => lay(widget, index + 1));
    document.body.dataset.ready = "yes";
    // The sections were not there when the address was read.
    if (location.hash && !record) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    document.querySelector("main").append(el("p", { class: "notice" },
      `This browser cannot run the page (${error.message}). It needs WebAssembly with SIMD and DecompressionStream: Chrome 91, Firefox 113, Safari 16.4 or later.`));
    document.body.dataset.ready = "no";
    throw error;
  }
}
