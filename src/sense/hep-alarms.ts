// What a person must know about the HEP sensor: it does not listen, hears nothing, or cannot see who calls.
import type { Alarms } from '../model/alarm.ts';
import type { Counts } from './capture-counters.ts';

export interface HepAlarms {
  up(): void;
  down(reason: string, hint: string): void;
  /** The PBX answers, and mirrors nothing. */
  silent(counters: Counts): void;
  heard(): void;
  behindProxy(): void;
  clearAll(): void;
}

const codes = ['HEP_DOWN', 'HEP_SILENT', 'HEP_BEHIND_PROXY'] as const;
const hints = {
  silent:
    'is hep.conf as "sipwarden setup" writes it, was it read since ("module reload res_hep.so"), and does res_hep_pjsip.so ' +
    'run ("module show like hep")?',
  refused:
    'what comes is refused ("discarded" in "sipwarden status" says why): is the password in hep.conf the one in ' +
    'password_file of [hep], and is the sender in allow?',
  behindProxy:
    'a proxy on this machine passes WebSocket calls on, so who calls is not seen and cannot be stopped: let Asterisk ' +
    'serve wss itself (tlsbindaddr in http.conf), or limit callers in the proxy',
} as const;

export function createHepAlarms(alarms: Alarms): HepAlarms {
  let isBehindProxy = false;
  return {
    up: () => alarms.clear('HEP_DOWN'),
    down(reason, hint) {
      alarms.raise(
        'HEP_DOWN',
        `what the PBX mirrors is not heard, TLS and WebSocket are dark: ${reason}`,
        hint,
      );
      alarms.clear('HEP_SILENT');
    },
    silent(counters) {
      const isRefused = (counters.datagrams ?? 0) > (counters.messages ?? 0);
      const message = 'Asterisk answers callers and mirrors nothing: TLS and WebSocket are dark';
      alarms.raise('HEP_SILENT', message, isRefused ? hints.refused : hints.silent);
    },
    heard: () => alarms.clear('HEP_SILENT'),
    behindProxy() {
      if (isBehindProxy) return;
      isBehindProxy = true;
      alarms.raise('HEP_BEHIND_PROXY', 'WebSocket calls arrive from this machine itself', hints.behindProxy);
    },
    clearAll() {
      for (const code of codes) alarms.clear(code);
    },
  };
}
