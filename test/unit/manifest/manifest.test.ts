import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { actionIds } from '../../../src/ui/actions.ts';
import {
  expectedCommands,
  expectedPageMenu,
  expectedPalette,
  expectedTitles,
  expectedTreeMenu,
  type MenuItem,
} from './expectedMenus.ts';

interface Manifest {
  engines: { vscode: string };
  devDependencies: Record<string, string>;
  icon: string;
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string; title: string; category: string; icon?: string; enablement?: string }[];
    menus: Record<string, MenuItem[]>;
    keybindings: { command: string; when: string }[];
    views: Record<string, { id: string; when?: string; icon: string }[]>;
    viewsWelcome: { view: string; contents: string; when: string }[];
    configuration: { properties: Record<string, { scope: string; order: number; markdownDescription: string }> };
    colors: { id: string; description: string; defaults: Record<string, string> }[];
    walkthroughs: {
      icon: string;
      steps: { id: string; media: { svg: string; altText: string }; completionEvents: string[] }[];
    }[];
    yamlValidation: { url: string }[];
    jsonValidation: { url: string }[];
    snippets: { path: string }[];
  };
}

const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const nls = JSON.parse(read('package.nls.json')) as Record<string, string>;
const { contributes } = manifest;
const sources = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => read(join('src', file)));
const own = new Set<string>(actionIds.map((id) => `trialdeck.${id}`));
/** `%key%` → its text. */
const translated = (text: string) => nls[/^%(.+)%$/.exec(text)?.[1] ?? ''] ?? '';

describe('commands in the manifest', () => {
  const declared = contributes.commands.map((entry) => entry.command);

  it('are exactly the registered ones', () => {
    const elsewhere = sources.flatMap((text) =>
      [...text.matchAll(/registerCommand\(\s*'([^']+)'/g)].map((match) => match[1] ?? ''),
    );
    const registered = [...own, ...elsewhere.filter((id) => !own.has(id))];
    // A command that only a CodeLens or a row of ours runs is registered and needs no declaration; its name says so.
    const visible = registered.filter((id) => !id.startsWith('trialdeck.internal.'));
    assert.deepEqual(declared.toSorted(), visible.toSorted());
  });

  it('have a title in title case and the category', () => {
    for (const { command, title, category } of contributes.commands) {
      const text = translated(title);
      assert.match(text, /^[A-Z][\w-]*( (as|a|and|of|to|[A-Z][\w-]*))*…?$/, command);
      assert.equal(category, 'Trialdeck');
    }
  });

  it('match the table of actions: title, icon, and trust', () => {
    assert.deepEqual(contributes.commands, expectedCommands());
    const titles = Object.entries(nls).filter(([key]) => key.startsWith('command.'));
    assert.deepEqual(Object.fromEntries(titles), expectedTitles());
  });

  it('appear in palette, tree and page as the table says', () => {
    assert.deepEqual(contributes.menus.commandPalette, expectedPalette());
    assert.deepEqual(contributes.menus['view/item/context'], expectedTreeMenu());
    assert.deepEqual(contributes.menus['webview/context'], expectedPageMenu());
  });

  it('appear in the palette only when they are possible', () => {
    const guarded = (contributes.menus.commandPalette ?? []).filter(({ when }) => when !== undefined);
    const hidden = new Set(guarded.map(({ command }) => command));
    // These begin something, or find out what there is.
    const always = ['run', 'openQuickstart', 'openExperiment', 'refresh', 'connectManager', 'showLog'];
    assert.deepEqual(
      declared.filter((command) => !hidden.has(command)).toSorted(),
      always.map((name) => `trialdeck.${name}`).toSorted(),
    );
  });

  it('are the only commands in menus, keys and texts', () => {
    const used = [
      ...Object.values(contributes.menus).flatMap((items) => items.map((item) => item.command)),
      ...contributes.keybindings.map((binding) => binding.command),
      ...contributes.walkthroughs.flatMap(({ steps }) =>
        steps.flatMap((step) => step.completionEvents.filter((event) => event.startsWith('onCommand:'))),
      ),
      ...Object.values(nls).flatMap((text) =>
        [...text.matchAll(/command:(trialdeck[\w.]+)/g)].map((match) => match[1] ?? ''),
      ),
    ].map((id) => id.replace('onCommand:', ''));
    assert.deepEqual(
      used.filter((id) => !own.has(id)),
      [],
    );
  });

  it('have an icon wherever a menu shows only icons', () => {
    const icons = new Map(contributes.commands.map(({ command, icon }) => [command, icon]));
    for (const items of Object.values(contributes.menus)) {
      for (const { command, group } of items) {
        if (group && /^(inline|navigation)/.test(group)) assert.ok(icons.get(command), command);
      }
    }
  });
});

describe('when clauses', () => {
  /** Keys of VS Code itself that are used. */
  const builtIn = new Set([
    'view',
    'viewItem',
    'focusedView',
    'listFocus',
    'inputFocus',
    'workbenchState',
    'resourcePath',
    'editorLangId',
    'webviewId',
    'webviewSection',
    'trialCanBeCopied',
    'trialCanBeKilled',
    'trialCanBeRetried',
    'trialHasStarted',
  ]); // prettier-ignore
  const ours = new Set(
    [...read('src/ui/contextKeys.ts').matchAll(/'(trialdeck\.\w+)':/g)].map((match) => match[1] ?? ''),
  );
  const clauses = [
    ...Object.values(contributes.menus).flatMap((items) => items.map((item) => item.when)),
    ...contributes.keybindings.map((binding) => binding.when),
    ...contributes.viewsWelcome.map((welcome) => welcome.when),
    ...contributes.commands.map((command) => command.enablement),
    ...contributes.walkthroughs.flatMap(({ steps }) =>
      steps.flatMap((step) => step.completionEvents.filter((e) => e.startsWith('onContext:')).map((e) => e.slice(10))),
    ),
  ].filter((clause) => clause !== undefined);

  it('use only keys that VS Code or the extension sets', () => {
    for (const clause of clauses) {
      for (const term of clause.split(/&&|\|\|/)) {
        const [left = '', right] = term
          .replaceAll(/[!()]/g, ' ')
          .trim()
          .split(/\s*(?:==|!=|=~)\s*|\s+in\s+|\s+=\s+/);
        const key = left.trim();
        assert.ok(builtIn.has(key) || ours.has(key), `${key} in: ${clause}`);
        if (/\sin\s/.test(term)) assert.ok(ours.has(right?.trim() ?? ''), `${right} in: ${clause}`);
      }
    }
  });

  it("use and set exactly the extension's own keys", () => {
    const set = new Set(
      sources.flatMap((text) =>
        [...text.matchAll(/setContext\(\s*'(trialdeck\.\w+)'/g)].map((match) => match[1] ?? ''),
      ),
    );
    assert.deepEqual([...set].toSorted(), [...ours].toSorted());
    for (const key of ours)
      assert.ok(
        clauses.some((clause) => clause.includes(key)),
        key,
      );
  });

  it('guard every key binding by the view it is for', () => {
    for (const { when } of contributes.keybindings) assert.match(when, /focusedView == trialdeck\.experiments/);
  });
});

describe('the view', () => {
  /** Context values as the tree makes them: what a row is, then what it can do. */
  const rows = {
    running: 'experiment;open;export;stop;update;addTrial;killTrial;',
    stopped: 'experiment;open;export;resume;delete;',
    'running trial': 'trial;openTrial;copyParameters;copyTrial;openTrialLog;openTrialOutput;killTrial;',
    'ended trial': 'trial;openTrial;copyParameters;copyTrial;openTrialLog;openTrialOutput;',
    'failed trial': 'trial;openTrial;copyParameters;copyTrial;retryTrial;openTrialLog;openTrialOutput;',
    'log of a trial': 'section;openTrialLog;',
    'lost connection': 'connection;retryConnection;',
    'connection that wants a token': 'connection;renameConnection;changeToken;forgetConnection;retryConnection;token;',
  };
  const items = contributes.menus['view/item/context'] ?? [];
  const offered = (row: string, group: RegExp) =>
    items
      .filter((item) => group.test(item.group ?? ''))
      .filter((item) => {
        const pattern = /viewItem =~ \/(.+)\/$/.exec(item.when ?? '')?.[1];
        return pattern !== undefined && new RegExp(pattern).test(row);
      })
      .map((item) => item.command.replace('trialdeck.', ''));

  it('shows at most two actions in a row', () => {
    for (const [name, row] of Object.entries(rows)) assert.ok(offered(row, /^inline/).length <= 2, name);
  });

  it('offers what each row can do, and nothing else', () => {
    assert.ok(offered(rows.running, /^9_/).includes('stopExperiment'));
    assert.ok(!offered(rows.stopped, /./).includes('stopExperiment'));
    assert.ok(offered(rows.stopped, /./).includes('resumeExperiment'));
    assert.ok(offered(rows['running trial'], /^9_/).includes('killTrial'));
    assert.ok(!offered(rows['ended trial'], /./).includes('killTrial'));
    assert.deepEqual(offered(rows['lost connection'], /^(?!inline)/), ['retryConnection']);
    assert.ok(!offered(rows.running, /./).includes('killTrial'), 'what ends a trial is not offered of an experiment');
    assert.ok(!offered(rows['failed trial'], /./).includes('retryConnection'));
    assert.deepEqual(offered(rows['log of a trial'], /./), ['openTrialLog', 'openTrialLog']);
  });

  it('is the only one, and has a message for every state', () => {
    const views = Object.values(contributes.views).flat();
    assert.deepEqual(
      views.map((view) => view.id),
      ['trialdeck.experiments'],
    );
    for (const { view, contents } of contributes.viewsWelcome) {
      assert.equal(view, 'trialdeck.experiments');
      assert.match(translated(contents), /\(command:/, contents);
    }
  });
});

describe('texts of the manifest', () => {
  it('are all there, and all used', () => {
    const used = [...read('package.json').matchAll(/"%([^%"]+)%"/g)].map((match) => match[1] ?? '');
    assert.deepEqual([...new Set(used)].toSorted(), Object.keys(nls).toSorted());
  });
});

describe('settings, colours and files', () => {
  it('settings are few, described, scoped and in order', () => {
    const properties = Object.values(contributes.configuration.properties);
    assert.ok(properties.length < 10);
    assert.deepEqual(
      properties.map((property) => property.order),
      properties.map((_, index) => index + 1),
    );
    for (const property of properties) {
      assert.ok(['machine', 'machine-overridable', 'resource', 'window'].includes(property.scope));
      assert.notEqual(translated(property.markdownDescription), '');
    }
  });

  it('settings that choose programs and folders are ignored in an untrusted workspace', () => {
    const { untrustedWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    const paths = Object.keys(contributes.configuration.properties).filter((name) =>
      /Directory|Path|backend|Access/.test(name),
    );
    assert.deepEqual(untrustedWorkspaces.restrictedConfigurations, paths);
  });

  it('colours have a default for every kind of theme', () => {
    for (const { id, defaults } of contributes.colors) {
      assert.match(id, /^trialdeck\.\w+$/);
      assert.deepEqual(Object.keys(defaults).toSorted(), ['dark', 'highContrast', 'highContrastLight', 'light']);
    }
  });

  it('every trialdeck colour in the code is contributed', () => {
    const ids = new Set(contributes.colors.map((color) => color.id));
    const used = sources.flatMap((text) =>
      [...text.matchAll(/ThemeColor\(\s*'(trialdeck\.\w+)'/g)].map((match) => match[1] ?? ''),
    );
    assert.deepEqual(
      used.filter((id) => !ids.has(id)),
      [],
    );
  });

  it('every named file exists', () => {
    const files = [
      manifest.icon,
      ...Object.values(contributes.views).flatMap((views) => views.map((view) => view.icon)),
      ...contributes.walkthroughs.flatMap(({ icon, steps }) => [icon, ...steps.map((step) => step.media.svg)]),
      ...contributes.yamlValidation.map((entry) => entry.url),
      ...contributes.jsonValidation.map((entry) => entry.url),
      ...contributes.snippets.map((entry) => entry.path),
    ];
    for (const file of files) assert.ok(existsSync(join(projectRoot, file)), file);
  });

  it('pictures of the walkthrough have a text and follow the theme', () => {
    for (const { steps } of contributes.walkthroughs) {
      assert.ok(steps.length >= 4 && steps.length <= 5);
      for (const { id, media, completionEvents } of steps) {
        assert.ok(translated(media.altText).length > 20, id);
        assert.match(read(media.svg), /var\(--vscode-/);
        assert.ok(completionEvents.length > 0, id);
      }
    }
  });

  it('the icon is a square PNG of at least 128 pixels', () => {
    const png = readFileSync(join(projectRoot, manifest.icon));
    assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    assert.equal(width, height);
    assert.ok(width >= 128);
  });

  it('does not activate the extension in every window', () => {
    assert.deepEqual(manifest.activationEvents, [
      'onLanguage:yaml',
      'onLanguage:json',
      'onWebviewPanel:trialdeck.experiment',
    ]);
  });

  it('requires the VS Code version of its type declarations', () => {
    assert.equal(manifest.engines.vscode, `^${manifest.devDependencies['@types/vscode']}`);
  });
});
