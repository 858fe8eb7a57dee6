// The predicted number in large digits, with a sentence, or a prompt.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".trazo-number");
  if (!root.firstChild) {
    root.setAttribute("role", "status");
    for (const name of ["number", "sentence"]) {
      root.appendChild(document.createElement("div")).className = name;
    }
  }
  const text = data.number ?? data.prompt;
  root.classList.toggle("answered", data.number !== null);
  root.style.setProperty("--digits", text.length);
  for (const [name, value] of [["number", text], ["sentence", data.sentence]]) {
    const part = root.querySelector(`.${name}`);
    if (part.textContent !== value) {
      part.textContent = value;
    }
  }
}
