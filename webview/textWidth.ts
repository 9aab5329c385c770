/** How wide a text is, without putting it on the page. */

const ruler = document.createElement('canvas').getContext('2d');

/** Pixels. */
export function textWidth(text: string, fontSize: number, fontFamily: string): number {
  if (!ruler) return text.length * fontSize * 0.6;
  const font = `${fontSize}px ${fontFamily}`;
  // The canvas reads the font anew each time it is set, also when it is the same.
  if (font !== lastFont) {
    ruler.font = font;
    lastFont = font;
  }
  return ruler.measureText(text).width;
}

let lastFont = '';
