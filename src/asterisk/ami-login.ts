// What both AMI logins share: where to, as whom, how patiently, and how they say how they are.

export interface AmiLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Asked at each connection, so that a secret that was replaced is taken up. */
  secret(): string;
  /** Of the classes that the user may read those that this connection is sent, `security`; all where nothing is said. */
  readonly events?: string;
}

/** `refused`: Asterisk knows no such user and secret; a person must act. `down`: tried again by itself. */
export type AmiState = 'connecting' | 'live' | 'refused' | 'down';

/** Why a connection is over. */
export interface AmiEnd {
  readonly state: 'refused' | 'down';
  /** One line for a person; bounded. */
  readonly detail: string;
}

export interface AmiTiming {
  /** From the first packet to the accepted login. Asterisk itself waits a second before it refuses one. */
  readonly loginMs: number;
  readonly pingEveryMs: number;
  readonly pingAnswerMs: number;
  readonly reconnectLeastMs: number;
  readonly reconnectMostMs: number;
  readonly retryRefusedMs: number;
  /** The event of our own second login comes within this time, where events come at all. */
  readonly hearMs: number;
  /** Asterisk looks up what a user may do when he logs in: after so long it is asked whether that has changed. */
  readonly retryLackingMs: number;
  /** A connection that held so long makes the next one quick again. */
  readonly steadyMs: number;
}

export const amiTiming: AmiTiming = {
  loginMs: 10_000,
  pingEveryMs: 15_000,
  pingAnswerMs: 10_000,
  reconnectLeastMs: 200,
  // A restarted PBX is heard again within two seconds.
  reconnectMostMs: 1_500,
  retryRefusedMs: 60_000,
  hearMs: 5_000,
  retryLackingMs: 300_000,
  steadyMs: 10_000,
};

/** What Asterisk's answer to a login that failed means. `text` is Asterisk's own message. */
export function endOfRefusedLogin(text: string, user: string): AmiEnd {
  // Said while our own former session is not yet given up (allowmultiplelogin = no).
  if (/already in use/i.test(text)) return { state: 'down', detail: `${user} is still logged in elsewhere` };
  return { state: 'refused', detail: `Asterisk refused the login of ${user}` };
}
