// A guest of the PBX's host for the packet tests: a namespace behind the one where the rules stand.
import { openNamespace } from './namespace.ts';
import { familyOf, linkUp, type PacketLink, type Peer, pbxAddress, startPeer } from './packet-link.ts';

export const guestAddress = { 4: '203.0.113.10', 6: '3fff:1::10' } as const;
const gateway = { 4: '203.0.113.1', 6: '3fff:1::1' } as const;
/** The host's end of the wire to the guest. */
const guestInterface = 'gst0';

export interface Guest {
  readonly peer: Peer;
  close(): Promise<void>;
}

export async function openGuest({ pbx, outside }: PacketLink): Promise<Guest> {
  const guest = await openNamespace();
  const peerEnd = ['peer', 'name', 'veth0', 'netns', guest.name];
  await pbx.run('ip', ['link', 'add', guestInterface, 'type', 'veth', ...peerEnd]);
  await linkUp(pbx, Object.values(gateway), guestInterface);
  await linkUp(guest, Object.values(guestAddress));
  for (const family of [4, 6] as const) {
    const version = `-${family}`;
    const network = family === 4 ? '203.0.113.0/24' : '3fff:1::/32';
    await guest.run('ip', [version, 'route', 'add', 'default', 'via', gateway[family]]);
    await outside.run('ip', [version, 'route', 'add', network, 'via', pbxAddress[family]]);
  }
  await pbx.run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  const peer = await startPeer(guest, [5_060]);
  return {
    peer,
    async close() {
      await peer.stop();
      await guest.remove();
    },
  };
}

/** How many of five datagrams of this source arrive at the guest: all that went before the other source's last one. */
export async function arrivingAtGuest(
  { sender }: PacketLink,
  { peer }: Guest,
  { from, fromPort = 0, clean, text }: { from: string; fromPort?: number; clean: string; text: string },
): Promise<number> {
  const wire = { to: guestAddress[familyOf(from)], port: 5_060 };
  const mark = `mark ${process.hrtime.bigint()}`;
  peer.lines.length = 0;
  await sender.send({ ...wire, from, fromPort, text, count: 5 });
  await sender.send({ ...wire, from: clean, text: mark, count: 1 });
  await peer.until((line) => line.kind === 'packet' && line.text === mark);
  return peer.lines.filter((line) => line.kind === 'packet' && line.from === from).length;
}
