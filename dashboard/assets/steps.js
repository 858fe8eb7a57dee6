// The five steps from the ink to the model's image, as pictures.
const SVG = "http://www.w3.org/2000/svg";
// A transparent pixel, so that a frame without a picture shows its black background.
const EMPTY = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".trazo-steps");
  data.forEach((step, position) => {
    const figure = root.children[position] ?? root.appendChild(frame(position));
    const picture = figure.querySelector("img");
    const source = step.source ?? EMPTY;
    if (picture.src !== source) {
      picture.src = source;
    }
    picture.alt = step.source ? step.title : "";
    figure.querySelector(".title").textContent = step.title;
    figure.querySelector(".sentence").textContent = step.sentence;
    mark(figure.querySelector("svg"), step.mark);
  });
}

function frame(position) {
  const figure = document.createElement("figure");
  figure.innerHTML = `
    <div class="picture"><img><svg aria-hidden="true"></svg></div>
    <figcaption><div><span class="number">${position + 1}</span><span class="title"></span></div>
    <p class="sentence"></p></figcaption>`;
  return figure;
}

// Mark the effect of a step on its picture: the frame of a box, a cross at the centre, or the pixel grid.
function mark(svg, shape) {
  svg.replaceChildren();
  if (!shape) {
    return;
  }
  const [width, height] = shape.size;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const lines = document.createElementNS(SVG, "path");
  lines.setAttribute("class", shape.kind);
  lines.setAttribute("vector-effect", "non-scaling-stroke");
  lines.setAttribute("d", outline(shape, width, height));
  svg.append(lines);
}

function outline({ kind, frame }, width, height) {
  if (kind === "frame") {
    const [x, y, across, down] = frame;
    return `M${x} ${y}h${across}v${down}h${-across}z`;
  }
  if (kind === "cross") {
    return `M${width / 2} 0V${height}M0 ${height / 2}H${width}`;
  }
  let grid = "";
  for (let line = 1; line < width; line++) {
    grid += `M${line} 0V${height}M0 ${line}H${width}`;
  }
  return grid;
}
