// Writes other words on the buttons, tabs, choices and switches of the page, and returns the labels that do not fit.
// `window.words[language]`: the new text by the old one. The old text is put back, because React owns it.
(language) => {
  const words = window.words[language];
  const LABELLED =
    "button, summary, [role=tab], [role=radio], [data-testid=stPageLink] a, [data-testid=stCheckbox] label";
  const replaced = [];
  // On a phone, the menu is closed.
  const isClosed = (element) => innerWidth < 600 && element.closest("[data-testid=stSidebar]");
  const shown = [...document.querySelectorAll(LABELLED)].filter((each) => each.checkVisibility() && !isClosed(each));
  for (const element of shown) {
    const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
      const text = words[nodes.currentNode.nodeValue.trim()];
      if (text !== undefined) {
        replaced.push([nodes.currentNode, nodes.currentNode.nodeValue]);
        nodes.currentNode.nodeValue = text;
      }
    }
  }
  const clips = (element) => getComputedStyle(element).overflowX !== "visible";
  const isCut = (element) => {
    // A part of a few pixels is hidden on purpose, for screen readers.
    const inside = [element, ...element.querySelectorAll("*")].filter((part) => part.innerText && part.clientWidth > 10);
    if (inside.some((part) => clips(part) && part.scrollWidth > part.clientWidth + 1)) {
      return true;
    }
    const { left, right } = element.getBoundingClientRect();
    for (let around = element.parentElement; around; around = around.parentElement) {
      const box = around.getBoundingClientRect();
      if (clips(around) && (right > box.right + 1 || left < box.left - 1)) {
        return true;
      }
    }
    return right > innerWidth + 1;
  };
  // A label with a name or a number in it still has its old, longer words.
  const changed = shown.filter((element) => element.textContent.trim() && !element.textContent.includes("⟦"));
  const cut = changed.filter(isCut).map((element) => element.textContent);
  replaced.forEach(([node, text]) => (node.nodeValue = text));
  return cut;
};
