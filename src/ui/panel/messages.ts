/** Checks messages from the page. The page shows text that trials wrote, so the host does not trust its messages. */
import * as v from 'valibot';
import type { Method, PageState, ToHost } from '../../protocol.ts';
import { actionIds, isPanelAction, isTrialAction } from '../actions.ts';

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const logName = v.picklist(['trial.log', 'stderr', 'stdout', 'manager']);

/** A schema for the parameters of each request. A request without one does not compile. */
const params = {
  act: v.object({ action: v.picklist(actionIds.filter(isPanelAction)) }),
  actOnTrials: v.object({
    action: v.picklist(actionIds.filter(isTrialAction)),
    trialIds: v.pipe(v.array(id), v.minLength(1), v.maxLength(100_000)),
  }),
  openLog: v.object({ trialId: v.exactOptional(id), name: logName }),
  readTrialLog: v.object({
    trialId: id,
    name: logName,
    maxBytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000_000)),
  }),
  copyText: v.object({ text: v.pipe(v.string(), v.maxLength(5_000_000)) }),
  selectTrial: v.object({ trialId: v.nullable(id) }),
  retryConnection: v.null(),
} satisfies Record<Method, v.GenericSchema>;

const envelope = v.object({ type: v.literal('request'), id: v.pipe(v.number(), v.integer()), method: v.string() });

/** A message that does not match the protocol. `id` is present when the message expects an answer. */
export class BadMessage extends Error {
  readonly id: number | undefined;
  constructor(message: string, id?: number) {
    super(message);
    this.name = 'BadMessage';
    this.id = id;
  }
}

/** Checks a message. @throws {@link BadMessage} */
export function readMessage(message: unknown): ToHost {
  if (v.is(v.object({ type: v.literal('ready') }), message)) return { type: 'ready' };
  const request = v.safeParse(envelope, message);
  if (!request.success) throw new BadMessage('The page sent a message that is not understood.');
  const { id: number, method } = request.output;
  if (!Object.hasOwn(params, method))
    throw new BadMessage(`The page asked for "${method}", which there is not.`, number);
  const checked = v.safeParse(params[method as Method], (message as { params?: unknown }).params ?? null);
  if (!checked.success) throw new BadMessage(`The page asked for "${method}" with wrong values.`, number);
  // Each schema above yields the parameters of its own method.
  return { type: 'request', id: number, method, params: checked.output } as ToHost;
}

const pageState = v.object({
  version: v.literal(1),
  connectionId: id,
  experimentId: id,
  selectedTrial: v.nullable(id),
});

/** The identity in a page's stored state; undefined when the state is malformed or of another version. */
export function readPageState(
  state: unknown,
): Pick<PageState, 'connectionId' | 'experimentId' | 'selectedTrial'> | undefined {
  const checked = v.safeParse(pageState, state);
  if (!checked.success) return undefined;
  const { connectionId, experimentId, selectedTrial } = checked.output;
  return { connectionId, experimentId, selectedTrial };
}
