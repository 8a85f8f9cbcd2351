widget("one-neuron", "One neuron", "saturation-kills-gradients",
  "<b>Drag z to 4.</b> Sigmoid answers 0.98, and lets through less than 2 % of the gradient; eight such neurons in a row leave nothing.",
  section => {
    const catalogue = ask("catalogue");
    let paint = [];
    const REACH = 6, POINTS = 361;
    const state = { z: 1, names: ["sigmoid", "relu"] };
    const stage = el("div", { class: "stage plot" }), chain = el("div", { class: "plot" });
    const figures = el("dl", { class: "figures" }), advice = el("p", { class: "soft" });
    const z = slider("z, what the neuron is given", { min: -REACH, max: REACH, step: 0.05, value: state.z, id: "z", shown: figure, change: to => { state.z = to; moved(); } });
    const options = catalogue.map(f => [f.name, f.title]);
    const choices = [0, 1].map(which => choice(which ? "beside it" : "function", options, state.names[which], name => { state.names[which] = name; redraw(); }, true));
    section.append(el("div", { class: "board" }, stage,
      el("div", { class: "controls" }, z.label, choices[0].label, choices[1].label, figures, el("p", { class: "soft" }, "What 1, 2, … 8 such neurons in a row leave of a gradient of 1"), chain, advice)));
    let upper, lower, marker;

    function redraw() {
      const width = stage.clientWidth;
      if (!width) return;
      paint = colours(state.names);
      choices.forEach((choice, which) => choice.paint(paint[which]));
      const curves = state.names.map(name => ask("curve", { function: name, low: -REACH, high: REACH, points: POINTS }));
      const facts = state.names.map(name => ask("facts", { function: name }));
      const boxes = [el("div"), el("div")];
      stage.replaceChildren(...boxes);
      const x = { domain: [-REACH, REACH], ticks: [-6, -4, -2, 0, 2, 4, 6] };
      const compact = width < 480;
      const draw = (box, key, title, height, least) => {
        const all = curves.flatMap(curve => curve[key]).filter(Number.isFinite);
        const low = Math.max(-3, Math.min(-least[0], ...all)), high = Math.min(6.4, Math.max(least[1], ...all));
        const room = 0.06 * (high - low);
        const stride = high - low > 6 ? 2 : high - low > 3 ? 1 : 0.5;
        const ticks = [];
        for (let tick = Math.ceil(low / stride) * stride; tick <= high; tick += stride) ticks.push(tick);
        const c = chart(box, { width, height, x: { ...x, title: key === "gradient" ? "z" : "" }, y: { domain: [low - room, high + room], ticks, title }, bottom: key === "gradient" ? 48 : 22, gap: key === "gradient" ? 31 : 17 });
        const clip = `clip-${key}`;
        c.drawing.prepend(s("clipPath", { id: clip }, s("rect", { x: c.left, y: c.top - 4, width: width - c.left - c.right, height: height - c.top - c.bottom + 8 })));
        if (key === "gradient") facts.forEach((fact, which) => zones(c, fact, which));
        state.names.forEach((name, which) => {
          const step = 2 * REACH / (POINTS - 1);
          const points = curves[which][key].map((value, at) => [c.sx(-REACH + step * at), c.sy(Math.min(Math.max(value ?? 0, -50), 50))]);
          c.marks.append(s("path", { class: "curve", d: path(points), "clip-path": `url(#${clip})`, style: `stroke:var(${paint[which]})` }));
        });
        return c;
      };
      upper = draw(boxes[0], "value", "value f(z)", compact ? 210 : 250, [0, 1]);
      lower = draw(boxes[1], "gradient", compact ? "gradient f′(z); bars: under 5 % of its largest" : "gradient f′(z); a bar below marks where it is under 5 % of its largest", compact ? 170 : 200, [0, 1]);
      marker = [upper, lower].map(c => {
        const line = s("line", { y1: c.top, y2: c.height - c.bottom, style: "stroke:var(--ink);stroke-width:1.5px" });
        const dots = paint.map(colour => s("circle", { r: 5.5, style: `fill:var(${colour});stroke:var(--ground);stroke-width:2px` }));
        const cover = s("rect", { class: "drag", x: c.left, y: 0, width: width - c.left - c.right, height: c.height, fill: "transparent" });
        c.marks.append(line, ...dots, cover);
        draggable(cover, c.drawing, ([px]) => {
          state.z = Math.round(20 * Math.min(REACH, Math.max(-REACH, c.sx.back(px)))) / 20;
          z.set(state.z);
          moved();
        }, true);
        return { line, dots };
      });
      advice.textContent = state.names.map(name => catalogue.find(f => f.name === name)).map(f => `${f.title}: ${f.formula}`).join("  ·  ");
      moved();
    }

    // Where a function is saturated, as a bar over the axis in its colour.
    function zones(c, fact, which) {
      const bar = (from, to) => {
        const [left, right] = [c.sx(Math.max(from, -REACH)), c.sx(Math.min(to, REACH))];
        if (right > left) c.marks.append(s("rect", { x: left, y: c.height - c.bottom + 3 + 6 * which, width: right - left, height: 4, rx: 2, style: `fill:var(${paint[which]});opacity:.7` }));
      };
      if (fact.saturated_below !== null) bar(-REACH, fact.saturated_below);
      if (fact.saturated_above !== null) bar(fact.saturated_above, REACH);
    }

    function moved() {
      if (!upper) return;
      const neurons = state.names.map(name => ask("neuron", { function: name, z: state.z }));
      [[upper, "value"], [lower, "gradient"]].forEach(([c, key], at) => {
        const px = c.sx(state.z);
        marker[at].line.setAttribute("x1", px);
        marker[at].line.setAttribute("x2", px);
        marker[at].dots.forEach((dot, which) => { dot.setAttribute("cx", px); dot.setAttribute("cy", Math.max(c.top, c.sy(neurons[which][key]))); });
      });
      const row = (name, key) => [el("dt", {}, name), ...neurons.map((neuron, which) => el("dd", { style: `color:var(${paint[which]})`, "data-figure": `${key}-${which}` }, figure(neuron[key])))];
      figures.replaceChildren(...row("value", "value"), ...row("gradient", "gradient"));
      bars(neurons);
    }

    // The rest of the gradient, neuron after neuron.
    function bars(neurons) {
      const width = chain.clientWidth || 248, height = 86, count = neurons[0].through.length, slot = width / count;
      const drawing = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": neurons.map((neuron, which) => `${state.names[which]}: ${neuron.through.map(figure).join(", ")}`).join("; ") });
      neurons.forEach((neuron, which) => neuron.through.forEach((left, at) => {
        const size = Math.min(1, Math.abs(left)) * (height - 20);
        drawing.append(s("rect", { x: at * slot + 3 + which * (slot / 2 - 2), y: height - 18 - size, width: slot / 2 - 3, height: Math.max(size, 0.75), rx: 1.5, style: `fill:var(${paint[which]})` }));
      }));
      for (let at = 0; at < count; at++) drawing.append(s("text", { class: "m", x: (at + 0.5) * slot, y: height - 3 }, at + 1));
      chain.replaceChildren(drawing);
    }

    whenSized(stage, redraw);
  });
