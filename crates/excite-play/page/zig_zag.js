widget("zig-zag", "The zig-zag", "zig-zag",
  "<b>Press run: inputs that are all positive allow steps into two quadrants only, and the goal lies in neither.</b> Then set the mean to 0, and run again.",
  section => {
    const state = { mean: 0.5, batch: 1, rate: 0.6, seed: 1 };
    const VIEW = { x: [-0.55, 1.45], y: [-1.45, 0.55] };
    // The path before the last change, to compare with.
    let surface, now, walked = [], before = [];
    const plot = el("div", { class: "plot" }), cloud = el("div", { class: "plot" }), said = el("p", { class: "said", "aria-live": "polite" });
    let wait = 0;
    const run = runner("run", () => {
      // Slow enough to follow: some ten steps a second, then faster.
      wait += 1;
      if (now.step < 40 && wait % 4) return true;
      return step(now.step < 40 ? 1 : 3);
    });
    const change = (key, to) => { state[key] = to; reset(); };
    const batches = [1, 2, 4, 8, 16, 32, 64, 128, 500];
    const mean = slider("input mean", { min: -0.5, max: 1, step: 0.05, value: state.mean, shown: to => figure(to) + (to === 0.5 ? " (sigmoid’s own)" : to === 0 ? " (zero-mean)" : ""), change: to => change("mean", to) });
    const batch = slider("samples in a step", { min: 0, max: batches.length - 1, step: 1, value: 0, shown: at => batches[at] === 500 ? "all 500" : String(batches[at]), change: at => change("batch", batches[at]) });
    const rate = slider("learning rate × size of the inputs", { min: 0.1, max: 2.4, step: 0.1, value: state.rate, shown: figure, change: to => change("rate", to) });
    const stage = el("div", { class: "stage square" }, el("div", {}, plot, said), el("div", {}, el("p", { class: "soft" }, "The two inputs of 120 samples"), cloud));
    section.append(el("div", { class: "board" }, stage, el("div", { class: "controls" },
      el("div", { class: "buttons" }, run.press, button("step", () => { run.stop(); step(1); }), button("reset", () => { run.stop(); reset(); }), button("other samples", () => { run.stop(); state.seed++; reset(); })),
      mean.label, batch.label, rate.label,
      el("p", { class: "soft" }, "Two weights, no bias, half the squared error. The rings are of equal loss. The green quadrants are where a step by one sample may lead from here: the darker, the more samples. The grey path is the one before your last change."))));

    function reset() {
      const going = running === run;
      surface = ask("zig_zag", { mean: state.mean, batch: state.batch, rate: state.rate, seed: state.seed });
      now = surface.now;
      if (walked.length > 2) before = walked;
      walked = [...now.path];
      draw();
      drawCloud();
      if (going) run.start();
    }

    function step(count) {
      now = ask("zig_zag_step", { steps: count });
      walked.push(...now.path.slice(1));
      draw();
      return !now.has_arrived && !now.is_lost && now.step < 3000;
    }

    function draw() {
      const width = plot.clientWidth;
      if (!width) return;
      const size = Math.min(width, 560);
      const ticks = [-1, -0.5, 0, 0.5, 1];
      const c = chart(plot, { width: size, height: size + 8, left: 40, right: 10, top: 22, bottom: 36, x: { domain: VIEW.x, ticks: ticks.filter(t => t >= VIEW.x[0]), title: "first weight" }, y: { domain: VIEW.y, ticks: ticks.filter(t => t <= VIEW.y[1]), title: "second weight" } });
      const frame = { x: c.left, y: c.top, width: size - c.left - c.right, height: c.height - c.top - c.bottom };
      c.drawing.prepend(s("clipPath", { id: "zig-zag-clip" }, s("rect", frame)));
      const inside = s("g", { "clip-path": "url(#zig-zag-clip)" });
      const [wx, wy] = walked[walked.length - 1], [px, py] = [c.sx(wx), c.sy(wy)], far = 3 * size;
      if (!now.has_arrived) [[1, -1], [-1, -1], [-1, 1], [1, 1]].forEach(([right, down], quadrant) => {
        const share = now.quadrants[quadrant];
        if (share > 0) inside.append(s("rect", { x: right > 0 ? px : px - far, y: down > 0 ? py : py - far, width: far, height: far, style: `fill:var(--linear);opacity:${(0.12 + 0.5 * share).toFixed(2)}` }));
      });
      surface.contours.forEach(contour => inside.append(s("path", { d: path(contour.map(([x, y]) => [c.sx(x), c.sy(y)])) + "Z", style: "fill:none;stroke:var(--axis);stroke-width:1px" })));
      inside.append(s("path", { class: "curve", d: path(before.map(([x, y]) => [c.sx(x), c.sy(y)])), style: "stroke:var(--axis);stroke-width:1.2px;opacity:.7" }));
      const points = walked.map(([x, y]) => [c.sx(x), c.sy(y)]);
      inside.append(s("path", { class: "curve", d: path(points), style: "stroke:var(--s0);stroke-width:1.8px" }));
      if (points.length < 120) points.forEach(([x, y]) => inside.append(s("circle", { cx: x, cy: y, r: 2.4, style: "fill:var(--s0)" })));
      inside.append(s("circle", { cx: px, cy: py, r: 6, style: "fill:var(--s0);stroke:var(--ground);stroke-width:2px" }));
      const [gx, gy] = [c.sx(surface.optimum[0]), c.sy(surface.optimum[1])];
      inside.append(s("circle", { cx: gx, cy: gy, r: 6, style: "fill:none;stroke:var(--ink);stroke-width:2px" }), s("circle", { cx: gx, cy: gy, r: 1.8, style: "fill:var(--ink)" }),
        s("text", { class: "halo strong", x: gx + 11, y: gy + 4 }, "goal"), s("text", { class: "halo", x: c.sx(0) - 8, y: c.sy(0) - 9, "text-anchor": "end" }, "start"));
      c.marks.append(inside);
      const allowed = now.quadrants.filter(share => share > 0).length;
      said.textContent = now.is_lost ? `Lost after ${now.step} steps: the rate is too high.`
        : `${now.has_arrived ? "Arrived after" : "Step"} ${now.step}${now.has_arrived ? " steps" : ""}. ` + (now.has_arrived ? "" : `${["", "One quadrant", "Two quadrants", "Three quadrants", "All four quadrants"][allowed]} allowed from here. `) + (now.detour ? `The path is ${figure(now.detour)} × as long as the straight line.` : "");
    }

    function drawCloud() {
      const width = Math.min(cloud.clientWidth || 200, 220), height = width;
      const reach = 1.55, sx = linear([-reach, reach], [0, width]), sy = linear([-reach, reach], [height, 0]);
      const drawing = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `inputs with a mean of ${state.mean}`, style: "overflow:hidden" },
        s("line", { class: "axis", x1: 0, x2: width, y1: sy(0), y2: sy(0) }), s("line", { class: "axis", x1: sx(0), x2: sx(0), y1: 0, y2: height }),
        ...surface.inputs.map(([x, y]) => s("circle", { cx: sx(x), cy: sy(y), r: 2.2, style: "fill:var(--near);opacity:.75" })),
        s("text", { class: "e", x: width - 2, y: sy(0) - 5 }, "first"), s("text", { x: sx(0) + 5, y: 12 }, "second"));
      cloud.replaceChildren(drawing);
    }

    reset();
    whenSized(stage, () => { draw(); drawCloud(); });
  });
