// Nine numbers of a 3x3 filter.
// Milliseconds after the last change, so that a held arrow causes one update of the page.
const PAUSE = 250;
const timers = new WeakMap();
const versions = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const frame = parentElement.querySelector(".numbers");
  if (!frame.children.length) {
    data.titles.forEach((title) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "number", step: 1, min: -data.limit, max: data.limit });
      input.setAttribute("aria-label", title);
      input.oninput = () => {
        const number = Math.min(Math.max(Number(input.value), -data.limit), data.limit);
        if (number !== Number(input.value)) {
          input.value = number;
        }
        clearTimeout(timers.get(parentElement));
        timers.set(
          parentElement,
          setTimeout(() => setStateValue("numbers", [...frame.children].map((each) => Number(each.value))), PAUSE),
        );
      };
      // An empty field counts as 0, but the visitor may still be typing a number.
      input.onchange = () => {
        input.value = Number(input.value);
      };
      frame.append(input);
    });
  }
  // Python's numbers count only after a press on one of its buttons; the visitor's are newer.
  if (versions.get(parentElement) !== data.version) {
    versions.set(parentElement, data.version);
    clearTimeout(timers.get(parentElement));
    data.numbers.forEach((number, index) => {
      frame.children[index].value = number;
    });
  }
}
