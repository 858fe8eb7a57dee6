// Return the controls on the page that the keyboard cannot reach, or whose focus cannot be seen.
// Call it after a press of Tab, so that the browser shows the focus. Afterwards, window.reachable holds the controls that
// presses of Tab must reach, and window.reached those that had the focus since then.
async () => {
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex], [contenteditable]";
  // The keyboard reaches one of a group's members by Tab, and the others by arrow keys.
  const MEMBERS = "[role=toolbar] button, [role=radio], [role=tab], [role=option], [role=gridcell], input[type=radio]";
  const GROUPS = "[role=radiogroup], [role=toolbar], [role=group], [role=tablist], [role=listbox], [role=grid], fieldset";
  // Buttons beside a field that does the same with its arrow keys.
  const FIELD_BUTTONS = ":is([data-testid=stSelectbox], [data-testid=stNumberInput], [data-testid=stMultiSelect]) button";
  const MARKS = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "borderTopColor", "borderBottomColor",
    "borderTopWidth", "backgroundColor", "textDecorationLine", "opacity", "display", "color"];

  function deep(root, selector) {
    const found = [];
    for (const element of root.querySelectorAll("*")) {
      if (element.matches(selector)) {
        found.push(element);
      }
      if (element.shadowRoot) {
        found.push(...deep(element.shadowRoot, selector));
      }
    }
    return found;
  }

  function parentOf(element) {
    return element.parentElement ?? element.getRootNode().host ?? null;
  }

  function closest(element, selector) {
    for (let each = element; each; each = parentOf(each)) {
      if (each.matches(selector)) {
        return each;
      }
    }
    return null;
  }

  function isShown(element) {
    const box = element.getBoundingClientRect();
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box.width > 1 && box.height > 1
      && getComputedStyle(parentOf(element)).clipPath === "none";
  }

  function focused() {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) {
      active = active.shadowRoot.activeElement;
    }
    return active;
  }

  function marksOf(element) {
    const nodes = [element, ...element.querySelectorAll("*")].slice(0, 12);
    for (let each = parentOf(element), count = 0; each && count < 4; each = parentOf(each), count += 1) {
      nodes.push(each);
    }
    return JSON.stringify(
      nodes.map((node) => [null, "::before", "::after"].map((part) => {
        const style = getComputedStyle(node, part);
        return MARKS.map((name) => style[name]);
      })),
    );
  }

  function isMember(element) {
    const group = element.matches(MEMBERS) && closest(parentOf(element), GROUPS);
    return group && deep(group, MEMBERS).some((member) => member.tabIndex >= 0);
  }

  function describe(element) {
    const name = element.getAttribute("aria-label") ?? element.textContent.trim();
    const place = closest(element, "[class*=st-key-], [data-testid]");
    return `${element.localName} "${name.slice(0, 40)}" in ${place?.dataset.testid ?? ""} ${place?.className.slice(0, 80)}`;
  }

  function frame() {
    return new Promise(requestAnimationFrame);
  }

  const disabled = "[disabled], [aria-disabled=true], [inert], [aria-hidden=true]";
  const controls = deep(document, CONTROLS).filter((element) => !closest(element, disabled));
  const problems = [];
  const clickable = deep(document, "*").filter((element) => {
    const style = isShown(element) && getComputedStyle(element);
    return style && style.cursor === "pointer" && style.pointerEvents !== "none"
      && getComputedStyle(parentOf(element)).cursor !== "pointer";
  });
  for (const element of clickable) {
    const control = closest(element, `${CONTROLS}, label, ${disabled}`) ?? deep(element, CONTROLS)[0];
    if (!control) {
      problems.push(`only a pointer reaches ${describe(element)}`);
    }
  }
  const reachable = controls.filter((element) => element.tabIndex >= 0 && isShown(element));
  for (const element of controls.filter((each) => each.tabIndex < 0 && isShown(each))) {
    if (element.matches("a, button, input, select, textarea") && !element.matches(FIELD_BUTTONS) && !isMember(element)) {
      problems.push(`Tab does not reach ${describe(element)}`);
    }
  }
  // Return true if the focus changes how the element looks. React shows it a few frames later.
  async function showsFocus(element, other) {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const unfocused = marksOf(element);
      element.focus();
      for (let frames = 0; frames < 5; frames += 1) {
        if (marksOf(element) !== unfocused) {
          return true;
        }
        await frame();
      }
      // It may have had the focus, or may still have looked so.
      other?.focus();
      for (let frames = 0; frames < 5; frames += 1) {
        await frame();
      }
    }
    return false;
  }

  for (const element of reachable) {
    // A table draws the frame around its focused cell on its canvas.
    if (!element.matches("iframe, [data-testid=data-grid-canvas]")) {
      const isSeen = await showsFocus(element, reachable.find((each) => each !== element));
      if (!isSeen && element.isConnected) {
        problems.push(`no focus is seen on ${describe(element)}`);
      }
      const box = element.getBoundingClientRect();
      if (box.bottom < 0 || box.right < 0 || box.top > innerHeight || box.left > innerWidth) {
        problems.push(`the focus leaves the screen on ${describe(element)}`);
      }
    }
  }
  focused()?.blur();
  window.reachable = reachable.filter((element) => !isMember(element));
  window.reached = new Set();
  // A move of the focus within a shadow root is seen only there.
  for (const root of [document, ...deep(document, "*").flatMap((element) => element.shadowRoot ?? [])]) {
    root.addEventListener("focusin", (event) => window.reached.add(event.composedPath()[0]), true);
  }
  return problems;
}
