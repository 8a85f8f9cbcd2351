widget("bits", "Eight bits", "relu6-fixed-point",
  "<b>Move the point, then the cap.</b> With a cap of 6, three bits before the point hold every activation and five are left for the fraction; without a cap one more goes before it, and the error doubles.",
  section => {
    const CAPS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, null];
    const state = { cap: 6, integer: 3, signed: false, value: 2.7 };
    const boxes = el("div", { class: "boxes", role: "img" }), said = el("p", { class: "said" });
    const plot = el("div", { class: "plot" }), ratio = el("p", { class: "big" }), verdict = el("p", { class: "soft", "aria-live": "polite" });
    let trained = 0, found, scales;
    const cap = slider("cap", { min: 0, max: CAPS.length - 1, step: 1, value: CAPS.indexOf(state.cap), id: "cap", shown: at => CAPS[at] === null ? "none (ReLU)" : CAPS[at] + (CAPS[at] === 6 ? " (ReLU6)" : ""), change: at => { state.cap = CAPS[at]; retrain(); } });
    const integer = slider("bits before the point", { min: -1, max: 7, step: 1, value: state.integer, id: "integer", change: to => { state.integer = to; show(); } });
    const sign = el("input", { type: "checkbox", onchange: () => { state.signed = sign.checked; show(); } });
    const value = slider("one activation", { min: 0, max: 8, step: 0.01, value: state.value, shown: figure, change: to => { state.value = to; show(); } });
    const best = button("best format", () => { state.integer = found.best_integer; integer.set(found.best_integer); show(); });
    const stage = el("div", { class: "stage" }, boxes, said, plot);
    section.append(el("div", { class: "board" }, stage, el("div", { class: "controls" },
      integer.label, cap.label, el("label", { class: "check" }, sign, "one bit for a sign"), value.label, ratio, verdict, el("div", {}, best),
      el("p", { class: "soft" }, "A network 64-32-32-10 is trained on the digits with this cap, in your browser; the histogram is of its activations on 360 digits it has not seen. They alone are rounded, half to even. 6 is not special: lower caps gain more."))));

    // Trains a few steps a frame, and then shows what came of it.
    function retrain() {
      const turn = ++trained;
      ask("bits", { cap: state.cap, seed: 1 });
      const more = () => {
        if (turn !== trained) return;
        const { share } = ask("bits_train", { steps: 15 });
        verdict.textContent = share < 1 ? `training … ${percent(share)}` : "";
        if (share < 1) requestAnimationFrame(more); else show();
      };
      more();
    }

    function show() {
      let seen;
      try { seen = ask("bits_format", { integer: state.integer, signed: state.signed, value: state.value }); } catch { return; }
      found = seen;
      value.input.max = Math.ceil(Math.max(2 ** Math.min(4, Math.max(0, state.integer)), found.largest_activation));
      drawBoxes();
      draw();
      ratio.replaceChildren(el("b", {}, found.snr === null ? "no noise" : `${found.snr.toFixed(1)} dB`), ` signal to noise in ${found.name}`);
      const short = found.best[1] - (found.snr ?? Infinity);
      verdict.textContent = (found.clipped > 0 ? `${percent(found.clipped)} of the activations are beyond ${figure(found.largest)}. ` : "")
        + (short > 0.05 ? `The best of eight bits is ${found.best[0]}, with ${found.best[1].toFixed(1)} dB.` : "No format of eight bits does better.");
    }

    function drawBoxes() {
      const [signs, before, after] = found.layout, bits = [...found.one.bits];
      const parts = [];
      // A format may have fewer than no integer bits: then its first bits are further behind the point.
      const point = () => parts.push(el("span", { class: "point" }, "."));
      if (before <= 0 && !signs) point();
      for (let zero = before; zero < 0; zero++) parts.push(el("span", { class: "box none" }, "0"));
      bits.forEach((bit, at) => {
        const kind = at < signs ? "sign" : at < signs + Math.max(0, before) ? "integer" : "fraction";
        parts.push(el("span", { class: `box ${kind} ${bit === "1" ? "on" : ""}` }, bit));
        if (at + 1 === signs + Math.max(0, before) && (before > 0 || signs)) point();
      });
      boxes.replaceChildren(...parts);
      boxes.setAttribute("aria-label", `${found.name}: ${found.one.bits}`);
      said.replaceChildren(`${figure(state.value)} becomes `, el("b", {}, String(found.one.rounded)), `, ${figure(Math.abs(found.one.error))} ${found.one.error < 0 ? "too low" : "too high"}. Steps of ${figure(found.step)}, up to ${figure(found.largest)}.`);
    }

    function draw() {
      const width = plot.clientWidth;
      if (!width) return;
      const most = found.largest_activation, highest = Math.max(...found.counts);
      const worst = Math.max(...found.errors), reach = 0.02 * 2 ** Math.max(0, Math.ceil(Math.log2(worst / 0.02)));
      const upper = el("div"), lower = el("div");
      plot.replaceChildren(upper, lower);
      const stride = most > 12 ? 4 : most > 5 ? 2 : most > 2 ? 1 : 0.25;
      const x = { domain: [0, most], ticks: Array.from({ length: Math.floor(most / stride) + 1 }, (_, at) => at * stride) };
      const bar = (c, values, colour, top) => values.forEach((value, at) => {
        const [from, to] = [at, at + 1].map(edge => c.sx(edge / values.length * most));
        c.marks.append(s("rect", { x: from, y: c.sy(Math.min(value, top)), width: Math.max(1, to - from - 1), height: Math.max(0, c.sy(0) - c.sy(Math.min(value, top))), style: `fill:var(${colour})` }));
      });
      const counts = chart(upper, { width, height: 190, x, y: { domain: [0, highest], ticks: [], title: `activations above 0; ${percent(found.zeros)} are 0` }, left: 48, bottom: 24 });
      scales = counts;
      bar(counts, found.counts, "--linear", highest);
      const errors = chart(lower, { width, height: 150, x: { ...x, title: "activation" }, y: { domain: [0, reach], ticks: [0, reach / 2, reach], title: "mean error of each" }, left: 48 });
      bar(errors, found.errors, "--s1", reach);
      // What lies beyond the format, and the one activation.
      for (const c of [counts, errors]) {
        if (found.largest < most) c.marks.append(s("rect", { x: c.sx(found.largest), y: c.top, width: c.sx(most) - c.sx(found.largest), height: c.height - c.top - c.bottom, style: "fill:var(--saturated);opacity:.16" }));
        if (state.value <= most) c.marks.append(s("line", { x1: c.sx(state.value), x2: c.sx(state.value), y1: c.top, y2: c.height - c.bottom, style: "stroke:var(--ink);stroke-width:1.5px" }));
        const cover = s("rect", { class: "drag", x: c.left, y: 0, width: width - c.left - c.right, height: c.height, fill: "transparent" });
        c.drawing.style.touchAction = "pan-y";
        // The drawing is redrawn while one drags: the pointer stays with the box around it.
        cover.addEventListener("pointerdown", event => { plot.setPointerCapture(event.pointerId); pick(event, c); });
        c.marks.append(cover);
      }
      if (found.largest < most) counts.marks.append(s("text", { class: "halo e", x: counts.sx(most) - 4, y: counts.top + 14, style: "fill:var(--saturated);font-weight:600" }, `beyond ${found.name}`));
    }

    plot.addEventListener("pointermove", event => { if (plot.hasPointerCapture(event.pointerId)) pick(event, scales); });

    function pick(event, c) {
      const box = c.drawing.getBoundingClientRect();
      state.value = Math.round(100 * Math.min(found.largest_activation, Math.max(0, c.sx.back(event.clientX - box.left)))) / 100;
      value.set(state.value);
      show();
    }

    retrain();
    whenSized(stage, () => found && show());
  });
