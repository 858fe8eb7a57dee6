// Validation images with a run's current predictions; tiles are updated in place, so that they don't flicker.
const update = (tile, { source, verdict, digit, title }, click) => {
  const [picture, caption] = tile.firstElementChild.children;
  tile.firstElementChild.onclick = click;
  if (picture.getAttribute("src") !== source) {
    picture.src = source;
  }
  picture.alt = title;
  tile.title = title;
  caption.textContent = digit;
  if (tile.dataset.verdict === "wrong" && verdict === "right") {
    tile.classList.remove("learned");
    void tile.offsetWidth; // restarts the animation
    tile.classList.add("learned");
  }
  tile.dataset.verdict = verdict;
};

const fill = (list, tiles, click) => {
  while (list.children.length > tiles.length) {
    list.lastElementChild.remove();
  }
  while (list.children.length < tiles.length) {
    const tile = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.append(document.createElement("img"), document.createElement("span"));
    tile.append(button);
    list.append(tile);
  }
  tiles.forEach((tile, index) => update(list.children[index], tile, () => click(index)));
};

const show = (root, name, text, tiles, click) => {
  let part = root.querySelector(`.${name}`);
  if (!part) {
    part = document.createElement("div");
    part.className = name;
    part.append(document.createElement("p"), document.createElement("ul"));
    root.append(part);
  }
  const [title, list] = part.children;
  if (title.textContent !== text) {
    title.textContent = text;
  }
  fill(list, tiles, click);
  part.hidden = tiles.length === 0;
};

// A click sends the position of the image; that of the drawing follows those of the images.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".trazo-watched");
  const click = (index) => setTriggerValue("clicked", index);
  const drawing = data.drawing ? [data.drawing] : [];
  show(root, "images", data.right, data.tiles, click);
  show(root, "own", data.yours, drawing, () => click(data.tiles.length));
}
