/** `~` and `~/x` with the home folder, as a shell reads them; any other path as it is. Windows's `~\x` counts, too. */
export function expandHome(path: string, home: string): string {
  return path === '~' || /^~[/\\]/.test(path) ? home + path.slice(1) : path;
}
