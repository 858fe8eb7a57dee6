export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".trazo-answer");
  if (!root.firstChild) {
    build(root, data);
  }
  root.classList.toggle("said", data.digit !== null);
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
    row.querySelector(".fill").style.width = `${bar.share * 100}%`;
    row.querySelector(".value").textContent = bar.value;
  });
}

// Built once and then only changed, so that bars move and nothing flickers.
function build(root, data) {
  const said = element("div", "verdict");
  said.setAttribute("role", "status");
  said.append(element("div", "digit"), element("div", "sentence"));
  const chances = element("div", "chances");
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
  chances.append(element("div", "title"), bars);
  root.append(said, chances);
}

function element(tag, className) {
  const created = document.createElement(tag);
  created.className = className;
  return created;
}
