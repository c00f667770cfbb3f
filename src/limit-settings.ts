// The limits of the configuration, with those of single sources, as the rules need them.
import type { LimitOptions } from './decide/limit-options.ts';
import type { LimitSettings } from './enforce/rule-settings.ts';
import type { LimitName } from './model/enforcer.ts';
import type { SourceLimit } from './model/source-limit.ts';

export function limitSettings(options: LimitOptions, own: readonly SourceLimit[]): readonly LimitSettings[] {
  const exceptions = (limit: LimitName) =>
    own.filter((each) => each.limit === limit).map(({ target, perMinute }) => ({ target, perMinute }));
  const invite: LimitSettings = {
    name: 'invite',
    perMinute: 60 * options.invite_per_second,
    burst: options.invite_burst,
    slowedPerMinute: options.invite_slowed_per_minute,
    slowedForSeconds: Math.ceil(options.invite_slowed_for / 1_000),
    exceptions: exceptions('invite'),
  };
  const tftp: LimitSettings = {
    name: 'tftp',
    perMinute: options.tftp_per_minute,
    burst: options.tftp_per_minute,
    slowedPerMinute: options.tftp_slowed_per_minute,
    slowedForSeconds: Math.ceil(options.tftp_slowed_for / 1_000),
    exceptions: exceptions('tftp'),
  };
  return [invite, tftp].filter(({ perMinute }) => perMinute > 0);
}
