widget("depth", "Depth", "saturation-kills-gradients",
  "<b>Make the network 20 layers deep.</b> Behind sigmoid the first layer gets a trillionth of the gradient: no unit is saturated, but each layer keeps a quarter at most.",
  section => {
    const state = { depth: 10, scale: 1, names: ["sigmoid", "relu"] };
    const SEED = 1;
    let paint = [];
    const plot = el("div", { class: "plot" }), said = el("p", { class: "said", "aria-live": "polite" });
    const options = ask("catalogue").map(f => [f.name, f.title]);
    const choices = [0, 1].map(which => choice(which ? "beside it" : "function", options, state.names[which], name => { state.names[which] = name; compute(); }, true));
    const depth = slider("hidden layers", { min: 2, max: 20, step: 1, value: state.depth, id: "depth-layers", change: to => { state.depth = to; compute(); } });
    const scale = slider("size of the weights", { min: -2, max: 2, step: 0.25, value: 0, shown: to => `× ${figure(2 ** to)}`, change: to => { state.scale = 2 ** to; compute(); } });
    const stage = el("div", { class: "stage" }, plot, said);
    section.append(el("div", { class: "board" }, stage, el("div", { class: "controls" },
      depth.label, scale.label, choices[0].label, choices[1].label,
      el("p", { class: "soft" }, "Networks of 64 units a layer on 64 digits, before the first step. The thin line is what the function’s largest gradient alone leaves, from the last layer back: for sigmoid a quarter a layer."))));
    const title = which => choices[which].select.selectedOptions[0].textContent;
    let found, asked = 0;

    // At most once a frame, while a slider moves.
    function compute() {
      const turn = ++asked;
      requestAnimationFrame(() => {
        if (turn !== asked) return;
        paint = colours(state.names);
        choices.forEach((choice, which) => choice.paint(paint[which]));
        found = state.names.map(name => ask("depth", { function: name, depth: state.depth, scale: state.scale, seed: SEED }));
        draw();
      });
    }

    function draw() {
      const width = plot.clientWidth;
      if (!width || !found) return;
      const values = found.flatMap(of => [...of.gradients, ...(of.by_slope ?? [])]).filter(value => value > 0);
      const low = Math.max(1e-24, Math.min(1e-2, ...values)), high = Math.min(1e12, Math.max(10, ...values));
      const ticks = decades(low, high);
      const layers = found[0].gradients.length, stride = layers > 12 ? (width < 480 ? 3 : 2) : 1;
      const c = chart(plot, { width, height: width < 480 ? 300 : 380, left: 48, right: 78,
        x: { domain: [1, Math.max(2, layers)], ticks: Array.from({ length: layers }, (_, at) => at + 1).filter(layer => (layer - 1) % stride === 0 && layers - layer >= stride || layer === layers), title: "hidden layer" },
        y: { log: true, domain: [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))], ticks, format: power10, title: "gradient by the layer’s weights, logarithmic" } });
      const ends = [];
      found.forEach((of, which) => {
        const line = values => values.map((value, at) => [c.sx(at + 1), c.sy(value ?? 1e-30)]);
        const largest = ask("facts", { function: state.names[which] }).largest_gradient;
        if (of.by_slope && largest < 1) {
          const [x, y] = line(of.by_slope)[Math.floor(0.45 * layers)];
          c.marks.append(s("text", { class: "halo e", x: x - 8, y: y - 8, style: `fill:var(${paint[which]})` }, `${figure(largest)} a layer`));
        }
        if (of.by_slope) c.marks.append(s("path", { d: path(line(of.by_slope)), style: `fill:none;stroke:var(${paint[which]});stroke-width:1px;opacity:.7` }));
        const points = line(of.gradients);
        c.marks.append(s("path", { class: "curve", d: path(points), style: `stroke:var(${paint[which]})` }));
        points.forEach(([x, y]) => c.marks.append(s("circle", { cx: x, cy: y, r: 3.2, style: `fill:var(${paint[which]})` })));
        const [x, y] = points[points.length - 1];
        ends.push({ x: x + 8, y, text: title(which), colour: paint[which] });
      });
      names(c.marks, ends);
      said.textContent = found.map((of, which) => {
        const last = of.gradients[of.gradients.length - 1], kept = last > 0 ? of.gradients[0] / last : 0;
        const saturated = of.saturated.reduce((sum, share) => sum + share, 0) / of.saturated.length;
        return `${title(which)}: the first layer gets ${figure(kept)} × the gradient of the last; ${percent(saturated)} of its values have a gradient under 5 % of the largest.`;
      }).join(" ");
    }

    compute();
    whenSized(stage, draw);
  });
