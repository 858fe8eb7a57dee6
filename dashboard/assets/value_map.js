// A feature map, enlarged: the value under the pointer is shown, and a click or an arrow key chooses a place. A button
// chooses one place after another, so that the page shows the window sliding over its input.
// Milliseconds after the last key, so that keys in quick succession cause one update of the page.
const PAUSE = 150;
// Milliseconds for each place of the sliding window, enough to read a number.
const SLIDE = 700;
const [pending, timers] = [new WeakMap(), new WeakMap()];
// The timer of a map whose window is sliding, and its next step, which each update of the page replaces.
const [slides, steps] = [new WeakMap(), new WeakMap()];
const NUMBER = { minimumFractionDigits: 3, maximumFractionDigits: 3, useGrouping: false };
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
  const map = parentElement.querySelector(".map");
  const readout = parentElement.querySelector(".readout");
  const slide = parentElement.querySelector(".slide");
  const [rows, columns] = [data.values.length, data.values[0].length];
  const image = map.querySelector("img");
  image.src = data.source;
  image.alt = "";
  map.setAttribute("aria-label", data.title);
  // A place that Python has not answered yet is newer than Python's place.
  if (String(pending.get(parentElement)) === String(data.selected)) {
    pending.delete(parentElement);
  }
  let [row, column] = pending.get(parentElement) ?? data.selected;

  const show = (at) => {
    const value = data.values[at[0]][at[1]].toLocaleString(document.documentElement.lang, NUMBER);
    readout.textContent = data.words.value.replace("{row}", at[0]).replace("{column}", at[1]).replace("{value}", value);
  };
  const mark = () => {
    Object.assign(map.querySelector(".mark").style, {
      top: `${(100 * row) / rows}%`,
      left: `${(100 * column) / columns}%`,
      height: `${100 / rows}%`,
      width: `${100 / columns}%`,
    });
    show([row, column]);
  };
  const choose = (at) => {
    if (at[0] === row && at[1] === column) {
      return;
    }
    [row, column] = at;
    mark();
    pending.set(parentElement, at);
    clearTimeout(timers.get(parentElement));
    timers.set(
      parentElement,
      setTimeout(() => setTriggerValue("chosen", at), PAUSE),
    );
  };
  const isLast = () => row + 1 === rows && column + 1 === columns;
  const stop = () => {
    clearInterval(slides.get(parentElement));
    slides.delete(parentElement);
    showSliding();
    mark();
  };
  const start = () => {
    slides.set(parentElement, setInterval(() => steps.get(parentElement)(), SLIDE));
    showSliding();
    if (isLast()) {
      choose([0, 0]);
    } else {
      steps.get(parentElement)();
    }
  };
  const showSliding = () => {
    const isSliding = slides.has(parentElement);
    slide.textContent = isSliding ? data.words.stop : data.words.slide;
    // A screen reader would read out each value.
    readout.setAttribute("aria-live", isSliding ? "off" : "polite");
  };
  const placeUnder = (event) => {
    const box = image.getBoundingClientRect();
    const index = (offset, size, count) => Math.min(Math.max(Math.floor((offset / size) * count), 0), count - 1);
    return [index(event.clientY - box.top, box.height, rows), index(event.clientX - box.left, box.width, columns)];
  };
  map.onpointermove = (event) => show(placeUnder(event));
  map.onpointerleave = mark;
  steps.set(parentElement, () => {
    if (isLast() || document.hidden || !parentElement.isConnected) {
      stop();
    } else {
      choose(column + 1 < columns ? [row, column + 1] : [row + 1, 0]);
    }
  });
  slide.hidden = rows * columns === 1;
  slide.onclick = () => (slides.has(parentElement) ? stop() : start());
  map.onclick = (event) => {
    stop();
    choose(placeUnder(event));
  };
  map.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (step) {
      event.preventDefault();
      stop();
      choose([Math.min(Math.max(row + step[0], 0), rows - 1), Math.min(Math.max(column + step[1], 0), columns - 1)]);
    }
  };
  mark();
  showSliding();
}
