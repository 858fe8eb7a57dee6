// The pictures that explain an answer, with captions, and one sentence.
const COUNT = 3;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".trazo-reasons");
  if (!root.firstChild) {
    const pictures = document.createElement("div");
    pictures.className = "pictures";
    pictures.append(...Array.from({ length: COUNT }, frame));
    const sentence = document.createElement("p");
    sentence.className = "sentence";
    root.append(pictures, sentence);
  }
  root.querySelectorAll("figure").forEach((figure, position) => {
    const picture = data.pictures[position];
    const image = figure.querySelector("img");
    image.hidden = !picture;
    image.src = picture?.source ?? "";
    image.alt = picture?.caption ?? "";
    figure.querySelector("figcaption").textContent = picture?.caption ?? "";
  });
  root.querySelector(".sentence").textContent = data.sentence;
}

function frame() {
  const figure = document.createElement("figure");
  figure.innerHTML = '<div class="picture"><img hidden></div><figcaption></figcaption>';
  return figure;
}
