// A grid of images with captions. A click on an image sends its position.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  grid.style.setProperty("--tile", `${data.tile}px`);
  grid.style.setProperty("--aspect", data.aspect);
  const clickable = data.clickable;
  const focused = [...grid.children].indexOf(parentElement.activeElement ?? document.activeElement);
  grid.replaceChildren(
    ...data.tiles.map((tile, index) => {
      const cell = document.createElement(clickable ? "button" : "figure");
      cell.className = "cell" + (index === data.selected ? " selected" : "") + (tile.marked ? " marked" : "");
      cell.title = tile.title;
      const picture = document.createElement("img");
      picture.src = tile.source;
      picture.alt = tile.title;
      cell.append(picture);
      if (tile.caption) {
        const caption = document.createElement("span");
        caption.className = "caption";
        caption.textContent = tile.caption;
        cell.append(caption);
      }
      if (clickable) {
        cell.type = "button";
        cell.setAttribute("aria-pressed", index === data.selected);
        cell.onclick = () => setTriggerValue("clicked", index);
      }
      return cell;
    }),
  );
  // The keyboard goes on where it was.
  if (focused >= 0) {
    grid.children[focused]?.focus();
  }
}
