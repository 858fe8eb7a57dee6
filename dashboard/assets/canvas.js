// The canvas of the Draw page. The strokes belong to the browser, so Undo, Clear and Ctrl+Z act on what is drawn now,
// however slow the server is. Python is told about every change, and hands the strokes back when the canvas reappears.
const PAPER = "#000000";
const INK = "#ffffff";
// Canvas pixels. Points closer together than this add nothing to the curve.
const SMALLEST_STEP = 0.4;
// Keys pressed in these belong to the field. The other kinds of input have nothing to undo.
const TEXT_FIELDS = "textarea, select, [contenteditable], input:not([type=range], [type=radio], [type=checkbox])";

const pads = new WeakMap();

// Streamlit calls this on every rerun, but calls the function it returns only when the canvas leaves the page.
export default function ({ data, parentElement, setStateValue }) {
  let pad = pads.get(parentElement);
  if (!pad) {
    pad = new Pad(parentElement, data.sketch);
    pads.set(parentElement, pad);
  }
  pad.brush = data.brush;
  pad.send = (sketch) => setStateValue("sketch", sketch);
  return () => {
    pad.close();
    pads.delete(parentElement);
  };
}

class Pad {
  constructor(root, { strokes, cleared }) {
    this.strokes = strokes;
    // The strokes that Clear removed. Undo on an empty canvas brings them back.
    this.cleared = cleared;
    // The pointer that is drawing, and its stroke; null while the pen is up.
    this.pen = null;
    this.canvas = root.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    [this.undoButton, this.clearButton] = root.querySelectorAll("button");
    this.listening = new AbortController();
    this.listen();
    this.show();
  }

  listen() {
    const on = (target, kind, action) => target.addEventListener(kind, action, { signal: this.listening.signal });
    on(this.canvas, "pointerdown", (event) => this.penDown(event));
    on(this.canvas, "pointermove", (event) => this.penMove(event));
    on(this.canvas, "pointerup", (event) => this.penUp(event));
    on(this.canvas, "pointercancel", (event) => this.penUp(event));
    on(this.undoButton, "click", () => this.undo());
    on(this.clearButton, "click", () => this.clear());
    on(document, "keydown", (event) => {
      if (isUndoKey(event) && this.undo()) {
        event.preventDefault();
      }
    });
  }

  close() {
    this.listening.abort();
  }

  penDown(event) {
    if (this.pen || event.button !== 0) {
      return;
    }
    this.canvas.setPointerCapture(event.pointerId);
    this.pen = { pointer: event.pointerId, stroke: { width: this.brush, points: [this.position(event)] } };
    this.strokes = [...this.strokes, this.pen.stroke];
    this.show();
  }

  penMove(event) {
    if (this.pen?.pointer !== event.pointerId) {
      return;
    }
    const { points } = this.pen.stroke;
    // A busy browser merges several moves into one event. Each of them is a point of the stroke.
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) {
      const [x, y] = this.position(move);
      const [lastX, lastY] = points.at(-1);
      if (Math.hypot(x - lastX, y - lastY) >= SMALLEST_STEP) {
        points.push([x, y]);
      }
    }
    this.show();
  }

  penUp(event) {
    if (this.pen?.pointer === event.pointerId) {
      this.pen = null;
      this.changed();
    }
  }

  // Returns whether there was anything to undo. A stroke that is still being drawn counts as the last one.
  undo() {
    this.pen = null;
    if (this.strokes.length) {
      this.strokes = this.strokes.slice(0, -1);
    } else if (this.cleared.length) {
      [this.strokes, this.cleared] = [this.cleared, []];
    } else {
      return false;
    }
    this.changed();
    return true;
  }

  clear() {
    this.pen = null;
    [this.strokes, this.cleared] = [[], this.strokes];
    this.changed();
  }

  changed() {
    this.show();
    const picture = this.strokes.length ? this.canvas.toDataURL("image/png") : null;
    this.send({ strokes: this.strokes, cleared: this.cleared, picture });
  }

  show() {
    this.context.fillStyle = PAPER;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes) {
      this.drawStroke(stroke);
    }
    this.undoButton.disabled = !this.strokes.length && !this.cleared.length;
    this.clearButton.disabled = !this.strokes.length;
  }

  // A curve through the middles between points: smooth even where the points of a fast stroke lie far apart.
  drawStroke({ width, points }) {
    const pen = this.context;
    pen.strokeStyle = INK;
    pen.lineWidth = width;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...points[0]);
    points.slice(1).forEach(([x, y], index) => {
      const [beforeX, beforeY] = points[index];
      pen.quadraticCurveTo(beforeX, beforeY, (beforeX + x) / 2, (beforeY + y) / 2);
    });
    const [endX, endY] = points.at(-1);
    // A line of no length would be drawn as nothing: a tap is a dot.
    pen.lineTo(endX + (points.length === 1 ? 0.01 : 0), endY);
    pen.stroke();
  }

  // Canvas pixels, also where the page is zoomed or the canvas is shown at another size.
  position(event) {
    const place = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - place.left) * this.canvas.width) / place.width;
    const y = ((event.clientY - place.top) * this.canvas.height) / place.height;
    return [Math.round(x * 100) / 100, Math.round(y * 100) / 100];
  }
}

function isUndoKey(event) {
  const undo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  return undo && !event.composedPath()[0].matches?.(TEXT_FIELDS);
}
