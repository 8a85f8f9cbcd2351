widget("half-plane", "A neuron is a line", "relu-half-plane",
  "<b>Press train; once it has learnt, drag a line off the cloud, the way its arrow points.</b> The ReLU fires for no point, turns red, and training never brings it back; the leaky one returns.",
  section => {
    const REACH = 3.4, SEED = 17, STEPS = 3;
    const state = { beside: "leaky_relu(0.1)", rate: 0.1 };
    let points, networks, losses;
    const sides = [0, 1].map(() => ({ title: el("p", { class: "title" }), plot: el("div", { class: "plot" }), list: el("ul", { class: "units" }) }));
    const stage = el("div", { class: "stage two" }, ...sides.map(side => el("div", {}, side.title, side.plot, side.list)));
    const said = el("p", { class: "soft said", "aria-live": "polite" });
    const run = runner("train", () => { train(STEPS); });
    const rate = slider("learning rate", { min: -2, max: 0.5, step: 0.1, value: -1, shown: to => figure(10 ** to), change: to => { state.rate = Number((10 ** to).toPrecision(2)); ask("half_plane_rate", { rate: state.rate }); } });
    const beside = choice("beside it", [["leaky_relu(0.1)", "leaky ReLU, slope 0.1"], ["leaky_relu", "leaky ReLU, slope 0.01"], ["elu", "ELU"], ["silu", "SiLU"], ["sigmoid", "sigmoid"]], state.beside, name => { state.beside = name; reset(); });
    section.append(el("div", { class: "board" }, stage, el("div", { class: "controls" },
      el("div", { class: "buttons" }, run.press, button("step", () => { run.stop(); train(1); }), button("reset", () => { run.stop(); reset(); })),
      rate.label, beside.label, said,
      el("p", { class: "soft" }, "Each line is one neuron, and fires on the side of its arrow. Drag a line by its dot, turn it by the arrow's tip; or focus them and use the arrow keys. Full points are the inner class; tinted is what the network takes for it."))));

    function reset() {
      points = ask("half_plane", { functions: ["relu", state.beside], rate: state.rate, seed: SEED });
      train(0);
    }

    function train(steps) {
      networks = ask("half_plane_train", { steps, reach: REACH });
      draw();
      const dead = networks[0].units.filter(unit => unit.dead_since !== null).length;
      said.textContent = `Step ${networks[0].step}. Wrong: ReLU ${percent(networks[0].error)}, beside it ${percent(networks[1].error)} of the points.` + (dead ? ` ${dead} of ${networks[0].units.length} ReLUs dead.` : "");
    }

    // The foot of a line, nearest to the middle, and the tip of its arrow.
    function geometry({ weights: [a, b], bias }) {
      const size = Math.hypot(a, b) || 1e-9, normal = [a / size, b / size], foot = [-bias * normal[0] / size, -bias * normal[1] / size];
      return { size, normal, foot, tip: [foot[0] + 0.75 * normal[0], foot[1] + 0.75 * normal[1]] };
    }

    // Gives a unit the line through a point with a normal; the size of its weights stays.
    function move(unit, size, [nx, ny], [x, y]) {
      const limit = 1.3 * REACH, at = Math.min(limit, Math.max(-limit, nx * x + ny * y));
      ask("half_plane_move", { unit, weights: [size * nx, size * ny], bias: -size * at });
      train(0);
    }

    function draw() { sides.forEach((side, which) => drawSide(side, networks[which], which)); }

    function drawSide(side, network, which) {
      const width = side.plot.clientWidth;
      if (!width) return;
      side.title.textContent = which ? beside.select.selectedOptions[0].textContent : "ReLU";
      // Rebuilding while a handle is dragged would lose the pointer: the drawing is made once for a width, and then changed.
      if (side.width !== width) make(side, width, which);
      const { sx, sy } = side;
      tint(side, network.outer);
      network.units.forEach((unit, index) => {
        const { normal, foot, tip } = geometry(unit), mark = side.lines[index], dead = unit.dead_since !== null;
        const along = [-normal[1], normal[0]], far = 2.2 * REACH;
        const ends = [-far, far].map(t => [sx(foot[0] + t * along[0]), sy(foot[1] + t * along[1])]);
        const clamp = ([x, y]) => [Math.min(REACH - 0.12, Math.max(0.12 - REACH, x)), Math.min(REACH - 0.12, Math.max(0.12 - REACH, y))];
        // Out of sight a line's handles wait at the edge, so that it can be fetched back.
        const [hx, hy] = clamp(foot), [tx, ty] = clamp([hx + tip[0] - foot[0], hy + tip[1] - foot[1]]);
        mark.tip.style.visibility = Math.hypot(tx - hx, ty - hy) < 0.3 ? "hidden" : "";
        mark.group.setAttribute("style", `--of:var(${dead ? "--dead" : "--ink"})`);
        mark.line.setAttribute("d", path(ends));
        mark.shaft.setAttribute("d", path([[sx(hx), sy(hy)], [sx(tx), sy(ty)]]));
        for (const [handle, x, y] of [[mark.dot, hx, hy], [mark.tip, tx, ty]]) handle.setAttribute("transform", `translate(${sx(x).toFixed(1)} ${sy(y).toFixed(1)})`);
        mark.tip.firstChild.setAttribute("transform", `rotate(${Math.atan2(-normal[1], normal[0]) * 180 / Math.PI})`);
        const words = dead ? `dead since step ${unit.dead_since}` : `fires for ${unit.fires} of ${points.points.length} points`;
        for (const handle of [mark.dot, mark.tip]) {
          handle.setAttribute("aria-valuenow", unit.fires);
          handle.setAttribute("aria-valuetext", words);
        }
        mark.dot.dataset.dead = dead;
      });
      side.list.replaceChildren(...network.units.map((unit, index) => el("li", { class: unit.dead_since !== null && "dead" },
        `unit ${index + 1}: ` + (unit.dead_since === null ? `fires for ${unit.fires} of ${points.points.length} points` : unit.dead_since === 0 ? "dead, no point on its side" : `dead since step ${unit.dead_since}`))));
    }

    function tint(side, outer) {
      const grid = Math.sqrt(outer.length), context = side.canvas.getContext("2d"), image = context.createImageData(grid, grid);
      const tint = getComputedStyle(document.documentElement).getPropertyValue("--near").trim().match(/[0-9a-f]{2}/gi).map(part => parseInt(part, 16));
      for (let row = 0; row < grid; row++) for (let column = 0; column < grid; column++) {
        const at = 4 * (row * grid + column);
        image.data.set([...tint, 255 * (1 - outer[(grid - 1 - row) * grid + column] / 100)], at);
      }
      context.putImageData(image, 0, 0);
    }

    function make(side, width, which) {
      side.width = width;
      side.canvas = el("canvas", { width: 25, height: 25, style: `width:${width}px;height:${width}px;left:0;top:0;border-radius:8px` });
      const drawing = s("svg", { width, height: width, viewBox: `0 0 ${width} ${width}`, style: "position:relative;overflow:hidden;border-radius:8px;border:1px solid var(--line)" });
      side.sx = linear([-REACH, REACH], [0, width]);
      side.sy = linear([-REACH, REACH], [width, 0]);
      points.points.forEach(([x, y], index) => drawing.append(s("circle", { cx: side.sx(x), cy: side.sy(y), r: width < 300 ? 2.6 : 3.2, class: points.classes[index] ? "outer" : "inner" })));
      side.lines = networks[which].units.map((_, unit) => {
        const line = s("path", { class: "curve", style: "stroke:var(--of);stroke-width:2.4px" }), shaft = s("path", { class: "curve", style: "stroke:var(--of);stroke-width:2.4px" });
        const handle = (label, ...shapes) => s("g", { class: "handle", tabindex: 0, role: "slider", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": points.points.length }, ...shapes);
        const tip = handle(`unit ${unit + 1}: turn the line`, s("path", { class: "ring", d: "M-7 -7L7 0L-7 7Z", style: "fill:var(--of);stroke:var(--ground);stroke-width:1.5px" }), s("circle", { r: 17, fill: "transparent" }));
        const dot = handle(`unit ${unit + 1}: move the line`, s("circle", { class: "ring", r: 8, style: "fill:var(--of);stroke:var(--ground);stroke-width:2px" }), s("circle", { r: 17, fill: "transparent" }), s("text", { class: "m", y: 4, style: "fill:var(--ground);font-size:11px;font-weight:600;pointer-events:none" }, unit + 1));
        const group = s("g", {}, line, shaft, tip, dot);
        const now = () => ({ ...geometry(networks[which].units[unit]) });
        const turned = ([x, y], by) => [x * Math.cos(by) - y * Math.sin(by), x * Math.sin(by) + y * Math.cos(by)];
        draggable(dot, drawing, ([px, py]) => { const { size, normal } = now(); move(unit, size, normal, [side.sx.back(px), side.sy.back(py)]); });
        draggable(tip, drawing, ([px, py]) => {
          const { size, foot } = now(), [dx, dy] = [side.sx.back(px) - foot[0], side.sy.back(py) - foot[1]], length = Math.hypot(dx, dy);
          if (length > 0.15) move(unit, size, [dx / length, dy / length], foot);
        });
        const keys = event => {
          const { size, normal, foot } = now(), by = 0.15 * ({ ArrowUp: 1, ArrowDown: -1 }[event.key] ?? 0), turn = 0.12 * ({ ArrowLeft: 1, ArrowRight: -1 }[event.key] ?? 0);
          if (!by && !turn) return;
          event.preventDefault();
          move(unit, size, turned(normal, turn), [foot[0] + by * normal[0], foot[1] + by * normal[1]]);
        };
        dot.addEventListener("keydown", keys);
        tip.addEventListener("keydown", keys);
        drawing.append(group);
        return { group, line, shaft, tip, dot };
      });
      side.plot.replaceChildren(side.canvas, drawing);
    }

    reset();
    whenSized(stage, () => networks && draw());
  });
