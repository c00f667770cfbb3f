// The limits of the configuration, with those of single sources, as the rules need them.
import { type LimitOptions, slowedForMs } from './decide/limit-options.ts';
import type { LimitSettings } from './enforce/rule-settings.ts';
import type { LimitName } from './model/enforcer.ts';
import type { SourceLimit } from './model/source-limit.ts';

export function limitSettings(options: LimitOptions, own: readonly SourceLimit[]): readonly LimitSettings[] {
  const common = (name: LimitName) => ({
    name,
    slowedForSeconds: Math.ceil(slowedForMs(name, options) / 1_000),
    exceptions: own
      .filter(({ limit }) => limit === name)
      .map(({ target, perMinute }) => ({ target, perMinute })),
  });
  const invite: LimitSettings = {
    perMinute: 60 * options.invite_per_second,
    burst: options.invite_burst,
    slowedPerMinute: options.invite_slowed_per_minute,
    ...common('invite'),
  };
  const tftp: LimitSettings = {
    perMinute: options.tftp_per_minute,
    // It fills again while it is emptied: so whoever hurries is let through no more than a minute's worth.
    burst: Math.max(1, Math.floor(0.9 * options.tftp_per_minute)),
    slowedPerMinute: options.tftp_slowed_per_minute,
    ...common('tftp'),
  };
  const packets: LimitSettings = {
    perMinute: 60 * options.packets_per_second,
    burst: options.packets_burst,
    slowedPerMinute: 60 * options.packets_slowed_per_second,
    ...common('packets'),
  };
  // Packets first: what they drop is counted by no other limit.
  return [packets, invite, tftp].filter(({ perMinute }) => perMinute > 0);
}
