// Write the parameters of a page to its address without adding an entry to the browser's history.
const push = history.pushState.bind(history);
// True after a step back or forward, until the visitor presses something.
let isTraversing = false;
window.addEventListener("popstate", () => (isTraversing = true));
for (const kind of ["pointerdown", "keydown", "click"]) {
  window.addEventListener(kind, () => (isTraversing = false), true);
}

export default function ({ data }) {
  history.pushState = pushPage;
  let frame;
  const write = () => {
    const page = location.pathname.slice(location.pathname.lastIndexOf("/") + 1);
    if (page !== data.page) {
      // Streamlit renders a page shortly before it changes the address, so wait for the change.
      frame = requestAnimationFrame(write);
      return;
    }
    const address = new URL(location.href);
    for (const [name, values] of Object.entries(data.parameters)) {
      address.searchParams.delete(name);
      values.forEach((value) => address.searchParams.append(name, value));
    }
    if (address.href !== location.href) {
      history.replaceState(history.state, "", address);
    }
  };
  write();
  return () => cancelAnimationFrame(frame);
}

// When the visitor leaves a page, Streamlit clears its parameters and adds a history entry for that; replace the entry.
// After quick steps back, Streamlit renders the pages in between late, and adds an entry for each; leave these out.
function pushPage(state, title, address) {
  const samePage = new URL(address, location.href).pathname === location.pathname;
  if (samePage) {
    history.replaceState(state, title, address);
  } else if (!isTraversing) {
    push(state, title, address);
  }
}
