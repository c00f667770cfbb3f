// What sipwarden tells other clients of the AMI, as UserEvents (docs/ami-events.md). Pure. Text of strangers is cut, and
// has no line break by which it could become a header.
import type { Decision } from '../model/decision.ts';
import type { Happening } from '../model/happening.ts';
import { isoTime } from '../model/time.ts';

export interface UserEvent {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
}

const textLimit = 200;

type Published = Exclude<Happening, { readonly kind: 'attacked' }>;

export function isPublished(happening: Happening): happening is Published {
  if (happening.kind === 'decided') return names[happening.decision.action] !== undefined;
  return happening.kind !== 'attacked';
}

export function userEventOf(happening: Published): UserEvent {
  const { name, headers } = describe(happening);
  const clean = Object.entries(headers).map(([header, value]) => [header, onOneLine(value)]);
  return { name, headers: Object.fromEntries(clean) };
}

function describe(happening: Published): UserEvent {
  switch (happening.kind) {
    case 'decided':
      return ofDecision(happening.decision);
    case 'unblocked': {
      const { time, target, by, isWhole, places } = happening;
      const ports = places.flatMap(({ port }) => (port ? [`${port.protocol}/${port.port}`] : []));
      const headers = { Time: isoTime(time), Address: target, By: by };
      return { name: 'SipwardenUnban', headers: { ...headers, ...(!isWhole && { Ports: ports.join(' ') }) } };
    }
    case 'alarm': {
      const { time, isOver, alarm } = happening;
      const { code, message, hint } = alarm;
      const state = isOver ? 'cleared' : 'raised';
      return {
        name: 'SipwardenAlarm',
        headers: { Time: isoTime(time), Code: code, State: state, Message: message, Hint: hint },
      };
    }
  }
}

const names: Readonly<Partial<Record<Decision['action'], string>>> = {
  ban: 'SipwardenBan',
  drop: 'SipwardenBan',
  'port-ban': 'SipwardenBan',
  limit: 'SipwardenBan',
  held: 'SipwardenHeld',
};

function ofDecision(decision: Decision): UserEvent {
  const { id, time, target, action, port, until, cause, reason, enforced } = decision;
  return {
    name: names[action] ?? 'SipwardenBan',
    headers: {
      Time: isoTime(time),
      Address: target,
      ...(port && { Port: `${port.protocol}/${port.port}` }),
      // Not `Action`: Asterisk keeps that one back.
      Decision: action,
      Enforced: enforced ? 'yes' : 'no',
      Until: until === undefined ? 'never' : isoTime(until),
      ...(until !== undefined && { Seconds: String(Math.max(0, Math.round((until - time) / 1_000))) }),
      ...(cause.kind === 'detection'
        ? { Attack: cause.attack, Proof: cause.proof }
        : { Attack: 'order', By: cause.by }),
      Reason: reason,
      Id: id,
    },
  };
}

function onOneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, textLimit);
}
