/** The colours and sizes of VS Code's theme for plots, with an event when they change. */
import type { StatusKind } from './trialStatus.ts';

export interface Theme {
  /** Counts up with each change, to compare. */
  version: number;
  highContrast: boolean;
  foreground: string;
  muted: string;
  border: string;
  grid: string;
  background: string;
  accent: string;
  tones: Readonly<Record<StatusKind, string>>;
  /** Colours of curves; the first belongs to the trial in focus. */
  series: readonly string[];
  fontFamily: string;
  /** Pixels. */
  fontSize: number;
}

/** The custom properties of `styles/base.css` that plots use. */
const seriesCount = 10;

export function watchTheme(changed: (theme: Theme) => void): Theme {
  let version = 0;
  let waiting = false;
  const read = () => readTheme(++version);
  const observer = new MutationObserver(() => {
    // VS Code changes class and style one after the other; both are there in the next frame.
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      changed(read());
    });
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['style', 'class'] });
  return read();
}

function readTheme(version: number): Theme {
  const probe = document.createElement('span');
  probe.style.display = 'none';
  document.body.append(probe);
  const color = (name: string) => {
    probe.style.color = `var(--td-${name})`;
    return plainColor(getComputedStyle(probe).color);
  };
  const style = getComputedStyle(document.body);
  const theme: Theme = {
    version,
    highContrast: document.body.classList.contains('vscode-high-contrast'),
    foreground: color('foreground'),
    muted: color('muted'),
    border: color('border'),
    grid: color('grid'),
    background: color('background'),
    accent: color('accent'),
    tones: {
      succeeded: color('tone-succeeded'),
      stoppedEarly: color('tone-stoppedEarly'),
      failed: color('tone-failed'),
      cancelled: color('tone-cancelled'),
      running: color('tone-running'),
      waiting: color('tone-waiting'),
      notEnded: color('tone-notEnded'),
    },
    series: Array.from({ length: seriesCount }, (_, index) => color(`series-${index}`)),
    fontFamily: style.fontFamily,
    fontSize: Number.parseFloat(style.fontSize) || 13,
  };
  probe.remove();
  return theme;
}

const canvas = document.createElement('canvas');
canvas.width = 1;
canvas.height = 1;

/** Converts a mixed colour, `color(srgb …)`, into plain numbers by painting it. The plot library can't read the former. */
function plainColor(color: string): string {
  if (!color.startsWith('color')) return color;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return color;
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 255] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(3)})`;
}
