// The pictures that explain an answer, with captions, and one sentence.
const COUNT = 3;

// A click on a picture sends its position.
export default function ({ data, parentElement, setTriggerValue }) {
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
    const button = figure.querySelector("button");
    button.disabled = !picture;
    // An empty frame has no name, so screen readers skip it.
    figure.setAttribute("aria-hidden", !picture);
    button.title = picture?.caption ?? "";
    button.onclick = () => setTriggerValue("clicked", position);
    image.hidden = !picture;
    image.src = picture?.source ?? "";
    image.alt = picture?.caption ?? "";
    figure.querySelector("figcaption").textContent = picture?.caption ?? "";
  });
  root.querySelector(".sentence").textContent = data.sentence;
}

function frame() {
  const figure = document.createElement("figure");
  figure.innerHTML = '<button type="button" class="picture"><img hidden></button><figcaption></figcaption>';
  return figure;
}
