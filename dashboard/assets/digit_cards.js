// A card for each digit of a number: its verdict, the second-best digit and ten probabilities.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".trazo-digit-cards");
  while (root.children.length > data.length) {
    root.lastChild.remove();
  }
  while (root.children.length < data.length) {
    root.append(buildCard());
  }
  data.forEach((card, position) => fill(root.children[position], card));
}

function fill(card, { text, sure, sentence, second, title, bars }) {
  card.classList.toggle("unsure", !sure);
  for (const [name, value] of Object.entries({ text, sentence, second })) {
    card.querySelector(`.${name}`).textContent = value;
  }
  const list = card.querySelector(".bars");
  list.setAttribute("aria-label", title);
  bars.forEach(({ digit, probability, value, best }, position) => {
    const row = list.children[position];
    row.classList.toggle("best", best);
    row.querySelector(".name").textContent = digit;
    row.querySelector(".fill").style.width = `${probability * 100}%`;
    row.querySelector(".value").textContent = value;
  });
}

function buildCard() {
  const card = element("li", "card");
  const bars = element("ul", "bars");
  for (let digit = 0; digit < 10; digit++) {
    const row = element("li", "bar");
    const track = element("span", "track");
    track.append(element("span", "fill"));
    row.append(element("span", "name"), track, element("span", "value"));
    bars.append(row);
  }
  card.append(element("div", "text"), element("div", "sentence"), element("div", "second"), bars);
  return card;
}

function element(tag, className) {
  const created = document.createElement(tag);
  created.className = className;
  return created;
}
