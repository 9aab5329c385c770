/** Measures the width of a text without rendering it. */

const ruler = document.createElement('canvas').getContext('2d');

/** Cached widths in the last font: the same few texts repeat. */
const widths = new Map<string, number>();
let lastFont = '';
const maxTexts = 5000;

/** Pixels. */
export function textWidth(text: string, fontSize: number, fontFamily: string): number {
  if (!ruler) return text.length * fontSize * 0.6;
  const font = `${fontSize}px ${fontFamily}`;
  if (font !== lastFont || widths.size > maxTexts) {
    widths.clear();
    ruler.font = font;
    lastFont = font;
  }
  let width = widths.get(text);
  if (width === undefined) {
    width = ruler.measureText(text).width;
    widths.set(text, width);
  }
  return width;
}
