// Validation images with a run's current predictions; tiles are updated in place, so that they don't flicker.
const update = (tile, { source, verdict, digit, title }) => {
  const [picture, caption] = tile.children;
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

const fill = (list, tiles) => {
  while (list.children.length > tiles.length) {
    list.lastElementChild.remove();
  }
  while (list.children.length < tiles.length) {
    const tile = document.createElement("li");
    tile.append(document.createElement("img"), document.createElement("span"));
    list.append(tile);
  }
  tiles.forEach((tile, index) => update(list.children[index], tile));
};

const show = (root, name, text, tiles) => {
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
  fill(list, tiles);
  part.hidden = tiles.length === 0;
};

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".trazo-watched");
  show(root, "images", `${data.count} validation images right`, data.tiles);
  show(root, "own", "Yours", data.drawing ? [data.drawing] : []);
}
