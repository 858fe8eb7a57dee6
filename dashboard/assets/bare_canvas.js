// Hides the canvas' own toolbar from eyes, fingers and screen readers: unseen, it lies over a corner of the canvas and
// would take the strokes that a finger begins there, and its Undo is not the one that stands below the canvas.
const bare = new CSSStyleSheet();
bare.replaceSync(".dc-toolbar { display: none !important }");

export default function () {
  const frame = document.querySelector(".st-key-canvas_frame");
  let waiting;
  const hide = () => {
    const host = [...frame.querySelectorAll("*")].find((inner) => inner.shadowRoot?.querySelector(".dc-toolbar"));
    if (host) {
      host.shadowRoot.adoptedStyleSheets = [...host.shadowRoot.adoptedStyleSheets, bare];
    } else {
      waiting = requestAnimationFrame(hide);
    }
  };
  hide();
  return () => cancelAnimationFrame(waiting);
}
