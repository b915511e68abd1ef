// `nodewright run`: the controller.

import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type { Command } from 'commander';

import { createRedactor } from '../lib/redact.ts';
import { type ProcessOptions, runProcess } from '../main.ts';
import { addGitOptions, type GitOptions, gitRemote } from './git-options.ts';
import { createLogger } from './logger.ts';
import {
  addressArgument,
  authorArgument,
  branchArgument,
  contextOption,
  durationArgument,
  kubeconfigOption,
  messageArgument,
  nameArgument,
  namesArgument,
  namespaceOption,
  ownNamespaceOption,
  option,
  repositoryArgument,
  type SetExitCode,
} from './option.ts';
import { addControllerPolicyOptions, type ControllerPolicyOptions, controllerPolicy } from './policy-option.ts';
import { imageArgument } from './run/arguments.ts';
import { addSelfUpdateOptions, type SelfUpdateFlags, selfUpdateOptions } from './run/self-update.ts';
import { readSigner, readTrust } from './run/signatures.ts';
import { version } from './version.ts';

interface RunOptions extends Omit<ControllerPolicyOptions, 'selfUpdate'>, GitOptions, SelfUpdateFlags {
  readonly image: string;
  readonly repo: string;
  readonly branch: string;
  readonly executor: string;
  readonly interval: number;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly statusBranch: string | false;
  readonly statusAuthor?: { readonly name: string; readonly email: string };
  readonly statusMessage?: string;
  readonly dataDir?: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly probeListen?: { readonly host: string; readonly port: number };
  readonly webhookListen?: { readonly host: string; readonly port: number };
  readonly webhookSecretFile?: string;
  readonly observeInterval: number;
  readonly heightInterval: number;
  readonly verification?: string;
  readonly signingKeyFile?: string;
  readonly logLevel: string;
  readonly stopDeadline: number;
  readonly onlyNamespaces?: readonly string[];
  readonly ownNamespace?: string;
}

export function addRun(program: Command, exit: SetExitCode): void {
  const command = program
    .command('run')
    .description(
      'Run the controller: reconcile the cluster with the repository, and write status to its status branch.',
    )
    .addOption(
      option('--repo <url>', 'http(s) URL of the repository, without credentials')
        .argParser(repositoryArgument)
        .makeOptionMandatory(),
    )
    .addOption(option('--branch <name>', 'the desired branch').argParser(branchArgument).default('main'))
    .addOption(
      option('--executor <name>', 'name of this controller in fleet.yaml')
        .argParser(nameArgument)
        .makeOptionMandatory(),
    )
    .addOption(
      option('--interval <duration>', 'how often the desired branch is fetched')
        .argParser(durationArgument)
        .default(30_000, '30s'),
    )
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(namespaceOption())
    .addOption(ownNamespaceOption())
    .addOption(
      option(
        '--data-dir <dir>',
        'folder for Git objects, which may be deleted at any time (default: in the cache directory)',
      ),
    )
    .addOption(
      option('--listen <address>', 'address of health and metrics: port or host:port')
        .argParser(addressArgument)
        .default({ host: '127.0.0.1', port: 8080 }, '8080'),
    )
    .addOption(
      option('--probe-listen <address>', 'additional address of health only, which scrapers cannot block').argParser(
        addressArgument,
      ),
    );
  addStatusOptions(addWebhookOptions(command));
  addSelfUpdateOptions(addOperationOptions(command));
  addControllerPolicyOptions(addSignatureOptions(addGitOptions(command))).action(async (options: RunOptions) =>
    exit(await run(options)),
  );
}

function addWebhookOptions(command: Command): Command {
  return command
    .addOption(
      option(
        '--webhook-listen <address>',
        'address where the Git server announces pushes, with POST /webhook; needs --webhook-secret-file',
      ).argParser(addressArgument),
    )
    .addOption(
      option(
        '--webhook-secret-file <file>',
        'file with the secret of the webhook, which signs each request, read again for each',
      ),
    );
}

function addStatusOptions(command: Command): Command {
  return command
    .addOption(
      option('--status-branch <name>', 'branch for the status').argParser(branchArgument).default('nodewright-status'),
    )
    .addOption(
      option('--status-author <author>', 'author of the status commits, for servers with push rules').argParser(
        authorArgument,
      ),
    )
    .addOption(
      option(
        '--status-message <template>',
        'message of the status commits, for servers with push rules; {subject} is replaced, e.g. "OPS-1: {subject}"',
      ).argParser(messageArgument),
    )
    .addOption(option('--no-status-branch', 'write no status to Git'));
}

function addOperationOptions(command: Command): Command {
  return command
    .addOption(
      option('--observe-interval <duration>', 'how often running nodes are queried')
        .argParser(durationArgument)
        .default(10_000, '10s'),
    )
    .addOption(
      option('--height-interval <duration>', "how often a node's status is written when only the height changed")
        .argParser(durationArgument)
        .default(60_000, '60s'),
    )
    .addOption(
      option('--image <image>', "the controller's own image, which worker pods of jobs run")
        .argParser(imageArgument)
        .makeOptionMandatory(),
    )
    .addOption(
      option(
        '--only-namespaces <names>',
        'the only namespaces that are watched, separated by commas, for a controller without cluster-wide rights; --namespace is always one of them',
      ).argParser(namesArgument),
    )
    .addOption(
      option('--stop-deadline <duration>', 'how long a node may take to stop for a one-shot job')
        .argParser(durationArgument)
        .default(1_200_000, '20m'),
    )
    .addOption(
      option('--log-level <level>', 'lowest level that is logged')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    );
}

function addSignatureOptions(command: Command): Command {
  return command
    .addOption(
      option(
        '--verification <file>',
        'file with the accepted signers of the desired branch (default: no signatures are required)',
      ),
    )
    .addOption(
      option('--signing-key-file <file>', 'Ed25519 private key in SSH format, which signs the status commits'),
    );
}

async function run(options: RunOptions): Promise<0 | 1> {
  if (options.statusBranch === options.branch) {
    throw new Error(
      `the status branch must not be the desired branch ${options.branch}; choose another --status-branch`,
    );
  }
  const { credentials, secrets, ca, allowHttp } = await gitRemote(options);
  const redactor = createRedactor(secrets);
  const namespaces = watchedNamespaces(options);
  const dataDir = options.dataDir ?? cacheFolder(options.executor);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const policy = await controllerPolicy(options, namespaces);
  return await runProcess({
    settings: {
      executor: options.executor,
      branch: options.branch,
      namespace: options.namespace,
      ownNamespace: options.ownNamespace ?? options.namespace,
      origin: options.repo,
      intervalMs: options.interval,
      observeIntervalMs: options.observeInterval,
      heightIntervalMs: options.heightInterval,
      statusAuthor: options.statusAuthor,
      statusMessage: options.statusMessage,
      publishDelayMs: 500,
      progressDelayMs: 15_000,
      statusLookMs: 60_000,
      version: version(),
      workerImage: options.image,
      policy,
      stopDeadlineMs: options.stopDeadline,
    },
    kubeconfig: options.kubeconfig,
    context: options.context,
    namespaces,
    statusBranch: options.statusBranch === false ? undefined : options.statusBranch,
    dataDir,
    listen: options.listen,
    probeListen: options.probeListen,
    webhook: await webhookOf(options),
    allowHttp,
    credentials,
    ca,
    trust: options.verification === undefined ? undefined : await readTrust(options.verification, Date.now),
    sign: options.signingKeyFile === undefined ? undefined : await readSigner(options.signingKeyFile),
    redactor,
    selfUpdate: await selfUpdateOptions(options, policy),
    log: createLogger(options.logLevel, redactor),
  });
}

function cacheFolder(executor: string): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'nodewright', 'run', executor);
}

async function webhookOf({ webhookListen, webhookSecretFile }: RunOptions): Promise<ProcessOptions['webhook']> {
  if (webhookListen === undefined) return undefined;
  if (webhookSecretFile === undefined)
    throw new Error('--webhook-listen needs --webhook-secret-file: without a secret any program could request a sync');
  const secret = async (): Promise<string> => (await readFile(webhookSecretFile, 'utf8')).trim();
  if ((await secret()) === '') throw new Error(`the file of --webhook-secret-file ${webhookSecretFile} is empty`);
  return { ...webhookListen, secret };
}

/** Undefined: all of them. */
function watchedNamespaces({ onlyNamespaces, namespace }: RunOptions): readonly string[] | undefined {
  return onlyNamespaces === undefined ? undefined : [...new Set([namespace, ...onlyNamespaces])];
}
