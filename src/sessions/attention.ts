/**
 * What of a session's state interrupts a person, and with which way out. Everything else is shown by the status item
 * and waits to be looked at. Pure: the edge decides when and in which window, and remembers what was told.
 */
import * as l10n from '@vscode/l10n';
import { message, settingPrefix, showLogButton, type Message, type MessageButton } from './messages';
import {
  acrossMachinesSentence,
  appProblemSentence,
  whatComesNext,
  otherSettingsSentence,
  restartOfferSentence,
  secondServerSentence,
  stateSentence,
} from './sessionSentences';
import { canInstallAndRestart, canRestart, canStopOther, fits } from './appActions';
import { type AppView } from './appView';
import type { SessionSnapshot } from './protocol';

/** Something to interrupt a person for. */
export interface Attention {
  /** The same as long as it is the same trouble, in every window; another when it comes back. */
  readonly cause: string;
  readonly message: Message;
  /** The person has answered once and for all, by a setting: done instead of told. */
  readonly instead?: MessageButton;
}

/** What the settings say about interruptions. */
export interface AttentionPolicy {
  /** Only `ask` tells of a taken port: `wait` and `useNext` are answers. */
  readonly portConflict: 'ask' | 'wait' | 'useNext';
  /** `restart`: what this window has changed while the server runs is applied without a question. */
  readonly restartOnChange: 'offer' | 'restart';
}

/** All that needs a person now, the most pressing first. */
export function attentions(view: AppView, policy: AttentionPolicy): readonly Attention[] {
  const { session } = view;
  switch (session?.state) {
    case 'failed':
      return [stateAttention(view, session, failedMessage(view, session))];
    case 'blocked':
      if (session.reason.code === 'portTaken' && policy.portConflict !== 'ask') return [];
      // Neither needs a person: the one goes on by itself within seconds, the other is as it was declared.
      if (session.reason.code === 'installerAtWork' || session.reason.code === 'managedElsewhere') return [];
      // A server that is just starting answers soon, and is shown then.
      if (session.reason.code === 'folderLocked' && session.reason.facts?.['hidden'] !== true) return [];
      return [stateAttention(view, session, blockedMessage(view, session))];
    case 'waiting':
      // One that only starts is there in a moment; where it runs for good, a person wants to know why nothing runs here.
      return session.reason.code === 'runsElsewhere' ? [elsewhereAttention(view, session)] : [];
    case 'running':
    case 'unhealthy':
      return runningAttentions(view, session, policy);
    default:
      return [];
  }
}

function stateAttention({ app }: AppView, session: SessionSnapshot, told: Message): Attention {
  return { cause: `${app.key} ${session.reason.code} ${session.sinceMs}`, message: told };
}

function failedMessage({ app }: AppView, session: SessionSnapshot): Message {
  const sentence = stateSentence(app.label, session);
  const restart: MessageButton = { title: l10n.t('Restart'), action: 'restart', appKey: app.key };
  switch (session.reason.code) {
    case 'commandNotFound':
      // It offers to install what is missing, and leads to the setting.
      return message('error', sentence, [{ title: l10n.t('Run Doctor'), action: 'doctor', appKey: app.key }, restart]);
    case 'folderMissing':
    case 'spawnFailed':
    case 'unknownProcesses':
      return message('error', sentence, [restart, showLogButton()]);
    default:
      return message('error', sentence, [
        restart,
        { title: l10n.t('Show Terminal'), action: 'showTerminal', appKey: app.key },
      ]);
  }
}

function blockedMessage(view: AppView, session: SessionSnapshot): Message {
  const { app } = view;
  const sentence = stateSentence(app.label, session) + whatComesNext(session.reason);
  const prefix = settingPrefix(app.type);
  switch (session.reason.code) {
    case 'portTaken':
      return message('warning', sentence, [
        ...(fits.useNextPort(view)
          ? [{ title: l10n.t('Use Next Free Port'), action: 'useNextPort', appKey: app.key } as const]
          : []),
        ...(canStopOther(view)
          ? [{ title: l10n.t('Stop the Other…'), action: 'stopOther', appKey: app.key } as const]
          : prefix === undefined
            ? []
            : [{ title: l10n.t('Change Port'), action: 'openSettings', setting: `${prefix}.port` } as const]),
      ]);
    default:
      return message('warning', sentence, [
        { title: l10n.t('Try Again'), action: 'start', appKey: app.key },
        showLogButton(),
      ]);
  }
}

function elsewhereAttention({ app }: AppView, session: SessionSnapshot): Attention {
  const where = JSON.stringify(session.reason.facts ?? {});
  return {
    cause: `${app.key} runsElsewhere ${where}`,
    message: message('info', stateSentence(app.label, session) + whatComesNext(session.reason), [
      { title: l10n.t('Start Here Anyway'), action: 'startHere', appKey: app.key },
      { title: l10n.t('Leave It'), action: 'dismiss' },
    ]),
  };
}

function runningAttentions(view: AppView, session: SessionSnapshot, policy: AttentionPolicy): readonly Attention[] {
  const { app, otherSettings } = view;
  const found: Attention[] = [];
  // What a person declined is theirs to decide again when another run of the server has the same trouble.
  const run = session.pid ?? session.listenerPid ?? '';
  const notNow: MessageButton = { title: l10n.t('Not Now'), action: 'dismiss' };
  const leaveIt: MessageButton = { title: l10n.t('Leave It'), action: 'dismiss' };
  const restart: MessageButton = { title: l10n.t('Restart'), action: 'restart', appKey: app.key };
  if (session.reason.code === 'tunnelUnavailable')
    found.push({
      cause: `${app.key} tunnelUnavailable ${session.sinceMs}`,
      message: message('warning', stateSentence(app.label, session), [
        { title: l10n.t('Show Terminal'), action: 'showTerminal', appKey: app.key },
      ]),
    });
  if (session.acrossMachines !== undefined)
    found.push({
      // The detail may be another at each try to reach it.
      cause: `${app.key} ${session.acrossMachines.code} ${run}`,
      message: message('warning', acrossMachinesSentence(app.label, session.acrossMachines), [
        showLogButton(),
        leaveIt,
      ]),
    });
  for (const second of session.secondServers ?? [])
    found.push({
      cause: `${app.key} second ${second.port} ${second.pid ?? ''} ${run}`,
      message: message('warning', secondServerSentence(app.label, second), [
        ...(second.pid === undefined
          ? []
          : [{ title: l10n.t('Stop It…'), action: 'stopOther', appKey: app.key } as const]),
        leaveIt,
      ]),
    });
  const { restartOffer } = session;
  if (restartOffer !== undefined && canRestart(view)) {
    const install: MessageButton = {
      title: l10n.t('Install and Restart'),
      action: 'installAndRestart',
      appKey: app.key,
    };
    found.push({
      cause: `${app.key} ${restartOffer.code} ${JSON.stringify(restartOffer.facts ?? {})} ${run}`,
      message: message('info', restartOfferSentence(app.label, restartOffer), [
        canInstallAndRestart(view) ? install : restart,
        notNow,
      ]),
    });
  }
  if (app.problem?.code === 'undeclared')
    found.push({
      cause: `${app.key} undeclared ${run}`,
      message: message('info', appProblemSentence(app.label, app.problem), [
        { title: l10n.t('Stop It'), action: 'stop', appKey: app.key },
        { title: l10n.t('Leave It'), action: 'dismiss' },
      ]),
    });
  if (otherSettings !== undefined && canRestart(view))
    found.push({
      cause: `${app.key} settings ${session.specDigest} ${otherSettings.digest} ${run}`,
      message: message('info', otherSettingsSentence(app.label), [restart, notNow]),
      ...(policy.restartOnChange === 'restart' && otherSettings.changedHere ? { instead: restart } : {}),
    });
  return found;
}
