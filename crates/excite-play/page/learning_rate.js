widget("learning-rate", "The learning rate", "dead-from-learning-rate",
  "<b>Press train; then set the rate to 1 and watch again.</b> ReLU’s units turn red at the step that kills them. Tap a red one: it says whether its own weights did it, or the layers before.",
  section => {
    const LAYERS = 4, UNITS = 16, EPOCH = 45;
    const NAMES = ["sigmoid", "tanh", "relu", "relu6"], TITLES = ["Sigmoid", "Tanh", "ReLU", "ReLU6"], COLOURS = ["--s0", "--s1", "--s2", "--s3"];
    const state = { rate: 0.1, seed: 1 };
    let networks, losses, chosen = null;
    const panels = NAMES.map((name, which) => {
      const cells = Array.from({ length: LAYERS * UNITS }, (_, at) => el("button", { type: "button", class: "cell", tabindex: at ? -1 : 0, onclick: () => choose(which, at), onkeydown: event => walk(event, which, at) }));
      const said = el("p", { class: "soft figures-line" });
      const grid = el("div", { class: "cells", role: "group", "aria-label": `${TITLES[which]}: ${LAYERS} layers of ${UNITS} units` }, ...cells);
      return { cells, said, box: el("div", {}, el("p", { class: "title" }, el("span", { class: "swatch", style: `background:var(${COLOURS[which]})` }), TITLES[which]), grid, said) };
    });
    const loss = el("div", { class: "plot" }), gradient = el("div", { class: "plot" });
    const why = el("p", { class: "said", "aria-live": "polite" });
    const run = runner("train", () => train(1));
    const rate = slider("learning rate", { min: -2, max: 1, step: 0.05, value: Math.log10(state.rate), shown: to => figure(10 ** to), id: "rate", change: to => { state.rate = Number((10 ** to).toPrecision(2)); reset(); } });
    const stage = el("div", { class: "stage" }, el("div", { class: "four" }, ...panels.map(panel => panel.box)), why, el("div", { class: "stage two" }, loss, gradient));
    section.append(el("div", { class: "board" }, stage, el("div", { class: "controls" },
      el("div", { class: "buttons" }, run.press, button("step", () => { run.stop(); train(1); }), button("reset", () => { run.stop(); reset(); }), button("other weights", () => { run.stop(); state.seed++; reset(); })),
      rate.label,
      el("p", { class: "soft" }, "64 units in four layers of 16 learn 1,437 handwritten digits, in batches of 32 by plain gradient descent: four networks, from the same random numbers."),
      el("ul", { class: "key" },
        el("li", {}, el("span", { class: "swatch", style: "background:var(--linear)" }), "passes a gradient"),
        el("li", {}, el("span", { class: "swatch", style: "background:var(--saturated)" }), "saturated for over 95 % of the digits"),
        el("li", {}, el("span", { class: "swatch", style: "background:var(--dead)" }), "dead: no gradient for any of 256 digits")))));

    function reset() {
      const going = running === run;
      networks = ask("learning_rate", { functions: NAMES, rate: state.rate, seed: state.seed });
      losses = NAMES.map(() => []);
      chosen = null;
      show();
      if (going) run.start();
    }

    function train(steps) {
      networks = ask("learning_rate_train", { steps });
      networks.forEach((network, which) => { if (network.loss !== null && losses[which].length < network.step) losses[which].push(network.loss); });
      show();
      return networks.some(network => !network.has_diverged) && networks[0].step < 60 * EPOCH;
    }

    function show() {
      networks.forEach((network, which) => {
        const { cells, said } = panels[which];
        network.units.forEach((unit, at) => {
          const kind = unit.death ? "dead" : unit.is_saturated ? "saturated" : "sound";
          const cell = cells[at];
          if (cell.dataset.kind !== kind) cell.dataset.kind = kind;
          cell.style.opacity = kind === "sound" ? 1 - 0.72 * unit.flat : 1;
          cell.setAttribute("aria-label", words(which, at));
          cell.classList.toggle("chosen", chosen !== null && chosen[0] === which && chosen[1] === at);
        });
        said.replaceChildren(network.error === null ? "not trained yet" : `${percent(network.error)} read wrong`, el("br"),
          network.has_diverged ? el("span", { class: "bad" }, "diverged") : network.dead ? el("span", { class: "bad", "data-dead": network.dead }, `${network.dead} of ${LAYERS * UNITS} dead`) : el("span", {}, "none dead"));
      });
      why.textContent = chosen ? `${TITLES[chosen[0]]}, ${words(...chosen)}.` : networks[0].step ? `Step ${networks[0].step}, epoch ${Math.ceil(networks[0].step / EPOCH)}.` : "Before the first step. Tap a unit to see what it does.";
      drawLoss();
      drawGradient();
    }

    function words(which, at) {
      const unit = networks[which].units[at], place = `layer ${Math.floor(at / UNITS) + 1}, unit ${at % UNITS + 1}: `;
      const causes = { "own weights": "its own weights", "own bias": "its own bias", upstream: "the layers before it", "first weights": "its first weights" };
      if (unit.death) return place + (unit.death.step ? `died at step ${unit.death.step}, pushed most by ${causes[unit.death.cause]}` : "dead from the start, by its first weights");
      return `${place}its gradient is small or 0 for ${percent(unit.flat)} of the digits`;
    }

    function choose(which, at) { chosen = [which, at]; show(); }

    function walk(event, which, at) {
      const to = at + ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -UNITS, ArrowDown: UNITS }[event.key] ?? 0);
      if (to === at || to < 0 || to >= LAYERS * UNITS) return;
      event.preventDefault();
      const { cells } = panels[which];
      cells[at].tabIndex = -1;
      cells[to].tabIndex = 0;
      cells[to].focus();
      choose(which, to);
    }

    function drawLoss() {
      const width = loss.clientWidth;
      if (!width) return;
      const steps = Math.max(2 * EPOCH, ...losses.map(of => of.length)), epochs = Math.ceil(steps / EPOCH), stride = Math.ceil(epochs / 6);
      const top = Math.min(6, Math.max(2.5, ...losses.flat().filter(Number.isFinite)));
      const c = chart(loss, { width, height: 220, right: 68, x: { domain: [0, steps], ticks: Array.from({ length: Math.floor(epochs / stride) + 1 }, (_, at) => at * stride * EPOCH).filter(tick => tick <= steps), format: step => step / EPOCH, title: "epoch" }, y: { domain: [0, top], ticks: [0, 1, 2, 3, 4, 5, 6].filter(tick => tick <= top), title: "loss, mean of the last epoch" } });
      const ends = [];
      losses.forEach((of, which) => {
        if (!of.length) return;
        const points = of.map((value, at) => [c.sx(at + 1), c.sy(Math.min(value, top))]);
        c.marks.append(s("path", { class: "curve", d: path(points), style: `stroke:var(${COLOURS[which]})` }));
        const [x, y] = points[points.length - 1];
        ends.push({ x: x + 5, y, text: TITLES[which], colour: COLOURS[which] });
      });
      names(c.marks, ends, c.height - c.bottom - 6);
    }

    function drawGradient() {
      const width = gradient.clientWidth;
      if (!width) return;
      const clamp = value => Math.min(1e3, Math.max(1e-7, value));
      const c = chart(gradient, { width, height: 220, right: 68, left: 44, x: { domain: [1, LAYERS + 1], ticks: [1, 2, 3, 4, 5], format: layer => layer > LAYERS ? "out" : layer, title: "" }, y: { log: true, domain: [1e-7, 100], ticks: [1e-7, 1e-5, 1e-3, 0.1, 10], format: value => value === 1e-7 ? "0" : power10(value), title: "gradient by layer, logarithmic" } });
      const ends = [];
      networks.forEach((network, which) => {
        const points = network.gradients.map((value, at) => [c.sx(at + 1), c.sy(clamp(value ?? 0))]);
        c.marks.append(s("path", { class: "curve", d: path(points), style: `stroke:var(${COLOURS[which]})` }));
        points.forEach(([x, y]) => c.marks.append(s("circle", { cx: x, cy: y, r: 3, style: `fill:var(${COLOURS[which]})` })));
        const [x, y] = points[points.length - 1];
        ends.push({ x: x + 7, y, text: TITLES[which], colour: COLOURS[which] });
      });
      names(c.marks, ends, c.height - c.bottom - 6);
    }

    reset();
    whenSized(stage, show);
  });
