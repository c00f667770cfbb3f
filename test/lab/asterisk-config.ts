// The lab PBX's own configuration: extensions, a trunk, an echo, transports of UDP, TCP, TLS and WSS, the security log.
import { addresses } from './addresses.ts';

/** Password of each extension of the lab. */
export const extensions = {
  '100': 'pw100',
  '101': 'pw101',
  '102': 'pw102',
  '1005': 'pw1005',
} as const;

/** Extensions of a whole site: 300 to 349, each with the password `pw` and its number. */
export const siteExtensions: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => [`${300 + index}`, `pw${300 + index}`]),
);

/** Which Asterisk, and what it speaks SIP with; chan_sip left after 20. */
export interface Build {
  readonly version: '16' | '22';
  readonly driver: 'pjsip' | 'chan_sip';
}

export const usualBuild: Build = { version: '22', driver: 'pjsip' };

const moduleFolders = { 16: 'lib/asterisk/modules', 22: 'lib/x86_64-linux-gnu/asterisk/modules' } as const;
/** What is not in that Asterisk yet. */
const newerModules = { 16: ['res_websocket_client'], 22: [] } as const;

/** The full closure for what sipwarden uses (`autoload` would take three times as long). */
const modules = `
  res_sorcery_config res_sorcery_memory res_sorcery_astdb res_sorcery_realtime res_pjproject res_timing_timerfd
  res_http_websocket res_websocket_client res_curl res_stasis res_stasis_recording res_stasis_playback
  res_stasis_snoop res_rtp_multicast res_stasis_answer res_stasis_device_state res_ari res_ari_model
  res_ari_asterisk res_ari_channels res_ari_endpoints res_ari_events res_ari_applications res_ari_bridges
  res_crypto res_srtp res_rtp_asterisk codec_ulaw codec_alaw bridge_simple bridge_builtin_features
  bridge_native_rtp format_wav format_pcm res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_acl
  res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_ip
  res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_anonymous res_pjsip_registrar
  res_pjsip_outbound_registration res_pjsip_outbound_publish res_pjsip_pubsub res_pjsip_exten_state res_pjsip_pidf_body_generator
  res_pjsip_dialog_info_body_generator res_pjsip_mwi res_pjsip_nat res_pjsip_caller_id
  res_pjsip_messaging res_pjsip_logger res_pjsip_history res_pjsip_rfc3326 res_pjsip_dlg_options
  res_pjsip_header_funcs res_pjsip_transport_websocket chan_pjsip pbx_config app_dial app_playback app_echo
  app_verbose app_userevent app_db app_originate app_stasis app_system app_exec app_sendtext func_db
  func_channel func_strings func_logic func_cut func_callerid func_config func_sorcery func_shell
  func_pjsip_contact func_pjsip_endpoint func_pjsip_aor func_curl res_clialiases res_clioriginate
  res_security_log res_hep res_hep_pjsip res_manager_devicestate res_realtime chan_rtp app_softhangup`;

/** Every file of Asterisk's etc folder. `folder` is this PBX's own, `root` the Debian root that it runs from. */
export function asteriskFiles(
  folder: string,
  root: string,
  { version, driver }: Build = usualBuild,
): Record<string, string> {
  return {
    'asterisk.conf': `[directories]
astetcdir => ${folder}/etc
astmoddir => ${root}/usr/${moduleFolders[version]}
astdatadir => ${root}/usr/share/asterisk
astvarlibdir => ${folder}/varlib
astdbdir => ${folder}/db
astkeydir => ${folder}
astspooldir => ${folder}/spool
astrundir => ${folder}/run
astlogdir => ${folder}/log
[options]
systemname = lab
dontwarn = yes
`,
    'modules.conf': `[modules]
autoload = no
${modulesOf(version, driver)
  .map((name) => `load = ${name}.so`)
  .join('\n')}
`,
    'logger.conf': `[general]
dateformat = %F %T
[logfiles]
full => notice,warning,error,verbose(3)
security => security
`,
    'pjsip.conf': `${transports(folder)}${Object.entries({ ...extensions, ...siteExtensions })
      .map(extension)
      .join('')}${trunk()}`,
    'sip.conf': sipConf(),
    'acl.conf': '',
    'extensions.conf': `[internal]
exten => 600,1,Answer()
 same => n,Echo()
${Object.keys(siteExtensions)
  .map((number) => `exten => ${number},hint,PJSIP/${number}`)
  .join('\n')}
`,
    'manager.conf': `[general]
enabled = yes
bindaddr = 127.0.0.1
port = 5038
#tryinclude "manager.d/*.conf"
`,
    'http.conf': `[general]
enabled = yes
bindaddr = 127.0.0.1
bindport = 8088
tlsenable = yes
tlsbindaddr = 0.0.0.0:8089
tlscertfile = ${folder}/${certificateFile}
tlsprivatekey = ${folder}/${certificateFile}
`,
    'hep.conf': '[general]\nenabled = no\n',
    'rtp.conf': '[general]\nrtpstart = 10000\nrtpend = 10999\n',
  };
}

function modulesOf(version: Build['version'], driver: Build['driver']): readonly string[] {
  const newer: readonly string[] = newerModules[version];
  const known = modules
    .trim()
    .split(/\s+/)
    .filter((name) => !newer.includes(name));
  return driver === 'pjsip' ? known : [...known.filter((name) => !name.includes('pjsip')), 'chan_sip'];
}

/** What chan_sip reads: the same extensions. */
function sipConf(): string {
  const peers = Object.entries(extensions).map(([name, secret]) =>
    section(name, { type: 'friend', host: 'dynamic', secret, context: 'internal', directmedia: 'no' }),
  );
  return `[general]\nudpbindaddr=0.0.0.0:5060\ndisallow=all\nallow=ulaw\nalwaysauthreject=yes\n${peers.join('')}`;
}

/** Made at the start of each PBX. */
export const certificateFile = 'lab.pem';

function transports(folder: string): string {
  const binds = { ipv4: '0.0.0.0:5060', ipv6: '[::]:5060' };
  const file = `${folder}/${certificateFile}`;
  const tls = {
    protocol: 'tls',
    bind: '0.0.0.0:5061',
    cert_file: file,
    priv_key_file: file,
    method: 'tlsv1_2',
  };
  const plain = Object.entries(binds)
    .flatMap(([family, bind]) => ['udp', 'tcp'].map((protocol) => ({ family, bind, protocol })))
    .map(({ family, bind, protocol }) =>
      section(`${protocol}-${family}`, { type: 'transport', protocol, bind }),
    );
  const webSockets = ['ws', 'wss'].map((protocol) =>
    section(protocol, { type: 'transport', protocol, bind: '0.0.0.0' }),
  );
  return [...plain, section('tls', { type: 'transport', ...tls }), ...webSockets].join('');
}

function extension([number, password]: [string, string]): string {
  return [
    section(number, { ...endpoint, auth: number, aors: number }),
    section(number, { type: 'auth', auth_type: 'userpass', username: number, password }),
    section(number, { type: 'aor', max_contacts: '5' }),
  ].join('');
}

function trunk(): string {
  const { ipv4, ipv6 } = addresses.trunk;
  return [
    section('trunk', { ...endpoint, aors: 'trunk' }),
    section('trunk', { type: 'aor', contact: `sip:${ipv4}:5060` }),
    section('trunk', { type: 'identify', endpoint: 'trunk', match: `${ipv4},${ipv6}` }),
  ].join('');
}

const endpoint = {
  type: 'endpoint',
  context: 'internal',
  disallow: 'all',
  allow: 'ulaw',
  direct_media: 'no',
};

function section(name: string, options: Record<string, string>): string {
  const lines = Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return `[${name}]\n${lines.join('\n')}\n`;
}
