// Return all text in charts with less contrast than WCAG 2 requires: 4.5:1, or 3:1 for large text.
// axe does not look at the text of an SVG. The background of a text is made of the shapes below its middle.
() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  function rgba(colour, opacity = 1) {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    return { channels: [red, green, blue], alpha: (alpha / 255) * opacity };
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

  function pageColour(element) {
    return outermostFirst(element).reduce(
      (below, parent) => over(rgba(getComputedStyle(parent).backgroundColor), below),
      [255, 255, 255],
    );
  }

  function opacityOf(element) {
    return outermostFirst(element).reduce((opacity, parent) => opacity * Number(getComputedStyle(parent).opacity), 1);
  }

  function fillOf(element) {
    const { fill, fillOpacity } = getComputedStyle(element);
    return fill === "none" ? { channels: [0, 0, 0], alpha: 0 } : rgba(fill, Number(fillOpacity) * opacityOf(element));
  }

  function contrast(text, shapes) {
    const box = text.getBoundingClientRect();
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const isBelow = (shape) => {
      if (!(shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)) {
        return false;
      }
      return shape.isPointInFill(new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse()));
    };
    const background = shapes.filter(isBelow).reduce((below, shape) => over(fillOf(shape), below), pageColour(text));
    const shades = [over(fillOf(text), background), background].map(luminance);
    return (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05);
  }

  function isLarge(element) {
    const { fontSize, fontWeight } = getComputedStyle(element);
    return parseFloat(fontSize) >= (Number(fontWeight) >= 700 ? 18.66 : 24);
  }

  const faint = [];
  for (const chart of document.querySelectorAll("[data-testid=stVegaLiteChart] svg, [data-testid=stPlotlyChart] svg")) {
    const shapes = [...chart.querySelectorAll("path, rect, circle")].filter((shape) => shape.getScreenCTM());
    for (const text of chart.querySelectorAll("text")) {
      if (!text.textContent.trim() || !text.checkVisibility({ opacityProperty: true, visibilityProperty: true })) {
        continue;
      }
      const ratio = contrast(text, shapes);
      if (ratio < (isLarge(text) ? 3 : 4.5)) {
        faint.push(`text in a chart: ${text.textContent.trim().slice(0, 40)} (${ratio.toFixed(2)}:1)`);
      }
    }
  }
  return faint;
}
