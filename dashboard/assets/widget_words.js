// Translates the words of Streamlit's own widgets, which exist only in English, into the page's language.

// Elements that show the text of pages and visitors, such as labels, options and the cells of tables. Markdown is such
// an element, except in tooltips and on the file uploader's button, where it holds Streamlit's own words.
const OTHER_TEXT =
  "pre, code, style, script, [role=option], [role=gridcell], [data-testid^=stBidiComponent], " +
  "[data-testid=stMarkdownContainer]:not([data-testid=stTooltipContent] *, [data-testid=stFileUploaderDropzone] *)";
const ATTRIBUTES = ["aria-label", "title", "placeholder", "alt"];
const WATCHED = {
  subtree: true,
  childList: true,
  characterData: true,
  attributes: true,
  attributeFilter: ATTRIBUTES,
};

let translation = null;

export default function ({ data }) {
  translation ??= new Translation(data.words);
}

class Translation {
  constructor(words) {
    this.observer = new MutationObserver((changes) => this.follow(changes));
    this.translate = translator(words);
    this.visit(document.body);
    this.watch();
  }

  watch() {
    this.observer.observe(document.body, WATCHED);
  }

  follow(changes) {
    for (const change of changes) {
      if (change.type === "childList") {
        change.addedNodes.forEach((node) => this.visit(node));
      } else if (change.type === "characterData") {
        this.visitText(change.target);
      } else {
        this.visitAttribute(change.target, change.attributeName);
      }
    }
    // Drop the records of the changes made above.
    this.observer.takeRecords();
  }

  visit(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = root; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        this.visitText(node);
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        ATTRIBUTES.forEach((name) => this.visitAttribute(node, name));
      }
    }
  }

  visitText(node) {
    const text = node.data.trim();
    const translation = text && this.translate(text);
    if (translation && !node.parentElement?.closest(OTHER_TEXT)) {
      node.data = node.data.replace(text, () => translation);
    }
  }

  visitAttribute(element, name) {
    const text = element.getAttribute(name);
    const translation = text && this.translate(text);
    if (translation) {
      element.setAttribute(name, translation);
    }
  }
}

// Return a function that translates a text, or returns undefined for a text that it does not know. A known text may
// have one placeholder, such as "Remove {name}".
function translator(words) {
  const templates = Object.entries(words)
    .filter(([from]) => from.includes("{"))
    .map(([from, to]) => {
      const [start, end] = from.split(/\{\w+\}/);
      return { start, end, fill: (value) => to.replace(/\{\w+\}/, () => value) };
    });
  const find = (text) =>
    templates.find(
      ({ start, end }) =>
        text.length > start.length + end.length && text.startsWith(start) && text.endsWith(end),
    );
  return (text) => {
    if (Object.hasOwn(words, text)) {
      return words[text];
    }
    const template = find(text);
    return template?.fill(text.slice(template.start.length, text.length - template.end.length));
  };
}
