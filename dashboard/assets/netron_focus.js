// Netron focuses its graph as soon as it has loaded. Embedded in a page, that would take the focus from the page and
// scroll the page to the graph. Once a visitor has clicked the graph, or in its own tab, focus() works as usual.
for (const { prototype } of [HTMLElement, SVGElement]) {
    const focus = prototype.focus;
    prototype.focus = function (options) {
        if (document.hasFocus()) {
            focus.call(this, { ...options, preventScroll: true });
        }
    };
}
