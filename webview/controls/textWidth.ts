/** How wide a text is, without putting it on the page. */

const ruler = document.createElement('canvas').getContext('2d');

/** Widths in the last font; the same few texts are asked for again and again. */
const widths = new Map<string, number>();
let lastFont = '';
const mostTexts = 5000;

/** Pixels. */
export function textWidth(text: string, fontSize: number, fontFamily: string): number {
  if (!ruler) return text.length * fontSize * 0.6;
  const font = `${fontSize}px ${fontFamily}`;
  if (font !== lastFont || widths.size > mostTexts) {
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
