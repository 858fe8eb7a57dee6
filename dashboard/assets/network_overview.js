// The network from the image to the probabilities, a column for each block; a click on a feature map chooses it.
const LINE = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setTriggerValue }) {
  const network = parentElement.querySelector(".network");
  const lines = document.createElementNS(LINE, "svg");
  const focused = buttons(network).indexOf(parentElement.activeElement ?? document.activeElement);
  const columns = [inputColumn(data), ...data.blocks.map((block) => blockColumn(block, data.words, setTriggerValue)), answerColumn(data)];
  network.replaceChildren(lines, ...columns);
  // The keyboard goes on where it was.
  if (focused >= 0) {
    buttons(network)[focused]?.focus();
  }
  const redraw = () => connect(network, lines, columns);
  const observer = new ResizeObserver(redraw);
  observer.observe(network);
  redraw();
  return () => observer.disconnect();
}

function buttons(network) {
  return [...network.querySelectorAll("button")];
}

function inputColumn({ image, words }) {
  const column = element("div", "column input");
  column.append(element("div", "name", words.image), picture(image, words.picture));
  return column;
}

function blockColumn({ layer, name, maps, count }, words, setTriggerValue) {
  const column = element("div", "column");
  column.append(element("div", "name", name));
  for (const { source, channel, selected } of maps) {
    const button = element("button", selected ? "node selected" : "node");
    button.type = "button";
    button.setAttribute("aria-pressed", selected);
    button.title = words.channel.replace("{layer}", name).replace("{channel}", channel);
    button.append(picture(source, button.title));
    button.onclick = () => setTriggerValue("chosen", [layer, channel]);
    column.append(button);
  }
  column.append(element("div", "name", words.shown.replace("{shown}", maps.length).replace("{count}", count)));
  return column;
}

function answerColumn({ probabilities, values, words }) {
  const column = element("div", "column");
  column.append(element("div", "name", words.probabilities));
  const best = probabilities.indexOf(Math.max(...probabilities));
  probabilities.forEach((probability, digit) => {
    const row = element("div", digit === best ? "bar node best" : "bar node");
    const track = element("span", "");
    const fill = element("i", "");
    fill.style.width = `${100 * probability}%`;
    track.append(fill);
    row.append(element("span", "", digit), track);
    row.title = `${digit}: ${values[digit]}`;
    row.setAttribute("role", "img");
    row.setAttribute("aria-label", row.title);
    column.append(row);
  });
  return column;
}

// Draw a line from each map to each map of the next column.
function connect(network, lines, columns) {
  const origin = network.getBoundingClientRect();
  const ends = columns.map((column) =>
    [...column.querySelectorAll(".node, :scope > img")].map((node) => {
      const box = node.getBoundingClientRect();
      return { left: box.left - origin.left, right: box.right - origin.left, y: (box.top + box.bottom) / 2 - origin.top };
    }),
  );
  lines.replaceChildren(
    ...ends.slice(1).flatMap((targets, index) =>
      ends[index].flatMap((from) =>
        targets.map((to) => {
          const line = document.createElementNS(LINE, "line");
          const ends = { x1: from.right, y1: from.y, x2: to.left, y2: to.y };
          Object.entries(ends).forEach(([name, value]) => line.setAttribute(name, value));
          return line;
        }),
      ),
    ),
  );
}

function picture(source, title) {
  const created = document.createElement("img");
  created.src = source;
  created.alt = title;
  return created;
}

function element(tag, className, text = "") {
  const created = document.createElement(tag);
  created.className = className;
  created.textContent = text;
  return created;
}
