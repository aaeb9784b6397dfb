// Flags, environment and config file → one validated, frozen object.
// Precedence: flag > COLONNADE_… variable > config file > default. An unknown key is an error.
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { LOG_LEVELS, type LogLevel } from './log.ts';
import { nearest } from './suggest.ts';

/** A port number, 0 for any free one, or undefined when the listener is off. */
export type Port = number | undefined;

export interface Config {
  readonly data: string;
  readonly host: string;
  readonly httpPort: Port;
  readonly nativePort: Port;
  readonly druidPorts: readonly number[];
  /** The first user; undefined: `default` without a password, from loopback only. */
  readonly login?: { readonly user: string; readonly password: string };
  readonly corsOrigins: readonly string[];
  readonly logLevel: LogLevel;
  /** Largest body of an ingest on the wire. */
  readonly bodyBytesMax: number;
  /** Settings of the engine that hold for every query. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Thrown for everything that is wrong with the configuration; the command line prints it and exits 2. */
export class ConfigError extends Error {}

type Raw = Record<string, unknown>;
interface Key {
  default: unknown;
  doc: string;
  /** Not taken from the config file. */
  noFile?: boolean;
}

/** Every key, as it stands in the config file; the flag has dashes, the variable is COLONNADE_ and capitals. */
export const CONFIG_KEYS: Readonly<Record<string, Key>> = {
  data: { default: 'colonnade-data', doc: 'data directory, made if missing' },
  host: { default: '127.0.0.1', doc: 'address to listen on' },
  http_port: { default: 8123, doc: 'HTTP port; 0 any free one, off none' },
  native_port: { default: 9000, doc: 'port of the native protocol; 0 any free one, off none' },
  druid_ports: { default: '8081,8082,8888', doc: 'more HTTP ports, comma separated; off none' },
  config: { default: undefined, doc: 'config file (JSON)', noFile: true },
  user: { default: 'default', doc: 'name of the first user' },
  password: { default: undefined, doc: 'password of the first user' },
  password_file: { default: undefined, doc: 'file that holds the password of the first user' },
  cors_origins: { default: '', doc: 'origins of web pages that may use the server' },
  log_level: { default: 'info', doc: LOG_LEVELS.join(', ') },
  max_body_bytes: { default: 64 * 2 ** 30, doc: 'largest body of an ingest, bytes on the wire' },
  settings: { default: {}, doc: 'object of settings that hold for every query' },
};

const SETTING_VARIABLE = /^COLONNADE_SETTING_([A-Z0-9_]+)$/;
/** What Kubernetes puts into every container for a service called colonnade. */
const FOREIGN_VARIABLE = /^COLONNADE_(.*_)?(SERVICE_(HOST|PORT)|PORT_\d+)(_|$)|^COLONNADE_PORT$/;
/** Switches of the build and of tests; no configuration of the server. */
const BUILD_VARIABLE = /^COLONNADE_(BUILD|TEST|ADDON)(_|$)/;

/** @param flags values of the command line; undefined ones were not given */
export function loadConfig(flags: Raw, env: NodeJS.ProcessEnv = process.env): Config {
  const fromEnv = readEnvironment(env);
  const file = pick('config', flags, fromEnv, {});
  const fromFile = typeof file === 'string' ? readFile(file) : {};
  const value = (key: string): unknown => pick(key, flags, fromEnv, fromFile);
  const settings: Record<string, string> = {};
  for (const layer of [fromFile.settings, fromEnv.settings, flags.settings]) {
    Object.assign(settings, settingsOf(layer));
  }
  const config: Config = {
    data: resolve(text(value('data'), 'data')),
    host: hostOf(value('host')),
    httpPort: portOf(value('http_port'), 'http_port'),
    nativePort: portOf(value('native_port'), 'native_port'),
    druidPorts: portsOf(value('druid_ports')),
    login: loginOf(value),
    corsOrigins: listOf(value('cors_origins')),
    logLevel: levelOf(value('log_level')),
    bodyBytesMax: positive(value('max_body_bytes'), 'max_body_bytes'),
    settings: Object.freeze(settings),
  };
  if (!isLoopbackAddress(config.host) && config.login === undefined) {
    throw new ConfigError(
      `listening on ${config.host} needs a password: set COLONNADE_PASSWORD (or COLONNADE_PASSWORD_FILE), or use --host 127.0.0.1`,
    );
  }
  return Object.freeze(config);
}

/** Whether only processes of this machine can reach the address. */
export function isLoopbackAddress(host: string): boolean {
  const h = host.toLowerCase().replace(/^\[|\]$/g, '');
  if (h === 'localhost') return true;
  const v4 = h.startsWith('::ffff:') ? h.slice(7) : h;
  return h === '::1' || (isIP(v4) === 4 && v4.startsWith('127.'));
}

const pick = (key: string, ...layers: Raw[]): unknown => {
  for (const layer of layers) if (layer[key] !== undefined) return layer[key];
  return CONFIG_KEYS[key]?.default;
};

function readEnvironment(env: NodeJS.ProcessEnv): Raw {
  const found: Raw = {};
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('COLONNADE_') || value === undefined) continue;
    if (FOREIGN_VARIABLE.test(name) || BUILD_VARIABLE.test(name) || /^tcp:\/\//.test(value))
      continue;
    const setting = SETTING_VARIABLE.exec(name)?.[1];
    if (setting !== undefined) settings[setting.toLowerCase()] = value;
    else found[knownKey(name.slice('COLONNADE_'.length).toLowerCase(), 'variable', name)] = value;
  }
  if (Object.keys(settings).length > 0) found.settings = settings;
  return found;
}

function readFile(path: string): Raw {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`cannot read the config file ${path}: ${(error as Error).message}`);
  }
  let doc: unknown;
  try {
    doc = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`the config file ${path} is not JSON: ${(error as Error).message}`);
  }
  if (typeof doc !== 'object' || doc === null || Array.isArray(doc)) {
    throw new ConfigError(`the config file ${path} must hold one JSON object`);
  }
  for (const key of Object.keys(doc)) {
    knownKey(key, `key in ${path}`, key);
    if (CONFIG_KEYS[key]?.noFile) throw new ConfigError(`${key} cannot stand in a config file`);
  }
  return doc as Raw;
}

function knownKey(key: string, what: string, asWritten: string): string {
  if (Object.hasOwn(CONFIG_KEYS, key)) return key;
  const near = nearest(key, Object.keys(CONFIG_KEYS));
  const shown =
    near && asWritten.startsWith('COLONNADE_') ? `COLONNADE_${near.toUpperCase()}` : near;
  throw new ConfigError(`unknown ${what}: ${asWritten}${shown ? `; did you mean ${shown}?` : ''}`);
}

function text(value: unknown, key: string): string {
  if (typeof value !== 'string' || value === '') throw new ConfigError(`${key} must be a text`);
  return value;
}

function hostOf(value: unknown): string {
  const host = text(value, 'host').replace(/^\[|\]$/g, '');
  if (host !== 'localhost' && isIP(host) === 0) {
    throw new ConfigError(`host must be an IP address or localhost, not ${host}`);
  }
  return host;
}

function portOf(value: unknown, key: string): Port {
  if (value === 'off' || value === false) return undefined;
  const port = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new ConfigError(`${key} must be a port from 0 to 65535, or off; not ${String(value)}`);
  }
  return port;
}

function portsOf(value: unknown): number[] {
  const items = Array.isArray(value) ? value : String(value).split(',').filter(Boolean);
  return items.map((v) => portOf(v, 'druid_ports')).filter((p) => p !== undefined);
}

function listOf(value: unknown): string[] {
  const items = Array.isArray(value) ? value.map(String) : String(value).split(',');
  return items.map((s) => s.trim().replace(/\/$/, '')).filter(Boolean);
}

function levelOf(value: unknown): LogLevel {
  const level = LOG_LEVELS.find((l) => l === value);
  if (level === undefined)
    throw new ConfigError(`log_level must be one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

function positive(value: unknown, key: string): number {
  const n = Number(value);
  if (!Number.isSafeInteger(n) || n <= 0) throw new ConfigError(`${key} must be a positive number`);
  return n;
}

function settingsOf(layer: unknown): Record<string, string> {
  if (layer === undefined) return {};
  if (typeof layer !== 'object' || layer === null || Array.isArray(layer)) {
    throw new ConfigError('settings must be an object of names and values');
  }
  return Object.fromEntries(
    Object.entries(layer).map(([name, v]) => {
      if (!['string', 'number', 'boolean'].includes(typeof v)) {
        throw new ConfigError(`setting ${name} must be a text, a number, true or false`);
      }
      return [name, typeof v === 'boolean' ? (v ? '1' : '0') : String(v)];
    }),
  );
}

function loginOf(value: (key: string) => unknown): Config['login'] {
  const user = text(value('user'), 'user');
  const file = value('password_file');
  const plain = value('password');
  if (file !== undefined && plain !== undefined) {
    throw new ConfigError('give either password or password_file, not both');
  }
  if (file === undefined && plain === undefined) {
    if (user !== 'default') throw new ConfigError(`the user ${user} needs a password`);
    return undefined;
  }
  if (typeof file === 'string' && !existsSync(file)) {
    throw new ConfigError(`password_file ${file} does not exist`);
  }
  const password =
    typeof file === 'string' ? readFileSync(file, 'utf8').replace(/\r?\n$/, '') : String(plain);
  if (password === '') throw new ConfigError('the password of the first user is empty');
  return { user, password };
}
