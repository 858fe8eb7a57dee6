// Returns the pieces of text that stand outside of ⟦…⟧, which mark a translated sentence; allowed ones included.
// Text that is hidden for now counts, such as that of a closed tab; icons, code and styles do not.
() => {
  const IGNORED = "script, style, code, pre, noscript, iframe, .katex";
  // A sentence may have several paragraphs, but ends within its element.
  const BLOCKS = "[data-testid=stElementContainer], [data-testid=stSidebarNavLink], [role=dialog], section, header";
  const found = new Set();
  const depths = new Map();
  const read = (text, block) => {
    let depth = depths.get(block) ?? 0;
    let outside = "";
    for (const character of text) {
      depth += { "⟦": 1, "⟧": -1 }[character] ?? 0;
      outside += character === "⟧" ? " " : depth > 0 || character === "⟦" ? "" : character;
    }
    depths.set(block, Math.max(depth, 0));
    if (/\p{Letter}/u.test(outside)) {
      found.add(outside.trim());
    }
  };
  const visit = (node, block) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.parentElement && getComputedStyle(node.parentElement).fontFamily.includes("Material Symbols")) {
        return;
      }
      read(node.nodeValue, block);
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) {
      return;
    }
    if (node instanceof Element) {
      if (node.matches(IGNORED)) {
        return;
      }
      block = node.matches(BLOCKS) ? node : block;
      for (const name of ["placeholder", "alt", "title"]) {
        if (node.hasAttribute(name)) {
          read(node.getAttribute(name), Symbol(name));
        }
      }
      if (node.shadowRoot) {
        visit(node.shadowRoot, block);
      }
    }
    node.childNodes.forEach((child) => visit(child, block));
  };
  visit(document.querySelector("[data-testid=stApp]"), null);
  return [...found];
};
