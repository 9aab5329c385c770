/** The entry of the panel's page. The page shows the panel's data, sends the user's requests, and fetches nothing itself. */
import { render } from 'preact';
import './styles/base.css';
import './styles/controls.css';
import './styles/header.css';
import './styles/cards.css';
import './styles/grid.css';
import { App } from './App.tsx';
import { Host } from './state/host.ts';
import { Page } from './state/page.ts';
import { setLanguage } from './strings.ts';

setLanguage(document.documentElement.lang || undefined);
const root = document.getElementById('root') ?? document.body.appendChild(document.createElement('div'));
const page = new Page(new Host(), draw);

/**
 * Revisions that were painted, and how many intermediate results had arrived by then, for measuring how long one takes to the
 * plot; only the newest marks are kept.
 */
const marks: string[] = [];
const painted = new MessageChannel();
painted.port1.onmessage = ({ data }: MessageEvent<{ revision: number; arrived: number }>) => {
  const { revision, arrived } = data;
  const name = `trialdeck:painted:${revision}`;
  if (marks.at(-1) === name) return;
  performance.mark(name, { detail: arrived });
  marks.push(name);
  while (marks.length > 500) performance.clearMarks(marks.shift());
};

function draw(): void {
  if (!root) return;
  render(<App page={page} />, root);
  // The message comes back after this frame has been painted.
  if (page.data) painted.port2.postMessage({ revision: page.data.revision, arrived: page.data.curvesVersion });
}
