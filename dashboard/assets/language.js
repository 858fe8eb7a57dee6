// Tell browsers, screen readers and translation programs the language of the page, and keep it for the next visit.
const SECONDS_OF_A_YEAR = 365 * 24 * 60 * 60;

export default function ({ data }) {
  document.documentElement.lang = data.language;
  // Next to the pages, so that dashboards under different paths of a host keep different languages.
  const folder = location.pathname.slice(0, location.pathname.lastIndexOf("/") + 1);
  document.cookie = `${data.cookie}=${data.language}; path=${folder}; max-age=${SECONDS_OF_A_YEAR}; samesite=lax`;
  const address = new URL(location.href);
  if (address.searchParams.has(data.parameter)) {
    // The link has done its work; after a reload, it would undo the visitor's later choice.
    address.searchParams.delete(data.parameter);
    history.replaceState(history.state, "", address);
  }
}
