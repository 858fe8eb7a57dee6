// A grid of images with captions. A click on an image sends its position.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  grid.style.setProperty("--tile", `${data.tile}px`);
  grid.style.setProperty("--aspect", data.aspect);
  // Cells are updated in place, so that the keyboard goes on where it was, also after a dialog.
  while (grid.children.length > data.tiles.length) {
    grid.lastElementChild.remove();
  }
  while (grid.children.length < data.tiles.length) {
    grid.append(buildCell(data.clickable));
  }
  data.tiles.forEach((tile, index) => {
    const cell = grid.children[index];
    fill(cell, tile, index === data.selected);
    if (data.clickable) {
      cell.onclick = () => {
        returnFocus(parentElement.host, cell);
        setTriggerValue("clicked", index);
      };
    }
  });
}

// A closed dialog gives the focus back to the element that had it. From outside, that is the host of this grid.
function returnFocus(host, cell) {
  host.tabIndex = -1;
  host.onfocus = (event) => {
    host.onfocus = null;
    if (event.composedPath()[0] === host) {
      cell.focus();
    }
  };
}

function buildCell(clickable) {
  const cell = document.createElement(clickable ? "button" : "figure");
  if (clickable) {
    cell.type = "button";
  }
  const caption = document.createElement("span");
  caption.className = "caption";
  cell.append(document.createElement("img"), caption);
  return cell;
}

function fill(cell, { source, title, caption, marked }, selected) {
  const [picture, text] = cell.children;
  cell.className = `cell${selected ? " selected" : ""}${marked ? " marked" : ""}`;
  cell.title = title;
  if (picture.getAttribute("src") !== source) {
    picture.src = source;
  }
  picture.alt = title;
  text.textContent = caption;
  text.hidden = !caption;
  if (cell.type === "button") {
    cell.setAttribute("aria-pressed", selected);
  }
}
