// A picture of 28x28 large pixels to paint in. The browser paints at once, and tells Python when the pen is lifted.
const SIDE = 28;
// Milliseconds after the last key, so that keys in quick succession cause one update of the page.
const PAUSE = 200;
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const pads = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  if (!pads.has(parentElement)) {
    pads.set(parentElement, { image: [...data.image], at: [14, 14], erasing: false, pen: null, last: null, timer: null });
  }
  const pad = pads.get(parentElement);
  const find = (name) => parentElement.querySelector(name);
  const [canvas, readout, eraser, clear] = [find("canvas"), find(".readout"), find(".eraser"), find(".clear")];
  const pen = canvas.getContext("2d");
  const size = canvas.width / SIDE;

  const draw = () => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pad.image.forEach((value, index) => {
      pen.fillStyle = `rgb(${value},${value},${value})`;
      pen.fillRect((index % SIDE) * size, Math.floor(index / SIDE) * size, size, size);
    });
    pen.strokeStyle = "#3a4644";
    for (let line = 0; line <= SIDE; line += 1) {
      pen.strokeRect(line * size, -1, 0, canvas.height + 2);
      pen.strokeRect(-1, line * size, canvas.width + 2, 0);
    }
    if (canvas.matches(":focus-visible")) {
      pen.lineWidth = 3;
      pen.strokeStyle = "#f59a4a";
      pen.strokeRect(pad.at[1] * size, pad.at[0] * size, size, size);
      pen.lineWidth = 1;
    }
    eraser.setAttribute("aria-pressed", pad.erasing);
  };
  const tell = ([row, column]) => {
    readout.textContent = data.readout
      .replace("{row}", row + 1)
      .replace("{column}", column + 1)
      .replace("{value}", pad.image[row * SIDE + column]);
  };
  // The pen is two pixels wide, as thick as a stroke of MNIST's digits.
  const dot = ([row, column]) => {
    for (const [down, right] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
      if (row + down < SIDE && column + right < SIDE) {
        pad.image[(row + down) * SIDE + column + right] = pad.erasing ? 0 : 255;
      }
    }
  };
  const line = (from, to) => {
    const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
    for (let step = 0; step <= steps; step += 1) {
      dot([0, 1].map((axis) => Math.round(from[axis] + ((to[axis] - from[axis]) * step) / steps)));
    }
  };
  const send = () => setStateValue("image", [...pad.image]);
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const index = (offset, length) => Math.min(Math.max(Math.floor((offset / length) * SIDE), 0), SIDE - 1);
    return [index(event.clientY - box.top, box.height), index(event.clientX - box.left, box.width)];
  };
  canvas.onpointerdown = (event) => {
    // A right click opens the browser's menu; a second finger does not paint.
    if (event.button !== 0 || pad.pen !== null) {
      return;
    }
    event.preventDefault();
    pad.pen = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    pad.last = place(event);
    dot(pad.last);
    draw();
    tell(pad.last);
  };
  canvas.onpointermove = (event) => {
    const at = place(event);
    if (pad.pen !== null) {
      if (event.pointerId !== pad.pen) {
        return;
      }
      line(pad.last, at);
      pad.last = at;
      draw();
    }
    tell(at);
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (event.pointerId === pad.pen) {
      pad.pen = null;
      send();
    }
  };
  canvas.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (step) {
      pad.at = pad.at.map((value, axis) => Math.min(Math.max(value + step[axis], 0), SIDE - 1));
    } else if (event.key === " ") {
      dot(pad.at);
      clearTimeout(pad.timer);
      pad.timer = setTimeout(send, PAUSE);
    } else if (event.key === "e" || event.key === "E") {
      pad.erasing = !pad.erasing;
    } else {
      return;
    }
    event.preventDefault();
    draw();
    tell(pad.at);
  };
  canvas.onfocus = canvas.onblur = draw;
  eraser.onclick = () => {
    pad.erasing = !pad.erasing;
    draw();
  };
  clear.onclick = () => {
    pad.image.fill(0);
    draw();
    send();
  };
  canvas.setAttribute("aria-label", data.title);
  eraser.textContent = data.eraser;
  clear.textContent = data.clear;
  readout.textContent ||= data.hint;
  draw();
}
