/** The page's HTML: no data, one script, nothing from the network. */
import { randomBytes } from 'node:crypto';

export interface PageResources {
  /** `webview.cspSource`. */
  cspSource: string;
  script: string;
  styles: readonly string[];
  language: string;
  /** Merged into the arguments of the page's context menu commands. */
  context: Readonly<Record<string, unknown>>;
}

/** The hash of an empty text. */
const emptyStyle = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

export function pageHtml(page: PageResources): string {
  const nonce = randomBytes(24).toString('base64url');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // The toolkit styles its elements by adopted style sheets and plots draw on a canvas: no inline styles are needed. The
    // only one allowed is empty: the toolkit uses it to detect `:focus-visible`.
    `style-src ${page.cspSource} '${emptyStyle}'`,
    `font-src ${page.cspSource}`,
    `img-src ${page.cspSource} data:`,
  ].join('; ');
  const styles = page.styles.map((style) => `<link rel="stylesheet" href="${attribute(style)}">`).join('\n    ');
  return `<!DOCTYPE html>
<html lang="${attribute(page.language)}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    ${styles}
  </head>
  <body data-vscode-context="${attribute(JSON.stringify(page.context))}">
    <div id="root"></div>
    <script nonce="${nonce}" src="${attribute(page.script)}"></script>
  </body>
</html>
`;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
