// AMI bytes -> messages. Lines end with CR LF only, since a lone CR or LF may stand inside a value. Never throws, never
// holds more than one message, and carries nothing over to another connection: each makes a reader of its own.
import { StringDecoder } from 'node:string_decoder';
import { type AmiMessage, isSecurityEvent, readAmiMessage } from './ami-message.ts';

export type AmiDiscard = 'ami-line-too-long' | 'ami-message-too-long' | 'ami-message-unfinished';

export interface AmiReader {
  push(chunk: Buffer | string): void;
  /** The stream is over: what is left of a message is discarded. */
  end(): void;
}

/** In characters. */
export const amiLimits = { line: 64 * 1024, message: 256 * 1024, linesInMessage: 256 } as const;

// A security event that ends before its RemoteAddress has lost its rest to what follows it. The rest shows itself as a
// message that is out of order too; where it does not, as many messages as this are not believed either.
const doubtedMessages = 4;

export function createAmiReader({
  onMessage,
  onDiscard,
}: {
  onMessage(message: AmiMessage): void;
  onDiscard(reason: AmiDiscard): void;
}): AmiReader {
  const decoder = new StringDecoder('utf8');
  const judge = createJudge();
  let lines: string[] = [];
  let line = '';
  let lineLength = 0;
  let messageLength = 0;
  let isSkipping = false;
  let isFirstLine = true;
  let endsInCarriageReturn = false;

  const skip = (reason: AmiDiscard): void => {
    lines = [];
    line = '';
    isSkipping = true;
    onDiscard(reason);
  };
  const extendLine = (piece: string): void => {
    lineLength += piece.length;
    messageLength += piece.length;
    if (isSkipping) return;
    if (lineLength > amiLimits.line) skip('ami-line-too-long');
    else if (messageLength > amiLimits.message) skip('ami-message-too-long');
    else line += piece;
  };
  const endMessage = (): void => {
    if (lines.length > 0) onMessage(judge(readAmiMessage(lines)));
    lines = [];
    messageLength = 0;
    isSkipping = false;
  };
  const endLine = (): void => {
    if (lineLength === 0) endMessage();
    else if (isFirstLine && line.startsWith('Asterisk Call Manager/')) onMessage(bannerOf(line));
    else if (!isSkipping && lines.push(line) > amiLimits.linesInMessage) skip('ami-message-too-long');
    isFirstLine = false;
    line = '';
    lineLength = 0;
  };
  return {
    push(chunk) {
      let text = typeof chunk === 'string' ? chunk : decoder.write(chunk);
      if (text === '') return;
      if (endsInCarriageReturn) text = `\r${text}`;
      endsInCarriageReturn = text.endsWith('\r');
      if (endsInCarriageReturn) text = text.slice(0, -1);
      let start = 0;
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n', start)) {
        extendLine(text.slice(start, end));
        endLine();
        start = end + 2;
      }
      extendLine(text.slice(start));
    },
    end() {
      if (!isSkipping && (lines.length > 0 || lineLength > 0)) skip('ami-message-unfinished');
    },
  };
}

function createJudge(): (message: AmiMessage) => AmiMessage {
  let doubted = 0;
  return (message) => {
    const isDoubted = doubted > 0 && message.kind === 'event' && !message.tampered;
    const hasAddress = 'RemoteAddress' in message.headers;
    const isInOrder = isSecurityEvent(message) && !message.tampered;
    if (message.tampered && !hasAddress) doubted = doubtedMessages;
    else if (hasAddress && !isInOrder) doubted = 0;
    else doubted = Math.max(0, doubted - 1);
    return isDoubted ? { ...message, tampered: 'follows-broken-event' } : message;
  };
}

function bannerOf(line: string): AmiMessage {
  return { kind: 'banner', name: line, headers: Object.create(null) };
}
