// The host of a SIP URI that the administrator wrote: a provider's server. Never used on what a client wrote.

export interface SipServer {
  /** A host name or an address, without brackets. */
  readonly host: string;
  /** Without a port pjsip looks for SRV records. */
  readonly hasPort: boolean;
}

const pattern =
  /^sips?:(?:[^@\s]*@)?(?:\[([0-9a-f:.]{2,45})\]|([\w.-]{1,253}))(?<port>:\d{1,5})?(?:[;?].*)?$/i;

/** `sip:user@provider.example:5060;transport=tcp`. Undefined where the text is no SIP URI with a usable host. */
export function sipServerOf(text: string): SipServer | undefined {
  if (text.length > 1_024) return undefined;
  const uri = /<([^<>]*)>/.exec(text)?.[1] ?? text.trim();
  const match = pattern.exec(uri);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || (match?.[2] !== undefined && !isHostName(host))) return undefined;
  return { host, hasPort: match?.groups?.port !== undefined };
}

/** Plain addresses pass, too. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && /^(?:\w(?:[\w-]{0,61}\w)?\.)*\w(?:[\w-]{0,61}\w)?\.?$/.test(text);
}
