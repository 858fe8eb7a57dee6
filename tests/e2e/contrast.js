// All words on the page whose contrast is less than WCAG 2 asks for: 4.5:1, and 3:1 where they are large.
// Not looked at: icons, what is disabled, and what is painted on a canvas.
() => {
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  function rgba(colour) {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return { parts: [red, green, blue], alpha: alpha / 255 };
  }

  function over({ parts, alpha }, below) {
    return parts.map((part, index) => part * alpha + below[index] * (1 - alpha));
  }

  function luminance(parts) {
    const [red, green, blue] = parts.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function outermostFirst(element) {
    const parents = [];
    for (let one = element; one; one = one.parentElement ?? one.getRootNode().host) {
      parents.unshift(one);
    }
    return parents;
  }

  function contrast(element) {
    let ground = [255, 255, 255];
    let opacity = 1;
    // A slider's value is inside its knob for the browser, and above it for the eye.
    const knob = element.closest("[data-testid=stSliderThumbValue]")?.parentElement;
    for (const parent of outermostFirst(element)) {
      const style = getComputedStyle(parent);
      opacity *= Number(style.opacity);
      if (parent !== knob) {
        ground = over(rgba(style.backgroundColor), ground);
      }
    }
    const style = getComputedStyle(element);
    const ink = rgba(element instanceof SVGElement ? style.fill : style.color);
    const shades = [over({ ...ink, alpha: ink.alpha * opacity }, ground), ground].map(luminance);
    return (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05);
  }

  function isLarge(element) {
    const { fontSize, fontWeight } = getComputedStyle(element);
    return parseFloat(fontSize) >= (Number(fontWeight) >= 700 ? 18.66 : 24);
  }

  const faint = [];
  const seen = { opacityProperty: true, visibilityProperty: true };
  const unread = "style, script, [disabled], [aria-disabled=true], [data-testid=stIconMaterial]";

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
      if (element.closest(unread) || !element.checkVisibility(seen)) {
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
