// The results of the lessons in this browser's storage, and the top of the page when another lesson opens.
const NAME = "trazo_lessons";
const pages = new WeakMap();

function stored() {
  try {
    return localStorage.getItem(NAME) ?? "{}";
  } catch {
    return "{}"; // a browser that keeps nothing
  }
}

function lessonsIn(text) {
  try {
    return JSON.parse(text).lessons ?? {};
  } catch {
    return {};
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const before = pages.get(parentElement);
  pages.set(parentElement, data.lesson);
  if (before !== undefined && before !== data.lesson) {
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  }
  if (!data.loaded) {
    if (before === undefined) {
      setStateValue("stored", stored());
    }
    return;
  }
  // Another tab may have finished lessons, too.
  const kept = data.forgotten ? {} : lessonsIn(stored());
  try {
    localStorage.setItem(NAME, JSON.stringify({ lessons: { ...kept, ...lessonsIn(data.results) } }));
  } catch {
    // The results last until the page is closed.
  }
}
