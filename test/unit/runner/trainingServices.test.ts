/** The services that the contract suite holds to their contract. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileChannel } from '../../../src/runner/channels/file/fileChannel.ts';
import { LocalTrainingService } from '../../../src/runner/trainingServices/local/localTrainingService.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { experimentLayout } from '../../../src/server/storage/layout.ts';
import { shellTrial } from '../../harness/trialCommands.ts';
import { Pipe, PipeChannel, PipeService } from './pipe/pipeService.ts';
import { describeTrainingService } from './trainingServiceContract.ts';
import { shellLines } from './trialProgram.ts';

describeTrainingService('local with the file channel', {
  trialsOutliveRunner: true,
  runsLostTrialsAgain: false,
  queuesTrials: false,
  create: (folder, program, slots) => {
    const experimentDirectory = join(folder, 'experiment');
    // Each trial takes one of so many GPUs.
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    const gpus = Array.from({ length: slots }, (_, index) => `${index}, GPU-${index}`).join('\\n');
    const smi = `#!/bin/sh\ncase "$1" in --query-gpu*) printf '${gpus}\\n';; esac\n`;
    writeFileSync(join(bin, 'nvidia-smi'), smi);
    chmodSync(join(bin, 'nvidia-smi'), 0o755);
    return {
      createService: (events) => {
        const service = new LocalTrainingService({
          experimentId: 'exp',
          experimentDirectory,
          config: {
            platform: 'local',
            trialCommand: shellTrial(shellLines(program)),
            trialCodeDirectory: folder,
            trialGpuNumber: 1,
          },
          sdkEnvironment: Promise.resolve({}),
          stopGraceMs: 1000,
          events,
        });
        const { prepare } = service;
        service.prepare = () => withPath(bin, () => prepare.call(service));
        return service;
      },
      createChannel: (events) =>
        new FileChannel({
          folderOf: (trialId) => experimentLayout.trial(experimentDirectory, trialId),
          events,
          log: silentLogger,
        }),
      // The trial's shell leads the group of all that it started.
      loseNode: ([shell = 0]) => process.kill(-groupOf(shell), 'SIGKILL'),
    };
  },
});

describeTrainingService('over a pipe to an agent', {
  trialsOutliveRunner: false,
  runsLostTrialsAgain: true,
  queuesTrials: true,
  create: (folder, program, slots) => {
    const pipe = new Pipe(slots);
    const root = join(folder, 'trials');
    return {
      createService: (events) => new PipeService(pipe, root, program, events),
      createChannel: (events) => new PipeChannel(pipe, root, events),
      // A trial ends itself when its agent is gone.
      loseNode: () => void pipe.agent?.kill('SIGKILL'),
    };
  },
});

function groupOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }));
}

async function withPath<T>(folder: string, action: () => Promise<T>): Promise<T> {
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before}`;
  try {
    return await action();
  } finally {
    process.env.PATH = before;
  }
}
