// Return all text on the page with less contrast than WCAG 2 requires: 4.5:1, or 3:1 for large text.
// Icons, disabled elements and canvases are skipped.
() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  function rgba(colour) {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    return { channels: [red, green, blue], alpha: alpha / 255 };
  }

  function over({ channels, alpha }, below) {
    return channels.map((channel, index) => channel * alpha + below[index] * (1 - alpha));
  }

  function luminance(channels) {
    const [red, green, blue] = channels.map((channel) => {
      const value = channel / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function outermostFirst(element) {
    const parents = [];
    for (let node = element; node; node = node.parentElement ?? node.getRootNode().host) {
      parents.unshift(node);
    }
    return parents;
  }

  function contrast(element) {
    let background = [255, 255, 255];
    let opacity = 1;
    // A slider's value is inside its knob in the DOM, but is shown above it.
    const knob = element.closest("[data-testid=stSliderThumbValue]")?.parentElement;
    for (const parent of outermostFirst(element)) {
      const style = getComputedStyle(parent);
      opacity *= Number(style.opacity);
      if (parent !== knob) {
        background = over(rgba(style.backgroundColor), background);
      }
    }
    const style = getComputedStyle(element);
    const ink = rgba(element instanceof SVGElement ? style.fill : style.color);
    const shades = [over({ ...ink, alpha: ink.alpha * opacity }, background), background].map(luminance);
    return (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05);
  }

  function isLarge(element) {
    const { fontSize, fontWeight } = getComputedStyle(element);
    return parseFloat(fontSize) >= (Number(fontWeight) >= 700 ? 18.66 : 24);
  }

  const faint = [];
  const visibility = { opacityProperty: true, visibilityProperty: true };
  const skipped = "style, script, [disabled], [aria-disabled=true], [data-testid=stIconMaterial]";

  function visit(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
      if (node.shadowRoot) {
        visit(node.shadowRoot);
      }
      const element = node.parentElement;
      if (node.nodeType !== Node.TEXT_NODE || !node.textContent.trim() || !element) {
        continue;
      }
      if (element.closest(skipped) || !element.checkVisibility(visibility)) {
        continue;
      }
      const ratio = contrast(element);
      if (ratio < (isLarge(element) ? 3 : 4.5)) {
        faint.push(`${node.textContent.trim().slice(0, 40)} (${ratio.toFixed(2)}:1)`);
      }
    }
  }

  visit(document.body);
  return faint;
}
