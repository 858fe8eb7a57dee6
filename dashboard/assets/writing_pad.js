// A pad on which one prompted digit is written after the other. It moves on at once and tells Python in the background,
// so there is no wait between two digits. The keyboard's pen is in keyboard_pen.js.

// Milliseconds without a pen on the pad after which the digit counts as written.
const PAUSE = 900;
const pads = new WeakMap();

function newPad() {
  return { sequence: 0, queue: [], strokes: [], timer: null, pen: null, data: null, listens: false };
}

export default function ({ data, parentElement, setStateValue }) {
  if (!pads.has(parentElement)) {
    pads.set(parentElement, newPad());
  }
  const pad = pads.get(parentElement);
  // A timer that started before Python's last answer must count with that answer.
  pad.data = data;
  // Actions that Python has handled need not be sent again.
  pad.queue = pad.queue.filter((action) => action.sequence > data.handled);
  pad.sequence = Math.max(pad.sequence, data.handled);
  const find = (name) => parentElement.querySelector(`.${name}`);
  const [canvas, prompt, progress, back] = [find("paper"), find("prompt"), find("progress"), find("back")];
  const pen = canvas.getContext("2d");
  const { words } = data;
  canvas.setAttribute("aria-label", words.pad);
  find("hint").textContent = words.hint;

  const position = () =>
    pad.queue.reduce((at, action) => at + (action.kind === "written" ? 1 : -1), pad.data.done);

  const redraw = () => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.strokeStyle = pen.fillStyle = "#fff";
    pen.lineWidth = data.brush;
    pen.lineCap = pen.lineJoin = "round";
    for (const points of pad.strokes) {
      pen.beginPath();
      pen.arc(points[0][0], points[0][1], data.brush / 2, 0, 2 * Math.PI);
      pen.fill();
      pen.beginPath();
      points.forEach(([x, y]) => pen.lineTo(x, y));
      pen.stroke();
    }
  };
  const show = () => {
    const at = position();
    const over = at >= data.prompts.length;
    prompt.textContent = over ? data.done_text : words.prompts[data.prompts[at]];
    progress.textContent = words.progress
      .replace("{done}", Math.min(at, data.prompts.length))
      .replace("{count}", data.prompts.length);
    canvas.classList.toggle("over", over);
    back.disabled = at === 0 && !pad.strokes.length;
    back.textContent = pad.strokes.length ? words.clear : words.takeBack;
    redraw();
  };
  const send = (action) => {
    pad.sequence += 1;
    pad.queue.push({ ...action, sequence: pad.sequence });
    setStateValue("actions", [...pad.queue]);
    show();
  };
  // While the pen is down, keys, buttons and a palm beside the pad leave the digit alone.
  const submit = () => {
    if (pad.pen !== null || !pad.strokes.length || position() >= data.prompts.length) {
      return;
    }
    clearTimeout(pad.timer);
    const strokes = pad.strokes;
    pad.strokes = [];
    send({ kind: "written", position: position(), strokes });
  };
  const addLine = (points) => {
    if (pad.pen === null && position() < data.prompts.length) {
      clearTimeout(pad.timer);
      pad.strokes.push(points);
      show();
    }
  };
  const takeBack = () => {
    if (pad.pen !== null) {
      return;
    }
    clearTimeout(pad.timer);
    if (pad.strokes.length) {
      pad.strokes = [];
      show();
    } else if (position() > 0) {
      send({ kind: "taken back", position: position() });
    }
  };
  Object.assign(pad, { submit, addLine, takeBack });
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const round = (value) => Math.round(10 * value) / 10;
    return [
      round(((event.clientX - box.left) * canvas.width) / box.width),
      round(((event.clientY - box.top) * canvas.height) / box.height),
    ];
  };
  canvas.onpointerdown = (event) => {
    // A right click opens the browser's menu.
    if (event.button !== 0 || position() >= data.prompts.length || pad.pen !== null) {
      return;
    }
    event.preventDefault();
    canvas.focus();
    clearTimeout(pad.timer);
    pad.pen = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    pad.strokes.push([place(event)]);
    show();
  };
  canvas.onpointermove = (event) => {
    if (event.pointerId !== pad.pen) {
      return;
    }
    const points = pad.strokes.at(-1);
    const events = event.getCoalescedEvents?.() ?? [];
    (events.length ? events : [event]).forEach((each) => points.push(place(each)));
    redraw();
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (event.pointerId === pad.pen) {
      pad.pen = null;
      pad.timer = setTimeout(() => pad.submit(), PAUSE);
    }
  };
  canvas.onkeydown = (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      submit();
    } else if (event.key === "Backspace") {
      event.preventDefault();
      takeBack();
    }
  };
  back.onclick = takeBack;
  // A press elsewhere, such as on "Stop here", ends the digit, too.
  if (!pad.listens) {
    pad.listens = true;
    const keyboardPen = new KeyboardPen({
      width: canvas.width,
      height: canvas.height,
      words: data.pen,
      draw: (points) => pad.addLine(points),
      undo: () => pad.takeBack(),
      enter: () => pad.submit(),
    });
    canvas.after(keyboardPen.element);
    document.addEventListener("pointerdown", (event) => event.composedPath().includes(parentElement) || pad.submit(), {
      capture: true,
    });
  }
  show();
}
