// A pen for people without a mouse, in the element that holds a canvas: the arrow keys move it over a grid, Space puts
// it down and sets the corners of a line, Enter lifts it. The grid shows itself only while it has the keyboard's focus.

// Distance of two positions in pixels of the canvas; a digit of 280 pixels is drawn well with nine by nine positions.
const PEN_STEP = 28;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PEN_STYLE = `
  .keyboard-pen { position: absolute; z-index: 12; inset: 0; pointer-events: none; outline-offset: -3px;
    forced-color-adjust: none }
  .keyboard-pen:not(:focus-visible) { opacity: 0 }
  .keyboard-pen:focus-visible { outline: 3px solid #4fd1bd }
  .keyboard-pen svg { width: 100%; height: 100% }
  .keyboard-pen .dot { fill: #9aa5a2 }
  .keyboard-pen .line { fill: none; stroke: #4fd1bd; stroke-width: 5; stroke-linecap: round; stroke-linejoin: round }
  .keyboard-pen .pen { fill: none; stroke: #4fd1bd; stroke-width: 3 }
  .keyboard-pen .down { fill: #4fd1bd }
  .keyboard-pen .keys { position: absolute; inset: auto 0 4px; color: #dfe6e4; font: 12px sans-serif; text-align: center;
    text-shadow: 0 0 3px #000, 0 0 3px #000 }
  .keyboard-pen .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
`;

class KeyboardPen {
  // `draw` receives the points of a finished line in pixels of the canvas; `undo` takes back the last one; `enter`, if
  // any, is called by Enter while the pen is up. `words`: those of parts/keyboard_pen.py.
  constructor({ width, height, words, draw, undo, enter }) {
    Object.assign(this, { width, height, words, draw, undo, enter });
    this.columns = Math.round(width / PEN_STEP) - 1;
    this.rows = Math.round(height / PEN_STEP) - 1;
    // The upper left corner of most digits.
    this.at = [3, 2];
    // The corners of the line that is being drawn; none while the pen is up.
    this.corners = [];
    this.element = document.createElement("div");
    this.element.className = "keyboard-pen";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "application");
    this.element.setAttribute("aria-label", words.help);
    this.element.innerHTML = `<style>${PEN_STYLE}</style>
      <svg viewBox="0 0 ${width} ${height}" aria-hidden="true">${this.dots()}
        <polyline class="line"/><circle class="pen" r="8"/></svg>
      <div class="keys" aria-hidden="true"></div>
      <div class="spoken" role="status"></div>`;
    this.element.addEventListener("keydown", (event) => this.press(event));
    this.element.querySelector(".keys").textContent = words.keys;
    this.show();
  }

  dots() {
    const dots = [];
    for (let row = 1; row <= this.rows; row++) {
      for (let column = 1; column <= this.columns; column++) {
        dots.push(`<circle class="dot" r="1.5" cx="${column * PEN_STEP}" cy="${row * PEN_STEP}"/>`);
      }
    }
    return dots.join("");
  }

  get point() {
    return this.at.map((position) => position * PEN_STEP);
  }

  get isAtLastCorner() {
    return this.corners.length > 0 && this.corners.at(-1).every((value, axis) => value === this.point[axis]);
  }

  press(event) {
    const isUndo = event.ctrlKey || event.metaKey;
    const action = isUndo ? undefined : this.actions[event.key];
    if (action) {
      event.preventDefault();
      event.stopPropagation();
      this.say(action());
      this.show();
    }
  }

  get actions() {
    const moves = Object.entries(ARROWS).map(([key, by]) => [key, () => this.move(by)]);
    return {
      ...Object.fromEntries(moves),
      " ": () => this.setCorner(),
      Enter: () => this.liftOrEnter(),
      Backspace: () => this.takeBack(),
    };
  }

  move([right, down]) {
    const within = (value, most) => Math.max(1, Math.min(most, value));
    this.at = [within(this.at[0] + right, this.columns), within(this.at[1] + down, this.rows)];
    return this.words.position.replace("{column}", this.at[0]).replace("{row}", this.at[1]);
  }

  setCorner() {
    if (this.isAtLastCorner) {
      return this.lift();
    }
    this.corners.push(this.point);
    return this.corners.length === 1 ? this.words.down : this.words.corner;
  }

  liftOrEnter() {
    if (this.corners.length) {
      return this.lift();
    }
    this.enter?.();
    return "";
  }

  lift() {
    if (!this.isAtLastCorner) {
      this.corners.push(this.point);
    }
    this.draw(this.corners);
    this.corners = [];
    return this.words.up;
  }

  takeBack() {
    if (!this.corners.length) {
      this.undo();
      return this.words.taken_back;
    }
    this.corners.pop();
    return this.corners.length ? this.words.corner_taken_back : this.words.up;
  }

  say(text) {
    this.element.querySelector(".spoken").textContent = text;
  }

  show() {
    const isDown = this.corners.length > 0;
    const pen = this.element.querySelector(".pen");
    [["cx", this.point[0]], ["cy", this.point[1]]].forEach(([name, value]) => pen.setAttribute(name, value));
    pen.classList.toggle("down", isDown);
    const corners = isDown ? [...this.corners, this.point] : [];
    this.element.querySelector(".line").setAttribute("points", corners.map((corner) => corner.join()).join(" "));
  }
}
