// The prediction beside the canvas: a large digit, a sentence, and a bar for each probability.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".trazo-answer");
  if (!root.firstChild) {
    build(root, data);
  }
  root.classList.toggle("answered", data.digit !== null);
  root.classList.toggle("unsure", data.verdict === "unsure");
  const digit = root.querySelector(".digit");
  const shown = data.digit ?? data.prompt;
  if (digit.textContent !== shown) {
    digit.textContent = shown;
  }
  root.querySelector(".sentence").textContent = data.sentence;
  root.querySelector(".title").textContent = data.title;
  root.querySelector(".bars").setAttribute("aria-label", data.title);
  data.bars.forEach((bar, position) => {
    const row = root.querySelectorAll(".bar")[position];
    row.classList.toggle("best", bar.best);
    row.querySelector(".fill").style.width = `${bar.probability * 100}%`;
    row.querySelector(".value").textContent = bar.value;
  });
}

// Build the elements once. Later predictions change them in place, so the bars move without flicker.
function build(root, data) {
  const verdict = element("div", "verdict");
  verdict.setAttribute("role", "status");
  verdict.append(element("div", "digit"), element("div", "sentence"));
  const probabilities = element("div", "probabilities");
  const bars = element("ul", "bars");
  for (const { digit } of data.bars) {
    const row = element("li", "bar");
    const name = element("span", "name");
    name.textContent = digit;
    const track = element("span", "track");
    track.append(element("span", "fill"));
    row.append(name, track, element("span", "value"));
    bars.append(row);
  }
  probabilities.append(element("div", "title"), bars);
  root.append(verdict, probabilities);
}

function element(tag, className) {
  const created = document.createElement(tag);
  created.className = className;
  return created;
}
