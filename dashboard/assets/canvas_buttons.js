// Undo, Clear, Ctrl+Z and a keyboard pen for the canvas of the Draw page, streamlit-drawable-canvas. The canvas keeps the history of its
// strokes in the browser, so Undo clicks the canvas's own Undo button, whose toolbar is hidden here. To remove strokes
// that Python put on the canvas, Python restarts the canvas; presses and strokes in the meantime are queued.

// These fields handle Ctrl+Z themselves. The other kinds of input have nothing to undo.
const TEXT_FIELDS = "textarea, select, [contenteditable], input:not([type=range], [type=radio], [type=checkbox])";
// The events that the canvas listens to.
const PEN_DOWN = ["mousedown", "touchstart"];
const PEN_MOVE = ["mousemove", "touchmove"];
const PEN_UP = ["mouseup", "touchend", "touchcancel"];
// Fabric.js smooths a stroke with curves that only pass near its points, and drops the last point but one: a 7 drawn
// with three points lost its corner. With one more point this close (in pixels) to each side of a point, the curve
// comes within a pixel of it.
const NEAR = 4;
// The toolbar would cover a corner of the canvas. On a narrow screen the whole canvas shrinks, and Fabric.js converts the
// pointer's position.
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  .dc-toolbar { display: none !important }
  .dc-root:has(.keyboard-pen:focus-visible) .example { display: none }
  .dc-root, .dc-container { width: 100% !important }
  .dc-container { height: auto !important; aspect-ratio: var(--canvas-width) / var(--canvas-height) }
  .canvas-container, canvas { width: 100% !important; height: 100% !important }
  .example { position: absolute; z-index: 11; inset: 0; width: 100%; height: 100%; pointer-events: none }
  .example path { fill: none; stroke: #ffffff38; stroke-width: 20; stroke-linecap: round; stroke-linejoin: round }
  .example circle { fill: none; stroke: #4fd1bd; stroke-width: 2 }
  .example text { fill: #bfc9c6; font: 13px sans-serif; text-anchor: middle }
`);
// A digit to draw over, with an invitation; the circle marks where the pen starts. It is no ink.
const EXAMPLE = `<svg class="example" viewBox="0 0 280 280" aria-hidden="true">
  <path d="M88 96C100 44 190 44 190 98C190 140 120 172 92 214C120 208 160 212 196 212"/>
  <circle cx="88" cy="96" r="6"/>
  <text x="140" y="262"></text>
</svg>`;

const controllers = new WeakMap();

// Streamlit calls this on every rerun, but calls the function it returns only when the buttons leave the page.
export default function ({ data, parentElement, setStateValue }) {
  let controller = controllers.get(parentElement);
  if (!controller) {
    controller = new Controller(parentElement);
    controllers.set(parentElement, controller);
  }
  controller.update(data, (request) => setStateValue("request", request));
  return () => {
    controller.close();
    controllers.delete(parentElement);
  };
}

class Controller {
  constructor(root) {
    [this.undoButton, this.clearButton] = root.querySelectorAll("button");
    // The canvas and the buttons of its toolbar; null until the browser has built them.
    this.canvas = null;
    // True while the canvas is drawing a stroke.
    this.penIsDown = false;
    // The last point of the stroke that the visitor is drawing, queued or not; null between strokes.
    this.lastPoint = null;
    // Presses (functions) and strokes (lists of events) that are queued until the canvas is free.
    this.queue = [];
    // The queued stroke whose pen is still down, or null.
    this.queuedStroke = null;
    this.isReplaying = false;
    // Python's id of the canvas that a pending request replaces; null if no request is pending.
    this.replaced = null;
    // The example that lies over an empty canvas, or null.
    this.example = null;
    // The pen for people without a mouse (keyboard_pen.js), or null while there is no canvas.
    this.pen = null;
    this.listening = new AbortController();
    this.toolbarObserver = new MutationObserver(() => this.show());
    this.listen();
  }

  listen() {
    const on = (target, kinds, action) => {
      for (const kind of kinds) {
        target.addEventListener(kind, action, { capture: true, passive: false, signal: this.listening.signal });
      }
    };
    on(this.undoButton, ["click"], () => this.press(() => this.undo()));
    on(this.clearButton, ["click"], () => this.press(() => this.clear()));
    on(window, [...PEN_DOWN, ...PEN_MOVE, ...PEN_UP], (event) => this.followPen(event));
    on(window, ["pointermove"], (event) => this.addMergedMoves(event));
    on(window, ["keydown"], (event) => {
      if (isUndoKey(event) && !this.undoButton.disabled) {
        event.preventDefault();
        this.press(() => this.undo());
      }
    });
  }

  close() {
    this.listening.abort();
    this.toolbarObserver.disconnect();
    cancelAnimationFrame(this.search);
  }

  // While Python waits for the restarted canvas, `start` is null.
  update({ start, strokes, unseen, cleared, example, width, height, words }, request) {
    this.request = request;
    this.size = { width, height };
    this.words = words;
    label(this.undoButton, words.undo, words.undo_title);
    label(this.clearButton, words.clear, words.clear_title);
    this.unseen = unseen;
    this.wantsExample = example;
    if (start && start !== this.replaced) {
      Object.assign(this, { start, strokes, cleared, replaced: null });
    }
    if (!this.canvas?.root.isConnected) {
      this.canvas = null;
      this.findCanvas();
    }
    this.show();
    this.replay();
  }

  findCanvas() {
    cancelAnimationFrame(this.search);
    const host = document.querySelector(".st-key-canvas [data-testid=stBidiComponentIsolated]");
    const root = host?.shadowRoot?.querySelector(".dc-root");
    if (!root) {
      this.search = requestAnimationFrame(() => this.findCanvas());
      return;
    }
    host.shadowRoot.adoptedStyleSheets = [...host.shadowRoot.adoptedStyleSheets, STYLE];
    this.canvas = {
      root,
      surface: root.querySelector("canvas.upper-canvas"),
      undo: root.querySelector("[aria-label=Undo]"),
      send: root.querySelector("[aria-label='Update the app with this drawing']"),
    };
    this.toolbarObserver.observe(this.canvas.undo, { attributes: true });
    // Not otherwise: an image on the canvas is still loading, and the canvas would send itself without it.
    if (this.unseen) {
      // If Python changed the drawing just before the visitor left the page, it has no picture of it yet.
      this.canvas.send.click();
    }
    this.show();
    this.replay();
  }

  get isBusy() {
    return !this.canvas || this.replaced !== null || this.isReplaying;
  }

  press(action) {
    this.queue.push(action);
    this.replay();
  }

  async replay() {
    // A press while the pen is down is meant for that stroke, which the canvas can undo only after the pen is up.
    while (!this.isBusy && this.queue.length && !(this.penIsDown && this.queue[0] instanceof Function)) {
      this.isReplaying = true;
      this.perform(this.queue.shift());
      // The canvas records strokes and loads drawings in microtasks; wait for these.
      await new Promise((done) => setTimeout(done));
      this.isReplaying = false;
    }
  }

  perform(item) {
    if (item instanceof Function) {
      item();
      return;
    }
    if (item === this.queuedStroke) {
      this.queuedStroke = null;
    }
    item.forEach((event) => this.canvas.surface.dispatchEvent(event));
  }

  undo() {
    if (!this.canvas.undo.disabled) {
      this.canvas.undo.click();
    } else if (this.strokes || this.cleared) {
      this.sendRequest("undo");
    }
  }

  clear() {
    if (!this.canvas.undo.disabled || this.strokes) {
      this.sendRequest("clear");
    }
  }

  // A state value rather than a trigger, because Streamlit sends it again after a lost connection.
  sendRequest(action) {
    this.replaced = this.start;
    this.canvas.send.click();
    this.request({ action, time: Date.now() });
  }

  followPen(event) {
    const isDown = PEN_DOWN.includes(event.type);
    const isUp = PEN_UP.includes(event.type) && !event.touches?.length;
    if (isDown && (event.button || !this.canvas || !event.composedPath().includes(this.canvas.surface))) {
      return;
    }
    if (isDown && event.isTrusted && this.isBusy) {
      this.queuedStroke = [];
      this.queue.push(this.queuedStroke);
    }
    if (event.isTrusted) {
      this.followPoint(event, isDown, isUp);
    }
    if (event.isTrusted && this.queuedStroke) {
      event.stopImmediatePropagation();
      event.preventDefault();
      this.queuedStroke.push(event);
      this.queuedStroke = isUp ? null : this.queuedStroke;
    } else if (isDown) {
      this.penIsDown = true;
      this.show();
    } else if (isUp && this.penIsDown) {
      this.penIsDown = false;
      setTimeout(() => this.finishStroke());
    }
  }

  finishStroke() {
    // The canvas itself would wait for 200 ms, and lose the stroke if the visitor left the page in that time.
    this.canvas?.send.click();
    this.show();
    this.replay();
  }

  followPoint(event, isDown, isUp) {
    if (isUp) {
      this.lastPoint = null;
    } else if (isDown && !(event.touches?.length > 1)) {
      this.lastPoint = pointOf(event);
    } else if (this.lastPoint && PEN_MOVE.includes(event.type)) {
      const point = pointOf(event);
      if (point.finger === this.lastPoint.finger) {
        this.addMoves(pointsBetween(this.lastPoint, point));
        this.lastPoint = point;
      }
    }
  }

  // A busy browser merges several moves into one event, and the canvas would draw only the last move.
  addMergedMoves(event) {
    if (this.lastPoint && event.isPrimary) {
      for (const { clientX: x, clientY: y } of (event.getCoalescedEvents?.() ?? []).slice(0, -1)) {
        const point = { ...this.lastPoint, x, y };
        this.addMoves([...pointsBetween(this.lastPoint, point), point]);
        this.lastPoint = point;
      }
    }
  }

  // Fabric.js accepts mouse events while a finger draws, too.
  addMoves(points) {
    for (const { x: clientX, y: clientY, shiftKey } of points) {
      const move = new MouseEvent("mousemove", { clientX, clientY, shiftKey, bubbles: true, composed: true });
      if (this.queuedStroke) {
        this.queuedStroke.push(move);
      } else {
        this.canvas?.surface.dispatchEvent(move);
      }
    }
  }

  // The example goes with the first stroke, before the server knows of it, and does not come back.
  showExample() {
    if (!this.wantsExample || this.penIsDown || this.queuedStroke) {
      this.example?.remove();
      this.wantsExample = false;
    } else if (this.canvas && !this.example?.isConnected) {
      this.example = elementFrom(EXAMPLE);
      this.example.querySelector("text").textContent = this.words.example;
      this.canvas.root.append(this.example);
    }
  }

  showPen() {
    const { width, height } = this.size;
    if (this.pen?.width !== width) {
      this.pen?.element.remove();
      const draw = (points) => this.press(() => this.drawLine(points));
      this.pen = new KeyboardPen({ width, height, words: this.words.pen, draw, undo: () => this.undoButton.click() });
    }
    if (this.canvas && this.pen.element.parentNode !== this.canvas.root) {
      this.canvas.root.append(this.pen.element);
    }
  }

  // Draw a line of the keyboard's pen as a mouse would.
  drawLine(points) {
    const { left, top, width } = this.canvas.surface.getBoundingClientRect();
    const scale = width / this.size.width;
    const places = points.map(([x, y]) => ({ x: left + x * scale, y: top + y * scale }));
    const send = (kind, { x, y }) =>
      this.canvas.surface.dispatchEvent(
        new MouseEvent(kind, { clientX: x, clientY: y, bubbles: true, composed: true }),
      );
    send("mousedown", places[0]);
    places.slice(1).forEach((place, index) => {
      [...pointsBetween(places[index], place), place].forEach((point) => send("mousemove", point));
    });
    send("mouseup", places.at(-1));
  }

  show() {
    this.showExample();
    this.showPen();
    if (this.replaced === null) {
      const isChanged = this.penIsDown || (this.canvas && !this.canvas.undo.disabled);
      this.clearButton.disabled = !isChanged && !this.strokes;
      this.undoButton.disabled = this.clearButton.disabled && !this.cleared;
    }
  }
}

function label(button, text, title) {
  button.querySelector("span").textContent = text;
  button.title = title;
}

function elementFrom(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function isUndoKey(event) {
  const undo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  return undo && !event.composedPath()[0].matches?.(TEXT_FIELDS);
}

function pointOf(event) {
  const { clientX: x, clientY: y, identifier: finger } = event.changedTouches?.[0] ?? event;
  return { x, y, finger, shiftKey: event.shiftKey };
}

// Return a point near the start and one near the end of the line between two points that are far apart.
function pointsBetween(start, end) {
  const share = NEAR / Math.hypot(end.x - start.x, end.y - start.y);
  const at = (part) => ({ ...end, x: start.x + part * (end.x - start.x), y: start.y + part * (end.y - start.y) });
  return share < 0.5 ? [at(share), at(1 - share)] : [];
}
