/** A reader of shell command lines that knows enough of the shell to tell which programs a line starts. */

/** A simple command: its words with quotes and variables resolved. A word that only a running shell can know is `undefined`. */
export type ShellWords = (string | undefined)[];

/**
 * Splits a command line or a shell script into simple commands at `&&`, `||`, `;`, `|`, `&`, brackets and line ends.
 * Variables come from `env`; a word with a command substitution is undefined. Never throws: it only reads.
 */
export function shellCommands(text: string, env: Record<string, string | undefined>): ShellWords[] {
  const commands: ShellWords[] = [];
  let words: ShellWords = [];
  let word: string | undefined;
  let opaque = false;
  let at = 0;

  const endWord = () => {
    if (word !== undefined) words.push(opaque ? undefined : word);
    word = undefined;
    opaque = false;
  };
  const endCommand = () => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  const append = (more: string) => {
    word = (word ?? '') + more;
  };
  /** Appends the value of the variable at `at`, and moves past it. */
  const appendVariable = (quoted: boolean) => {
    const match = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(text.slice(at));
    const name = match?.[1] ?? match?.[2];
    if (match && name) {
      const value = env[name] ?? '';
      if (value !== '' || quoted) append(value);
      at += match[0].length;
    } else {
      append('');
      opaque = true;
      at += text.startsWith('$(', at) ? substitutionLength(text.slice(at)) : 1;
    }
  };

  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '\\') {
      if (text.charAt(at + 1) !== '\n') append(text.charAt(at + 1));
      at += 2;
    } else if (character === "'") {
      const end = text.indexOf("'", at + 1);
      append(text.slice(at + 1, end < 0 ? undefined : end));
      at = end < 0 ? text.length : end + 1;
    } else if (character === '"') {
      append('');
      at += 1;
      while (at < text.length && text.charAt(at) !== '"') {
        if (text.charAt(at) === '\\' && /["\\$`]/.test(text.charAt(at + 1))) {
          append(text.charAt(at + 1));
          at += 2;
        } else if (text.charAt(at) === '$') {
          appendVariable(true);
        } else {
          append(text.charAt(at));
          at += 1;
        }
      }
      at += 1;
    } else if (character === '$') {
      appendVariable(false);
    } else if (character === '`') {
      const end = text.indexOf('`', at + 1);
      append('');
      opaque = true;
      at = end < 0 ? text.length : end + 1;
    } else if (character === '#' && word === undefined) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (/[\n;&|(){}]/.test(character) && !(/[{}]/.test(character) && word !== undefined)) {
      // The `&` of `2>&1` does not end a command.
      if (character === '&' && word?.endsWith('>')) append(character);
      else endCommand();
      at += 1;
    } else if (/\s/.test(character)) {
      endWord();
      at += 1;
    } else if (character === '~' && word === undefined && /^~(?=\/|\s|$)/.test(text.slice(at))) {
      append(env.HOME ?? '~');
      at += 1;
    } else {
      append(character);
      at += 1;
    }
  }
  endCommand();
  return commands;
}

/** Length of `$( … )` at the start of the text, brackets counted. */
function substitutionLength(text: string): number {
  let depth = 0;
  for (let at = 1; at < text.length; at += 1) {
    if (text.charAt(at) === '(') depth += 1;
    else if (text.charAt(at) === ')') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}
