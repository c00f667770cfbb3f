// All that the AMI reader makes of some bytes, at once.
import { type AmiMessage, isSecurityEvent } from '../../src/asterisk/ami-message.ts';
import { type AmiDiscard, createAmiReader } from '../../src/asterisk/ami-reader.ts';

export function readAmi(chunks: Iterable<Buffer | string>) {
  const messages: AmiMessage[] = [];
  const discarded: AmiDiscard[] = [];
  const reader = createAmiReader({
    onMessage: (message) => messages.push(message),
    onDiscard: (reason) => discarded.push(reason),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return { messages, discarded };
}

/** What is believed, what is not and why, and what was discarded. */
export function summaryOf(text: string) {
  const { messages, discarded } = readAmi([Buffer.from(text, 'latin1')]);
  return {
    believed: messages
      .filter((message) => isSecurityEvent(message) && !message.tampered)
      .map(({ name, headers }) => `${name} ${headers.RemoteAddress}`),
    tampered: messages.flatMap(({ tampered }) => tampered ?? []),
    discarded,
  };
}
