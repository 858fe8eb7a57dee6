// The page that embeds Netron names the scheme that it shows, which may differ from the system's. Netron's own rules for
// a dark system apply exactly when that scheme is dark.
const asked = new URLSearchParams(location.search).get("theme");
const dark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.style.colorScheme = dark ? "dark" : "light";
for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
        if (rule.media?.mediaText === "(prefers-color-scheme: dark)") {
            rule.media.mediaText = dark ? "all" : "not all";
        }
    }
}

// Netron's links on its logo are pictures without a name.
document.addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll("#logo a")) {
        link.setAttribute("aria-label", link.hostname);
    }
});
