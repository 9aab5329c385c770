/** Decides which documents are experiment configs: by content, or by the user's glob patterns. Cached by document version. */
import { languages, type TextDocument, type Uri, window, workspace } from 'vscode';
import { looksLikeConfig } from '../../model/config/looksLikeConfig.ts';
import type { Settings } from '../settings.ts';

export const configLanguages = ['yaml', 'json', 'jsonc'];
/** Other views of a file (diffs, logs, output) get neither CodeLens nor diagnostics. */
const schemes = new Set(['file', 'untitled', 'vscode-vfs', 'vscode-remote']);
/** A config is a page of text. Parsing megabytes only to reject them would be noticeable. */
const maxChars = 200_000;
const excluded = '**/{node_modules,.git,.venv,venv,env,site-packages,dist,build,__pycache__}/**';
const maxFiles = 500;

interface Verdict {
  version: number;
  patterns: string;
  isConfig: boolean;
}
const verdicts = new WeakMap<TextDocument, Verdict>();

export function isConfigDocument(document: TextDocument, settings: Settings): boolean {
  if (!configLanguages.includes(document.languageId) || !schemes.has(document.uri.scheme)) return false;
  const patterns = settings.configFiles(document);
  const key = patterns.join('\n');
  const known = verdicts.get(document);
  if (known?.version === document.version && known.patterns === key) return known.isConfig;
  const isConfig = byPatterns(document, patterns) ?? byContent(document);
  verdicts.set(document, { version: document.version, patterns: key, isConfig });
  return isConfig;
}

function byPatterns(document: TextDocument, patterns: readonly string[]): boolean | undefined {
  const matches = (pattern: string) => languages.match({ pattern }, document) > 0;
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern)) ? true : undefined;
}

function byContent(document: TextDocument): boolean {
  const text = document.getText();
  return text.length <= maxChars && looksLikeConfig(text);
}

/** The config in the active editor. */
export function configInFront(settings: Settings): Uri | undefined {
  const document = window.activeTextEditor?.document;
  return document && isConfigDocument(document, settings) ? document.uri : undefined;
}

/** Configs of the workspace: open ones first, then those on disk. */
export async function findConfigs(settings: Settings): Promise<Uri[]> {
  const found = new Map<string, Uri>();
  for (const document of workspace.textDocuments) {
    if (document.uri.scheme === 'file' && isConfigDocument(document, settings)) {
      found.set(document.uri.toString(), document.uri);
    }
  }
  const files = await workspace.findFiles('**/*.{yml,yaml,json}', excluded, maxFiles);
  const decoder = new TextDecoder();
  for (const uri of files) {
    if (found.has(uri.toString())) continue;
    try {
      const { size } = await workspace.fs.stat(uri);
      if (size > maxChars) continue;
      if (looksLikeConfig(decoder.decode(await workspace.fs.readFile(uri)))) found.set(uri.toString(), uri);
    } catch {
      // Skip a file that vanished or can't be read.
    }
  }
  return [...found.values()];
}
