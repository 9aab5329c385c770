/** Commands that open and stop TensorBoard. The experiment's server starts it; a running one with the same trials is reused. */
import { env } from 'vscode';
import { RejectedError } from '../../client/errors.ts';
import type { TensorBoardTask } from '../../model/experiment/tensorBoard.ts';
import { withIcon } from '../../model/text/plainText.ts';
import type { TrialRow } from '../../model/trial/trial.ts';
import { setContext } from '../contextKeys.ts';
import { ask, l10n, showDone } from '../window.ts';
import { withCancel } from './launching.ts';
import { Refusal, requireAnswer } from './refusal.ts';
import { serverUri } from './serverUri.ts';
import type { Services } from './services.ts';
import { experimentTarget, references, type Target, trialTargets } from './target.ts';

/** With more trials TensorBoard takes minutes to load, and its curves can't be told apart. */
const maxTrials = 100;
/** Timeout for the start, in milliseconds. TensorBoard imports TensorFlow where that is installed. */
const startTimeoutMs = 60_000;
const pollIntervalMs = 500;

const isStarted = (trial: TrialRow): boolean => trial.status !== 'WAITING';

/** Opens TensorBoard with the selected trials, else with all of the experiment, or its best ones when there are too many. */
export async function openTensorBoard(services: Services, ...args: unknown[]): Promise<void> {
  const { target, trials } = await chosenTrials(services, args);
  const { connectionId, experimentId, summary } = target;
  const client = services.store.client(connectionId, experimentId);
  const ids = trials.map(({ id }) => id);
  const task = await withCancel(l10n.t('Opening TensorBoard of {0}…', summary.name), async (signal) => {
    let startedId: string | undefined;
    const start = async () => {
      const started = await client.startTensorBoard(ids, { signal });
      startedId = started.id;
      return started;
    };
    try {
      const running = (await client.listTensorBoards({ signal })).find((known) => shows(known, ids));
      const shown = running ?? (await start());
      // From now on the user can stop it, even when the start times out.
      await setContext('trialdeck.tensorBoard', true);
      return await waitUntilUp(shown, () => client.getTensorBoard(shown.id, { signal }), signal);
    } catch (error) {
      // Keep one that ran before: somebody uses it.
      if (signal.aborted && startedId !== undefined) await client.stopTensorBoard(startedId);
      throw error instanceof RejectedError ? explainRefusal(error, summary.name) : error;
    }
  });
  if (!task) return;
  const uri = await serverUri(services.store.connection(connectionId), portOf(task));
  if (!(await env.openExternal(uri))) {
    throw new Refusal(l10n.t('TensorBoard was not opened. Its address is {0}', uri.toString(true)));
  }
  services.log.info(`TensorBoard ${task.id} reads ${task.trialLogDirectoryList.join(', ')}`);
}

/** Stops every TensorBoard of the experiment. */
export async function stopTensorBoard(services: Services, ...args: unknown[]): Promise<void> {
  const { connectionId, experimentId, summary } = await experimentTarget(services, args, {
    action: 'tensorBoard',
    placeHolder: l10n.t('Stop TensorBoard of which experiment?'),
  });
  const client = services.store.client(connectionId, experimentId);
  const running = (await client.listTensorBoards()).filter(isAlive);
  if (running.length === 0) throw new Refusal(l10n.t('No TensorBoard of {0} is running.', summary.name));
  await client.stopTensorBoards();
  showDone(withIcon('check', l10n.t('TensorBoard of {0} is stopped', summary.name)));
}

async function chosenTrials(
  services: Services,
  args: readonly unknown[],
): Promise<{ target: Target; trials: TrialRow[] }> {
  if (references(services, args).some(({ trialId }) => trialId !== undefined)) {
    const { trials, ...target } = await trialTargets(services, args, {
      placeHolder: l10n.t('Open TensorBoard of which trial?'),
      only: isStarted,
      none: l10n.t('The trial has not started yet, so there is nothing to show.'),
    });
    return { target, trials: trials.slice(0, maxTrials) };
  }
  const target = await experimentTarget(services, args, {
    action: 'tensorBoard',
    placeHolder: l10n.t('Open TensorBoard of which experiment?'),
  });
  const all = (await services.store.trials(target.connectionId, target.experimentId)).filter(isStarted);
  if (all.length === 0)
    throw new Refusal(l10n.t('{0} has no trials yet that TensorBoard could show.', target.summary.name));
  if (all.length <= maxTrials) return { target, trials: all };
  const detail = l10n.t('It has {0}. Select others in the list of experiments to see those.', all.length);
  const question = l10n.t('Show the best {0} trials of {1} in TensorBoard?', maxTrials, target.summary.name);
  await requireAnswer(ask(question, detail, l10n.t('Show')));
  return { target, trials: all.slice(0, maxTrials) };
}

function isAlive({ status }: TensorBoardTask): boolean {
  return status === 'RUNNING' || status === 'DOWNLOADING_DATA';
}

/** Whether a TensorBoard shows exactly these trials. */
function shows(task: TensorBoardTask, ids: readonly string[]): boolean {
  const shown = new Set(task.trialJobIdList);
  return isAlive(task) && shown.size === ids.length && ids.every((id) => shown.has(id));
}

async function waitUntilUp(
  started: TensorBoardTask,
  ask: () => Promise<TensorBoardTask>,
  signal: AbortSignal,
): Promise<TensorBoardTask> {
  let task = started;
  for (const end = Date.now() + startTimeoutMs; task.status === 'DOWNLOADING_DATA'; task = await ask()) {
    signal.throwIfAborted();
    if (Date.now() > end) throw new Error(l10n.t('TensorBoard did not come up within {0} s.', startTimeoutMs / 1000));
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
  if (task.status === 'RUNNING') return task;
  throw new Error(l10n.t('TensorBoard did not come up: its server says {0}.', task.status));
}

function portOf({ port }: TensorBoardTask): number {
  if (port !== undefined) return port;
  throw new Error(l10n.t('The server does not say on which port TensorBoard is.'));
}

/** Completes NNI's message, which only hints that TensorBoard may be missing. Trialdeck's names the places and the package. */
function explainRefusal(error: RejectedError, name: string): Error {
  const { reason } = error;
  if (reason.includes('pip install')) return new Refusal(reason);
  if (!/tensorboard may not installed/i.test(reason)) return error;
  return new Refusal(
    l10n.t(
      'TensorBoard is not installed in the Python that runs {0}. Install it there with "pip install tensorboard".',
      name,
    ),
  );
}
