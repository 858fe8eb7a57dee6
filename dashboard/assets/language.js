// The switch between languages. It reloads the page, so that the browser never mixes two languages: the words that a
// script gets do not change during a visit.
const SECONDS_OF_A_YEAR = 365 * 24 * 60 * 60;

export default function ({ data, parentElement }) {
  // For browsers, screen readers and translation programs.
  document.documentElement.lang = data.language;
  keep(data.language, data.cookie);
  forgetLink(data.parameter);
  const group = parentElement.querySelector("[role=group]");
  group.setAttribute("aria-label", data.label);
  group.replaceChildren(...data.languages.map(([code, name]) => button(code, name, data)));
}

function button(code, name, { language, cookie }) {
  const element = document.createElement("button");
  element.type = "button";
  element.lang = code;
  element.textContent = name;
  element.setAttribute("aria-pressed", code === language);
  element.addEventListener("click", () => {
    if (code !== language) {
      keep(code, cookie);
      location.reload();
    }
  });
  return element;
}

// Keep a language for the next visit.
function keep(code, cookie) {
  // Next to the pages, so that dashboards under different paths of a host keep different languages.
  const folder = location.pathname.slice(0, location.pathname.lastIndexOf("/") + 1);
  document.cookie = `${cookie}=${code}; path=${folder}; max-age=${SECONDS_OF_A_YEAR}; samesite=lax`;
}

// A link with a language has done its work; after a reload, it would undo the visitor's later choice.
function forgetLink(parameter) {
  const address = new URL(location.href);
  if (address.searchParams.has(parameter)) {
    address.searchParams.delete(parameter);
    history.replaceState(history.state, "", address);
  }
}
