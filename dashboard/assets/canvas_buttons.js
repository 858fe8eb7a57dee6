// Undo, Clear and Ctrl+Z for the canvas of the Draw page, streamlit-drawable-canvas. The canvas keeps the history of its
// strokes in the browser, so Undo presses the canvas's own Undo, in a toolbar that is hidden here. Python removes the
// strokes that it put on the canvas itself, and restarts the canvas; what you do meanwhile is held and done afterwards.

// Keys pressed in these belong to the field. The other kinds of input have nothing to undo.
const TEXT_FIELDS = "textarea, select, [contenteditable], input:not([type=range], [type=radio], [type=checkbox])";
// The events that the canvas draws with.
const PEN_DOWN = ["mousedown", "touchstart"];
const PEN_MOVE = ["mousemove", "touchmove"];
const PEN_UP = ["mouseup", "touchend", "touchcancel"];
// The toolbar would cover a corner of the canvas.
const NO_TOOLBAR = new CSSStyleSheet();
NO_TOOLBAR.replaceSync(".dc-toolbar { display: none !important }");

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
    // The canvas with the buttons of its toolbar; null until the browser has built it.
    this.canvas = null;
    // Whether the canvas is drawing a stroke.
    this.penIsDown = false;
    // Presses (functions) and strokes (lists of events) that wait until the canvas is free.
    this.held = [];
    // The stroke among them whose pen is still down.
    this.heldStroke = null;
    this.isReplaying = false;
    // Python's name for the canvas that a request replaces; null while there is no request.
    this.replaced = null;
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
  update({ start, strokes, cleared }, request) {
    this.request = request;
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
    host.shadowRoot.adoptedStyleSheets = [...host.shadowRoot.adoptedStyleSheets, NO_TOOLBAR];
    this.canvas = {
      root,
      surface: root.querySelector("canvas.upper-canvas"),
      undo: root.querySelector("[aria-label=Undo]"),
      send: root.querySelector("[aria-label='Update the app with this drawing']"),
    };
    this.toolbarObserver.observe(this.canvas.undo, { attributes: true });
    if (this.strokes) {
      // Python may have changed the drawing just before you left the page, and has no picture of it then.
      this.canvas.send.click();
    }
    this.show();
    this.replay();
  }

  get isBusy() {
    return !this.canvas || this.replaced !== null || this.isReplaying;
  }

  press(action) {
    this.held.push(action);
    this.replay();
  }

  async replay() {
    // A press while the pen is down is for the stroke being drawn, which the canvas cannot undo before the pen is up.
    while (!this.isBusy && this.held.length && !(this.penIsDown && this.held[0] instanceof Function)) {
      this.isReplaying = true;
      this.perform(this.held.shift());
      // The canvas notes a stroke and loads a drawing in microtasks.
      await new Promise((done) => setTimeout(done));
      this.isReplaying = false;
    }
  }

  perform(held) {
    if (held instanceof Function) {
      held();
      return;
    }
    if (held === this.heldStroke) {
      this.heldStroke = null;
    }
    held.forEach((event) => this.canvas.surface.dispatchEvent(event));
  }

  undo() {
    if (!this.canvas.undo.disabled) {
      this.canvas.undo.click();
    } else if (this.strokes || this.cleared) {
      this.ask("undo");
    }
  }

  clear() {
    if (!this.canvas.undo.disabled || this.strokes) {
      this.ask("clear");
    }
  }

  // A state and not a trigger: Streamlit sends it again after a lost connection.
  ask(action) {
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
      this.heldStroke = [];
      this.held.push(this.heldStroke);
    }
    if (event.isTrusted && this.heldStroke) {
      event.stopImmediatePropagation();
      event.preventDefault();
      this.heldStroke.push(event);
      this.heldStroke = isUp ? null : this.heldStroke;
    } else if (isDown) {
      this.penIsDown = true;
      this.show();
    } else if (isUp && this.penIsDown) {
      this.penIsDown = false;
      setTimeout(() => this.finishStroke());
    }
  }

  finishStroke() {
    // The canvas itself would wait for 200 ms, and lose the stroke if you left the page meanwhile.
    this.canvas?.send.click();
    this.show();
    this.replay();
  }

  // A busy browser merges several moves into one event, of which the canvas would draw only the last.
  addMergedMoves(event) {
    if (this.penIsDown && event.pointerType !== "touch") {
      for (const { clientX, clientY } of (event.getCoalescedEvents?.() ?? []).slice(0, -1)) {
        const move = new MouseEvent("mousemove", { clientX, clientY, bubbles: true, composed: true });
        this.canvas.surface.dispatchEvent(move);
      }
    }
  }

  show() {
    if (this.replaced === null) {
      const isChanged = this.penIsDown || (this.canvas && !this.canvas.undo.disabled);
      this.clearButton.disabled = !isChanged && !this.strokes;
      this.undoButton.disabled = this.clearButton.disabled && !this.cleared;
    }
  }
}

function isUndoKey(event) {
  const undo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  return undo && !event.composedPath()[0].matches?.(TEXT_FIELDS);
}
