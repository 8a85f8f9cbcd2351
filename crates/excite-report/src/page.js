// What pointing and clicking add to a page. Without it everything is there: titles, links and folds are the browser's own.
"use strict";
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  document.body.append(tip);

  const number = (value) => {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(1).replace("-", "−");
    return String(Number(value.toPrecision(3))).replace("-", "−");
  };
  // An axis as the page gives it: both ends in pixels, both ends in values, its kind, its label.
  const axis = (text) => {
    const [from, to, low, high, kind, ...label] = text.split(" ");
    const value = (pixel) => {
      let found = +low + ((pixel - from) / (to - from)) * (high - low);
      if (kind.startsWith("log")) found = 10 ** found;
      return kind.endsWith("%") ? number(100 * found) + " %" : number(found);
    };
    return { value, label: label.join(" ") };
  };

  const show = (text, event) => {
    tip.textContent = text;
    tip.style.display = "block";
    const wide = tip.offsetWidth;
    const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - wide - 8);
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = event.clientY + 18 + "px";
  };
  const hide = () => {
    tip.style.display = "none";
    document.querySelectorAll(".near").forEach((line) => line.classList.remove("near"));
  };

  // The corner of a named line that is nearest to the pointer.
  const nearest = (svg, event) => {
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    let best = null;
    for (const line of svg.querySelectorAll("polyline[data-n]")) {
      if (line.closest(".off") || line.classList.contains("off")) continue;
      for (const point of line.points) {
        // Nearness along x counts more: a line is read at a place.
        const far = 9 * (point.x - x) ** 2 + (point.y - y) ** 2;
        if (!best || far < best.far) best = { far, line, point };
      }
    }
    return best && best.far < 60 ** 2 ? best : null;
  };

  document.addEventListener("pointermove", (event) => {
    const at = event.target;
    if (!(at instanceof Element)) return;
    const svg = at.closest("svg[data-x]");
    if (svg) {
      hide();
      const found = nearest(svg, event);
      if (!found) return;
      const [x, y] = [axis(svg.dataset.x), axis(svg.dataset.y)];
      found.line.classList.add("near");
      const place = `${x.label || "at"} ${x.value(found.point.x)}`;
      return show(`${found.line.dataset.n}: ${y.value(found.point.y)} (${place})`, event);
    }
    const map = at.closest("svg[data-columns]");
    if (map) {
      const box = map.getBoundingClientRect();
      const columns = +map.dataset.columns;
      const size = box.width / columns;
      const [column, row] = [(event.clientX - box.left) / size, (event.clientY - box.top) / size];
      const unit = Math.floor(row) * columns + Math.floor(column);
      if (unit < +map.dataset.units) return show(`unit ${unit}: ${at.dataset.n || "healthy"}`, event);
      return hide();
    }
    const said = at.closest("[data-t]");
    if (said) return show(said.dataset.t, event);
    hide();
  });
  document.addEventListener("pointerleave", hide);
  addEventListener("scroll", hide, { passive: true });

  // The browser's own titles would show over ours: they move to an attribute. The description of a whole picture is not shown.
  for (const title of document.querySelectorAll("svg title")) {
    const parent = title.parentElement;
    title.remove();
    if (parent.matches("svg:not(.strip)") || parent.dataset.n) continue;
    parent.dataset.t = title.textContent;
    parent.setAttribute("aria-label", title.textContent);
  }

  // A click on a name in a legend, or at the end of a line, hides what it names in that figure, and shows it again.
  const toggle = (name) => {
    const series = name.dataset.s;
    const figure = name.closest("figure") || document;
    const is_off = !name.classList.contains("off");
    for (const one of figure.querySelectorAll(`[data-s="${series}"]`)) one.classList.toggle("off", is_off);
    name.setAttribute("aria-pressed", String(!is_off));
  };
  // Does something on a click, and on Enter or the space bar.
  const on = (element, act) => {
    element.classList.add("can");
    element.setAttribute("tabindex", "0");
    element.addEventListener("click", act);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    });
  };
  for (const name of document.querySelectorAll(".legend li[data-s], text.name[data-s]")) {
    name.setAttribute("role", "button");
    on(name, () => toggle(name));
  }

  // A link to what is folded opens it.
  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.matches("details")) at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  // A click on a column's heading sorts by it; a second click turns the order around.
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      on(head, () => {
        const rows = [...table.tBodies[0].rows];
        const key = (row) => row.cells[column].dataset.k ?? row.cells[column].textContent;
        const falls = head.getAttribute("aria-sort") === "descending";
        const order = (a, b) => (Number.isFinite(+key(a)) && Number.isFinite(+key(b)) ? key(b) - key(a) : key(a).localeCompare(key(b)));
        rows.sort((a, b) => (falls ? -order(a, b) : order(a, b)));
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", falls ? "ascending" : "descending");
        table.tBodies[0].append(...rows);
      });
    });
  }
})();
