// Drawing: SVG at the size shown, scales and axes.
function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Three significant digits.
function figure(value) {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e5) {
    const [digits, power] = value.toExponential(1).split("e");
    return `${digits.replace("-", "−")}·10${superscript(Number(power))}`;
  }
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
const superscript = power => String(power).replace(/./g, letter => "⁰¹²³⁴⁵⁶⁷⁸⁹"["0123456789".indexOf(letter)] ?? "⁻");
const percent = share => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))} %`;

// A scale from values to pixels, and back.
function linear([a, b], [from, to]) {
  const scale = value => from + (value - a) / (b - a) * (to - from);
  scale.back = pixel => a + (pixel - from) / (to - from) * (b - a);
  return scale;
}
function logarithmic([a, b], range) {
  const scale = linear([Math.log10(a), Math.log10(b)], range);
  return value => scale(Math.log10(Math.min(Math.max(value, a), b)));
}

const path = points => points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

// A chart with axes: `x` and `y` are {domain, ticks, log, title}. Gives the drawing, the scales and the room for marks.
function chart(box, { width, height, x, y, left = 44, right = 16, top = 22, bottom = 34, gap = 17 }) {
  const drawing = s("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  const of = (axis, range) => (axis.log ? logarithmic : linear)(axis.domain, range);
  const sx = of(x, [left, width - right]), sy = of(y, [height - bottom, top]);
  const back = s("g"), marks = s("g");
  for (const tick of y.ticks) {
    back.append(s("line", { class: "grid", x1: left, x2: width - right, y1: sy(tick), y2: sy(tick) }),
      s("text", { class: "e", x: left - 7, y: sy(tick) + 4 }, (y.format ?? figure)(tick)));
  }
  for (const tick of x.ticks) {
    back.append(s("text", { class: "m", x: sx(tick), y: height - bottom + gap }, (x.format ?? figure)(tick)));
  }
  back.append(s("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }));
  if (x.title) back.append(s("text", { class: "e", x: width - right, y: height - 1 }, x.title));
  if (y.title) back.append(s("text", { x: 0, y: 12 }, y.title));
  drawing.append(back, marks);
  box.replaceChildren(drawing);
  return { drawing, marks, sx, sy, left, right, top, bottom, width, height };
}

// Powers of ten from one to another, at most about `most` of them.
function decades(low, high, most = 6) {
  const from = Math.floor(Math.log10(low)), to = Math.ceil(Math.log10(high));
  const stride = Math.max(1, Math.ceil((to - from) / most));
  const ticks = [];
  for (let power = to; power >= from; power -= stride) ticks.push(10 ** power);
  return ticks;
}
const power10 = value => `10${superscript(Math.round(Math.log10(value)))}`;

// Names at the ends of lines, moved apart where they would overlap, and kept above `bottom`: [{x, y, text, colour}].
function names(marks, ends, bottom = Infinity) {
  const sorted = [...ends].sort((a, b) => a.y - b.y);
  sorted.forEach((end, at) => { if (at && end.y - sorted[at - 1].y < 15) end.y = sorted[at - 1].y + 15; });
  for (let at = sorted.length - 1, limit = bottom; at >= 0; at--, limit -= 15) sorted[at].y = Math.min(sorted[at].y, limit);
  for (const end of sorted) {
    marks.append(s("text", { x: end.x, y: end.y + 4, class: `halo ${end.anchor ?? ""}`, style: `fill:var(${end.colour});font-weight:600` }, end.text));
  }
}

// Follows a pointer from press to release over `element`: `move` gets the place in it, in pixels of the drawing. A finger that moves it
// does not scroll the page; where only a sideways move counts (`sideways`), up and down still scroll.
function draggable(element, drawing, move, sideways = false) {
  // Chromium heeds touch-action of a whole drawing, and not of its parts.
  if (sideways) drawing.style.touchAction = "pan-y";
  else element.addEventListener("touchstart", event => event.preventDefault(), { passive: false });
  const at = event => { const box = drawing.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  element.addEventListener("pointerdown", event => {
    event.preventDefault();
    element.focus?.({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    move(at(event));
  });
  element.addEventListener("pointermove", event => { if (element.hasPointerCapture(event.pointerId)) move(at(event)); });
}
