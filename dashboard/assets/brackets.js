// Below a drawing: a bracket for each digit of a number, and the predicted digit under it.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".trazo-brackets");
  const picture = root.querySelector("img") ?? root.appendChild(document.createElement("img"));
  picture.hidden = !data.picture;
  picture.alt = data.picture ? data.alt : "";
  if (data.picture && picture.src !== data.picture) {
    picture.src = data.picture;
  }
  root.querySelector(".row")?.remove();
  const row = root.appendChild(document.createElement("div"));
  row.className = "row";
  for (const { text, left, width, sure } of data.brackets) {
    const bracket = row.appendChild(document.createElement("span"));
    bracket.textContent = text;
    bracket.classList.toggle("unsure", !sure);
    bracket.style.left = `${left}%`;
    bracket.style.width = `${width}%`;
  }
}
