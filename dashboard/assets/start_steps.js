// The steps before the first training step: those that are done, the current one, and the rest.
export default function ({ data, parentElement }) {
  const list = parentElement.querySelector(".trazo-start-steps");
  data.steps.forEach((text, index) => {
    const step = list.children[index] ?? list.appendChild(document.createElement("li"));
    const shown = index === data.current && data.detail ? data.detail : text;
    if (step.textContent !== shown) {
      step.textContent = shown;
    }
    step.classList.toggle("done", index < data.current);
    if (index === data.current) {
      step.setAttribute("aria-current", "step");
    } else {
      step.removeAttribute("aria-current");
    }
  });
}
