// Parallel coordinates: a line for each trial through its value on each axis. A drag along an axis selects a range.
// On a narrow screen the axes lie below each other, so that their names and ticks stay readable.
const NARROW = 640;
const WIDE_HEIGHT = 380;
const ROW_HEIGHT = 78;
const MARGIN = { top: 46, bottom: 14, left: 34, right: 64 };
const FLAT_MARGIN = { top: 26, bottom: 26, left: 12, right: 20 };
const HIT = 34; // pixels across an axis that belong to it; a finger needs as many
const NEAR = 9; // pixels from the pointer to a line that it points at
const CLICK = 4; // pixels; a shorter drag is a click, which removes the range
const KEY_STEP = 0.05;

// What a visitor has selected, points at and drags stays while the data is refreshed.
const visits = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const plot = parentElement.querySelector(".plot");
  const canvas = plot.querySelector("canvas");
  const tooltip = plot.querySelector(".tooltip");
  const label = data.words.chart.replace("{lines}", data.lines.length).replace("{axes}", data.axes.length);
  plot.setAttribute("aria-label", label);
  const visit = visits.get(parentElement) ?? { ranges: {}, drag: null, point: null };
  visits.set(parentElement, visit);
  const { ranges } = visit;
  let pointed = null;
  let view = layout(plot, data.axes.length);

  const share = () => setStateValue("ranges", structuredClone(ranges));
  const selected = (line) =>
    data.axes.every(({ key }, index) => {
      const [low, high] = ranges[key] ?? [null, null];
      const value = line.values[index];
      return !ranges[key] || (value !== null && (low === null || value >= low) && (high === null || value <= high));
    });
  const redraw = () => {
    view = layout(plot, data.axes.length);
    const focused = plot.getRootNode().activeElement?.dataset?.key;
    plot.style.height = `${view.height}px`;
    plot.querySelectorAll(".axis, .title, .tick").forEach((each) => each.remove());
    data.axes.forEach((axis, index) => drawAxis(plot, axis, view, index, ranges[axis.key], data.words));
    focusAxis(plot, focused);
    paint();
  };
  const paint = () => drawLines(canvas, data, view, selected, pointed);
  const setRange = (axis, from, to) => {
    const [low, high] = [Math.max(Math.min(from, to), 0), Math.min(Math.max(from, to), 1)];
    // A range up to the end of an axis also holds later values beyond it.
    ranges[axis.key] = [low <= 0 ? null : valueAt(axis, low), high >= 1 ? null : valueAt(axis, high)];
    redraw();
  };

  const point = () => {
    pointed = visit.point && nearestLine(data, view, visit.point, selected);
    showTooltip(tooltip, data, view, pointed, visit.point);
    paint();
  };

  plot.onpointerdown = (event) => {
    const key = event.target.closest(".axis")?.dataset.key;
    if (!key || event.button) {
      return;
    }
    const axis = data.axes.find((each) => each.key === key);
    const at = eventPoint(plot, event);
    const start = view.place(at);
    const range = placesOf(axis, ranges[key]);
    const inside = range && start >= range[0] && start <= range[1];
    visit.drag = { key, start, range: inside ? range : null, moved: false, at };
    plot.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  plot.onpointermove = (event) => {
    const [at, { drag }] = [eventPoint(plot, event), visit];
    if (!drag) {
      visit.point = at;
      point();
      return;
    }
    drag.moved ||= Math.hypot(at.x - drag.at.x, at.y - drag.at.y) >= CLICK;
    const axis = data.axes.find(({ key }) => key === drag.key);
    if (drag.moved && axis) {
      const place = view.place(at);
      if (drag.range) {
        const [low, high] = drag.range;
        const shift = Math.min(Math.max(place - drag.start, -low), 1 - high);
        setRange(axis, low + shift, high + shift);
      } else {
        setRange(axis, drag.start, place);
      }
    }
  };
  plot.onpointerup = () => {
    if (visit.drag && !visit.drag.moved) {
      delete ranges[visit.drag.key];
      redraw();
    }
    if (visit.drag) {
      visit.drag = null;
      share();
    }
  };
  plot.onpointercancel = plot.onpointerup;
  plot.onpointerleave = () => {
    if (!visit.drag) {
      visit.point = null;
      point();
    }
  };
  plot.onkeydown = (event) => {
    const axis = data.axes.find(({ key }) => key === event.target.dataset?.key);
    const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (!axis || (!step && event.key !== "Escape")) {
      return;
    }
    event.preventDefault();
    if (step) {
      const [low, high] = placesOf(axis, ranges[axis.key]) ?? [0.8 - KEY_STEP * step, 1 - KEY_STEP * step];
      const shift = Math.min(Math.max(step * KEY_STEP, -low), 1 - high);
      setRange(axis, low + shift, high + shift);
    } else {
      delete ranges[axis.key];
      redraw();
    }
    share();
  };

  const observer = new ResizeObserver(redraw);
  observer.observe(plot);
  redraw();
  point();
  return () => observer.disconnect();
}

function layout(plot, count) {
  const width = plot.clientWidth;
  const flat = width < NARROW;
  const margin = flat ? FLAT_MARGIN : MARGIN;
  const height = flat ? margin.top + margin.bottom + ROW_HEIGHT * (count - 1) : WIDE_HEIGHT;
  const [across, along] = flat
    ? [height - margin.top - margin.bottom, width - margin.left - margin.right]
    : [width - margin.left - margin.right, height - margin.top - margin.bottom];
  const gap = count > 1 ? across / (count - 1) : across;
  return {
    ...{ flat, width, height, margin, gap, along },
    point: (index, place) =>
      flat
        ? { x: margin.left + place * along, y: margin.top + index * gap }
        : { x: margin.left + index * gap, y: margin.top + (1 - place) * along },
    place: ({ x, y }) => (flat ? (x - margin.left) / along : 1 - (y - margin.top) / along),
    // The position between the axes: 1.5 is halfway between the second and the third.
    between: ({ x, y }) => (flat ? y - margin.top : x - margin.left) / gap,
  };
}

function placeOf(axis, value) {
  return (value - axis.low) / (axis.high - axis.low);
}

function valueAt(axis, place) {
  return axis.low + place * (axis.high - axis.low);
}

function placesOf(axis, range) {
  if (!range) {
    return null;
  }
  const [low, high] = range;
  const clip = (place) => Math.min(Math.max(place, 0), 1);
  return [low === null ? 0 : clip(placeOf(axis, low)), high === null ? 1 : clip(placeOf(axis, high))];
}

function drawAxis(plot, axis, view, index, range, words) {
  const [start, end] = [view.point(index, 0), view.point(index, 1)];
  const line = element("div", view.flat ? "axis flat" : "axis");
  const box = view.flat
    ? { left: start.x, top: start.y - HIT / 2, width: view.along, height: HIT }
    : { left: end.x - HIT / 2, top: end.y, width: HIT, height: view.along };
  position(line, box);
  line.dataset.key = axis.key;
  line.tabIndex = 0;
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", words.axis.replace("{axis}", axis.title));
  const places = placesOf(axis, range);
  if (places) {
    const [low, high] = places.map((place) => place * view.along);
    const selection = element("div", "range");
    position(
      selection,
      view.flat
        ? { left: low, top: 5, width: high - low, height: HIT - 10 }
        : { left: 7, top: view.along - high, width: HIT - 14, height: high - low },
    );
    line.append(selection);
  }
  plot.append(line);
  drawTitle(plot, axis, view, index, end);
  drawTicks(plot, axis, view, index);
}

function drawTitle(plot, axis, view, index, end) {
  const title = element("div", "title", axis.title);
  plot.append(title);
  if (view.flat) {
    position(title, { left: view.margin.left, top: end.y - 22 });
    return;
  }
  title.style.maxWidth = `${view.gap - 8}px`;
  title.style.textAlign = "center";
  // The true width may be a fraction more, and without room for it the title would get a second line.
  const width = title.offsetWidth + 1;
  const left = Math.min(Math.max(end.x - width / 2, 0), view.width - width);
  position(title, { left, top: Math.max(view.margin.top - 8 - title.offsetHeight, 0) });
}

// Labels that would overlap are left out.
function drawTicks(plot, axis, view, index) {
  let last = -Infinity;
  for (const [value, text] of axis.ticks) {
    const { x, y } = view.point(index, placeOf(axis, value));
    const tick = element("div", "tick", text);
    plot.append(tick);
    const size = view.flat ? tick.offsetWidth : tick.offsetHeight;
    const middle = view.flat ? x : view.height - y;
    if (middle - size / 2 < last + (view.flat ? 6 : 1)) {
      tick.remove();
      continue;
    }
    last = middle + size / 2;
    position(
      tick,
      view.flat
        ? { left: Math.min(Math.max(x - size / 2, 0), view.width - size), top: y + 5 }
        : { left: x + 5, top: y - size / 2 },
    );
  }
}

function drawLines(canvas, data, view, selected, pointed) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = view.width * scale;
  canvas.height = view.height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.lineJoin = "round";
  const chosen = data.lines.filter(selected);
  const many = chosen.length > 150;
  const others = data.lines.length === chosen.length ? [] : data.lines.filter((line) => !selected(line));
  others.forEach((line) => stroke(context, data, view, line, data.colours.faint, 1, many ? 0.12 : 0.25));
  for (const line of chosen) {
    const colour = line.shade === null ? data.colours.faint : shadeOf(data.colours.shades, line.shade);
    stroke(context, data, view, line, colour, many ? 1 : 1.5, line.shade === null ? 0.45 : many ? 0.5 : 0.85);
  }
  chosen.filter((line) => line.best).forEach((line) => stroke(context, data, view, line, data.colours.best, 3, 1));
  if (pointed) {
    stroke(context, data, view, pointed, data.colours.pointed, 3, 1);
  }
}

function shadeOf(shades, shade) {
  return shades[Math.min(Math.floor(shade * shades.length), shades.length - 1)];
}

function stroke(context, data, view, line, colour, width, opacity) {
  Object.assign(context, { strokeStyle: colour, lineWidth: width, globalAlpha: opacity });
  context.beginPath();
  let open = false;
  line.values.forEach((value, index) => {
    if (value === null) {
      open = false;
      return;
    }
    const { x, y } = view.point(index, placeOf(data.axes[index], value) + line.shift * data.axes[index].spread);
    if (open) {
      context.lineTo(x, y);
    } else {
      context.moveTo(x, y);
    }
    open = true;
  });
  context.stroke();
}

function nearestLine(data, view, point, selected) {
  const at = view.between(point);
  const index = Math.min(Math.max(Math.floor(at), 0), data.axes.length - 2);
  const part = at - index;
  const height = view.place(point);
  let [nearest, distance] = [null, NEAR / view.along];
  for (const line of data.lines) {
    const [from, to] = [line.values[index], line.values[index + 1]];
    if (from === null || to === null || !selected(line)) {
      continue;
    }
    const start = placeOf(data.axes[index], from) + line.shift * data.axes[index].spread;
    const end = placeOf(data.axes[index + 1], to) + line.shift * data.axes[index + 1].spread;
    const away = Math.abs(start + part * (end - start) - height);
    if (away < distance) {
      [nearest, distance] = [line, away];
    }
  }
  return nearest;
}

function showTooltip(tooltip, data, view, line, point) {
  tooltip.style.display = line ? "block" : "none";
  if (!line) {
    return;
  }
  const list = element("dl", "");
  data.axes.forEach((axis, index) => {
    list.append(element("dt", "", axis.title), element("dd", "", line.texts[index]));
  });
  tooltip.replaceChildren(element("b", "", line.name), list);
  const right = point.x + 16 + tooltip.offsetWidth > view.width;
  position(tooltip, {
    left: Math.max(right ? point.x - 16 - tooltip.offsetWidth : point.x + 16, 0),
    top: Math.min(Math.max(point.y - 20, 0), Math.max(view.height - tooltip.offsetHeight, 0)),
  });
}

function focusAxis(plot, key) {
  if (key) {
    plot.querySelector(`.axis[data-key="${key}"]`)?.focus({ preventScroll: true });
  }
}

function eventPoint(plot, event) {
  const box = plot.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function position(target, box) {
  Object.entries(box).forEach(([name, value]) => {
    target.style[name] = `${value}px`;
  });
}

function element(tag, className, text = "") {
  const created = document.createElement(tag);
  created.className = className;
  created.textContent = text;
  return created;
}
